. "$ORACLE_LIB/lib.sh"
note "tunnels from a client on the director, and tunnels that would end on the director"
topo tun 2
serve dir:udp:5353 dir:tcp:8080
q ip addr del 10.0.0.3/32 dev lo
q ip route add 10.0.0.3/32 via 10.1.0.2
for v in 10.0.0.1 10.0.0.3; do
    q ipvsadm -A -u $v:53 -s rr
    for i in 1 2; do q ipvsadm -a -u $v:53 -r 10.2.$i.2 -i; done
done
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r 2001:db8:2:1::2 -i
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.2 -i --tun-type gre --tun-nocsum
q ipvsadm -A -u 10.0.0.2:55 -s rr
q ipvsadm -a -u 10.0.0.2:55 -r 10.2.1.1 -i
q ipvsadm -A -u 10.0.0.2:5353 -s rr
q ipvsadm -a -u 10.0.0.2:5353 -r 10.2.1.1 -i
q ipvsadm -A -t 10.0.0.2:8080 -s rr
q ipvsadm -a -t 10.0.0.2:8080 -r 10.2.1.1 -i
q ipvsadm -A -u '[2001:db8::1]:5353' -s rr
q ipvsadm -a -u '[2001:db8::1]:5353' -r 2001:db8:2:1::1 -i
py <<'P'
raw4 = socket.socket(AF_INET, socket.SOCK_RAW, 255)
raw6 = socket.socket(AF_INET6, socket.SOCK_RAW, 255)
raw6.setsockopt(41, 36, 1)
def local(title, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2')
    try:
        if pkt[0] >> 4 == 4: raw4.sendto(pkt, (inet_ntoa(pkt[16:20]), 0))
        else: raw6.sendto(pkt, (inet_ntop(AF_INET6, pkt[24:40]), 0))
    except OSError: pass  # the kernel tells the sender of a drop, at the queue nobody does
    s.show()
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
D, D6 = '10.1.0.1', '2001:db8:1::1'
local('ipip', pudp(D, 1, VIP, 53, b'x')); local('again', pudp(D, 1, VIP, 53, b'x'))
local('from the virtual address', pudp(VIP, 1, VIP, 53, b'x'))
local('not a local address', pudp(D, 3, VIP3, 53, b'x', ttl=5)); local('again', pudp(D, 3, VIP3, 53, b'x'))
local('ttl 1', pudp(D, 4, VIP3, 53, b'x', ttl=1))
local('large', pudp(D, 5, VIP, 53, b'x' * 1460))
local('gre', pudp(D, 1, VIP2, 53, b'x'))
local('IPv6', pudp(D6, 1, VIP6, 53, b'x'))
C, C6 = '10.1.8.5', '2001:db8:8::5'
step('to here', 'cl', pudp(C, 1, VIP2, 5353, b'q'))
step('to here, ttl 1', 'cl', pudp(C, 2, VIP2, 5353, b'q', ttl=1))
step('to here, closed port', 'cl', pudp(C, 1, VIP2, 55, b'q'))
step('to here, IPv6', 'cl', pudp(C6, 1, VIP6, 5353, b'q'))
a = tcp(VIP2, 8080, src=D, sport=20001); print(a.info); a.close(); print(udp(VIP2, 5353, src=D, sport=20002).info)
ns('cl'); print(seq(3, VIP2, 8080)); ns(None)
time.sleep(0.3); lnc_only('UDP', ':2000'); ls()
time.sleep(2.5); ls('-Ln --stats -u 10.0.0.2:5353')
P
