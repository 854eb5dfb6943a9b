. "$ORACLE_LIB/lib.sh"
note "no route to a destination"
topo nat 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.77.0.1 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.78.0.1 -m
q ip route add unreachable 10.78.0.0/24
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.77.0.1 -m
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r 2001:db8:77::1 -m
py <<'P'
C = '10.1.8.5'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
step('none', 'cl', pudp(C, 1, VIP, 53, b'q')); step('none, TCP', 'cl', ptcp(C, 1, VIP, 80, 'S')); step('unreachable', 'cl', pudp(C, 2, VIP2, 53, b'q'))
step('IPv6', 'cl', pudp('2001:db8:8::5', 1, VIP6, 53, b'q'))
ns('cl'); print(tcp(src='10.1.4.1', sport=5, timeout=1).who, udp(src='10.1.4.1', sport=5, timeout=1).who); ns(None)
lnc(); time.sleep(2.5); ls('-Ln --stats')
P
