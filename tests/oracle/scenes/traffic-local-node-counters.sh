. "$ORACLE_LIB/lib.sh"
note "counters of a local destination of direct routing"
topo nat 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.1 -g
py <<'P'
import socket
C = '10.1.8.5'
u = socket.socket(AF_INET, socket.SOCK_DGRAM); u.bind(('10.0.0.1', 53)); u.settimeout(2)
s = Sniff('cl')
inject('cl', pudp(C, 1000, VIP, 53, b'x'*10))
d, a = u.recvfrom(100)
u.sendto(b'answer', a)
s.show()
time.sleep(2.5); ls('-Ln --stats')
P
