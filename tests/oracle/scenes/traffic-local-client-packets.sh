. "$ORACLE_LIB/lib.sh"
note "a client on the director, packet by packet: NAT, the virtual address local"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:5353' -m
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:80' -m
py <<'P'
raw4 = socket.socket(AF_INET, socket.SOCK_RAW, 255)
raw6 = socket.socket(AF_INET6, socket.SOCK_RAW, 255)
raw6.setsockopt(41, 36, 1)
def local(title, pkt):
    print(title); s = Sniff('cl', 'rs1')
    try:
        if pkt[0] >> 4 == 4: raw4.sendto(pkt, (inet_ntoa(pkt[16:20]), 0))
        else: raw6.sendto(pkt, (inet_ntop(AF_INET6, pkt[24:40]), 0))
    except OSError: pass  # the kernel tells the sender of a drop, at the queue nobody does
    s.show()
def wire(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
D, D6, R, R6 = '10.1.0.1', '2001:db8:1::1', '10.2.1.100', '2001:db8:2:1::100'
local('SYN from another address of the director', ptcp(D, 1111, VIP, 80, 'S', ttl=33))
lnc()
wire('SYN ACK', 'rs1', ptcp(R, 8080, D, 1111, 'SA', seqn=5000, ackn=1001))
lnc()
local('ACK', ptcp(D, 1111, VIP, 80, 'A', seqn=1001, ackn=5001))
local('data', ptcp(D, 1111, VIP, 80, 'PA', seqn=1001, ackn=5001, data=b'hello'))
local('FIN', ptcp(D, 1111, VIP, 80, 'FA', seqn=1006, ackn=5001))
lnc()
local('SYN from the virtual address', ptcp(VIP, 1112, VIP, 80, 'S'))
local('from 127.0.0.1', ptcp('127.0.0.1', 1113, VIP, 80, 'S'))
local('from an address that the director does not have', ptcp('10.1.9.9', 1114, VIP, 80, 'S'))
local('ttl 1', ptcp(D, 1115, VIP, 80, 'S', ttl=1))
local('ttl 2', ptcp(D, 1116, VIP, 80, 'S', ttl=2))
local('ACK for no connection', ptcp(D, 1117, VIP, 80, 'A', seqn=1, ackn=1))
local('a port without service', ptcp(D, 1118, VIP, 81, 'S'))
local('UDP', pudp(D, 2222, VIP, 53, b'question'))
local('UDP from the virtual address', pudp(VIP, 2222, VIP, 53, b'question'))
local('UDP without checksum', ip4(D, VIP, 17, struct.pack('!HHHH', 2223, 53, 12, 0) + b'abcd'))
local('IPv6 UDP', pudp(D6, 2222, VIP6, 53, b'question'))
local('IPv6 UDP, hop limit 1', pudp(D6, 2223, VIP6, 53, b'question', ttl=1))
local('IPv6 SYN', ptcp(D6, 1111, VIP6, 80, 'S'))
local('IPv6 SYN from the virtual address', ptcp(VIP6, 1111, VIP6, 80, 'S'))
lnc(); ls()
time.sleep(2.5); ls('-Ln --stats')
P
