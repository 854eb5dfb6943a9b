# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "clients on the director and outside share templates: NAT, direct routing, port 0, one packet, a server here"
topo nat 2
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 100
q ipvsadm -A -t 10.0.0.2:0 -s rr -p 100 -M 255.255.0.0
q ipvsadm -A -u 10.0.0.1:53 -s rr -o -p 100
q ipvsadm -A -t '[2001:db8::1]:80' -s rr -p 100 -M 32
for i in 1 2; do
	q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100:8080 -m -x 2
	q ipvsadm -a -t 10.0.0.2:0 -r 10.2.$i.100 -g
	q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m
	q ipvsadm -a -t '[2001:db8::1]:80' -r "[2001:db8:2:$i::100]:80" -m
done
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
raw4 = socket.socket(AF_INET, socket.SOCK_RAW, 255)
raw6 = socket.socket(AF_INET6, socket.SOCK_RAW, 255)
raw6.setsockopt(41, 36, 1)
def local(title, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2')
    try:
        if pkt[0] >> 4 == 4: raw4.sendto(pkt, (inet_ntoa(pkt[16:20]), 0))
        else: raw6.sendto(pkt, (inet_ntop(AF_INET6, pkt[24:40]), 0))
    except OSError: pass  # the kernel tells the sender of a drop, at the queue nobody does
    s.show(0.2)
def wire(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2'); inject(where, pkt); s.show(0.2)
D, C, D6, C6 = '10.1.0.1', '10.1.8.5', '2001:db8:1::1', '2001:db8:8::5'
local('here: SYN', ptcp(D, 1000, VIP, 80, 'S'))
wire('outside: SYN', 'cl', ptcp(C, 1000, VIP, 80, 'S'))
local('here: another', ptcp(D, 1001, VIP, 80, 'S'))
local('here: a third one, over the threshold', ptcp(D, 1002, VIP, 80, 'S'))
local('here: from the virtual address', ptcp(VIP, 1003, VIP, 80, 'S'))
local('here: all ports', ptcp(D, 1000, VIP2, 443, 'S'))
wire('outside, the same network: all ports', 'cl', ptcp(C, 1000, VIP2, 80, 'S'))
local('here: all ports again', ptcp(D, 1001, VIP2, 21, 'S'))
local('here: its ACK', ptcp(D, 1001, VIP2, 21, 'A'))
local('here: one packet', pudp(D, 1000, VIP, 53, b'x'))
local('here: one packet', pudp(D, 1001, VIP, 53, b'x'))
wire('outside: one packet', 'cl', pudp(C, 1001, VIP, 53, b'x'))
wire('an answer to one packet', 'rs1', pudp('10.2.1.100', 53, D, 1001, b'y'))
local('here: IPv6', ptcp(D6, 1000, VIP6, 80, 'S'))
wire('outside, the same network: IPv6', 'cl', ptcp(C6, 1000, VIP6, 80, 'S'))
lnc(); ls('-Ln --persistent-conn')
print(sh('ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.100:8080 -m -w 0; ipvsadm -e -t 10.0.0.1:80 -r 10.2.2.100:8080 -m'), end='')
local('here, one server quiesced', ptcp(D, 1010, VIP, 80, 'S'))
wire('outside, one server quiesced', 'cl', ptcp(C, 1010, VIP, 80, 'S'))
sysctl('net.ipv4.vs.expire_quiescent_template', 1)
local('here, and not even for those who know it', ptcp(D, 1011, VIP, 80, 'S'))
wire('outside, and not even for those who know it', 'cl', ptcp(C, 1011, VIP, 80, 'S'))
print(sh('ipvsadm -d -t 10.0.0.1:80 -r 10.2.2.100:8080'), end='')
local('here: ACK, the server is deleted', ptcp(D, 1011, VIP, 80, 'A'))
local('here: SYN, none is left', ptcp(D, 1012, VIP, 80, 'S'))
print(sh('ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m'), end='')
wire('outside: the server here', 'cl', ptcp(C, 1012, VIP, 80, 'S'))
lnc(); ls('-Ln --persistent-conn')
time.sleep(2.5); ls('-Ln --stats')
P
