# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "persistence by mark into tunnels of each kind and over both families, errors, a server that goes and comes"
topo tun 3
q ip link set s2 mtu 1000
q ipvsadm -A -f 7 -s rr -p 100 -M 255.255.255.0
q ipvsadm -a -f 7 -r 10.2.1.100 -i
q ipvsadm -a -f 7 -r 10.2.2.100 -i --tun-type gre --tun-csum
q ipvsadm -a -f 7 -r '[2001:db8:2:3::100]:0' -i
q ipvsadm -A -f 7 -6 -s rr -p 200 -M 120
for i in 1 3; do q ipvsadm -a -f 7 -6 -r "[2001:db8:2:$i::100]:0" -i; done
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -g
mark_in 7 -d 10.0.0.1 -p tcp --dport 443
mark_in 7 -d 10.0.0.1 -p udp
q ip6tables-legacy -t mangle -A PREROUTING -i c0 -d 2001:db8::1 -j MARK --set-mark 7
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2', 'rs3'); inject(where, pkt); s.show(0.2)
A, B, D = '10.1.8.5', '10.1.4.5', '10.1.5.5'
for who in (A, B, D): step('SYN of ' + who, 'cl', ptcp(who, 1000, VIP, 443, 'S'))
step('a neighbour of the first, UDP', 'cl', pudp('10.1.8.9', 1000, VIP, 53, b'x'))
step('beside the mark', 'cl', ptcp(A, 1001, VIP, 80, 'S'))
step('IPv6', 'cl', ptcp('2001:db8:8::5', 1000, VIP6, 80, 'S'))
step('IPv6, a neighbour', 'cl', pudp('2001:db8:8::9', 1000, VIP6, 53, b'x'))
for who in (A, B, D): step('ACK of ' + who, 'cl', ptcp(who, 1000, VIP, 443, 'A'))
lnc(); ls('-Ln --persistent-conn')
for who, port in ((A, 2000), (B, 2001), (D, 2002)):
    step('1400 bytes with DF of ' + who, 'cl', pudp(who, port, VIP, 53, b'x' * 1372))
    step('ttl 1 of ' + who, 'cl', pudp(who, port + 10, VIP, 53, b'x', ttl=1))
step('an error of the client about an answer', 'cl', picmp(A, VIP, 3, 3, data=ptcp(VIP, 443, A, 1000, 'A')))
step('an error of a router about the outer packet', 'rs1', picmp('10.2.1.2', '10.2.1.1', 3, 1, data=ip4('10.2.1.1', '10.2.1.100', 4, pudp(D, 2002, VIP, 53, b'x'))))
print(sh('ipvsadm -d -f 7 -r 10.2.1.100'), end='')
step('deleted: the connection', 'cl', ptcp(A, 1000, VIP, 443, 'A'))
step('deleted: a new one', 'cl', ptcp(A, 1100, VIP, 443, 'S'))
print(sh('ipvsadm -a -f 7 -r 10.2.1.100 -m'), end='')
step('back as NAT: the connection', 'cl', ptcp(A, 1000, VIP, 443, 'A'))
step('back as NAT: a new one', 'cl', ptcp(A, 1101, VIP, 443, 'S'))
for i in range(1, 4): step('a new client', 'cl', ptcp('10.1.6.%d' % i if i > 1 else '10.1.7.1', 1102, VIP, 443, 'S'))
lnc(); ls('-Ln --persistent-conn')
time.sleep(2.5); ls('-Ln --stats')
P
