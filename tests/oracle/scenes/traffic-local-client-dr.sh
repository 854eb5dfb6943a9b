. "$ORACLE_LIB/lib.sh"
note "a client on the director and servers by direct routing: the virtual address local or not, packets and sockets"
topo dr 2
serve tcp:80 udp:53
q ip addr del 10.0.0.3/32 dev lo
q ip route add 10.0.0.3/32 via 10.1.0.2
for v in 10.0.0.1 10.0.0.3; do
    q ipvsadm -A -t $v:80 -s rr; q ipvsadm -A -u $v:53 -s rr
    for i in 1 2; do q ipvsadm -a -t $v:80 -r 10.2.$i.2 -g; q ipvsadm -a -u $v:53 -r 10.2.$i.2 -g; done
done
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
for i in 1 2; do q ipvsadm -a -u '[2001:db8::1]:53' -r 2001:db8:2:$i::2 -g; done
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
    s.show(mac=True)
D, D6 = '10.1.0.1', '2001:db8:1::1'
local('UDP', pudp(D, 1, VIP, 53, b'x')); local('again', pudp(D, 1, VIP, 53, b'x'))
local('UDP, another connection', pudp(D, 2, VIP, 53, b'x'))
local('not a local address', pudp(D, 3, VIP3, 53, b'x', ttl=5)); local('again', pudp(D, 3, VIP3, 53, b'x'))
local('ttl 1', pudp(D, 4, VIP3, 53, b'x', ttl=1))
local('IPv6', pudp(D6, 1, VIP6, 53, b'x'))
lnc()
print('virtual address not local:', tcp(VIP3, src=D, sport=21001, timeout=1).who, udp(VIP3, src=D, sport=21002, timeout=1).who)
lnc_only(':2100')
P
