# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "packets of a mark one by one: NAT with and without a port, direct routing, what begins nothing, TTL and MTU"
topo nat 2
q ip link set s1 mtu 1400
q ip link set s2 mtu 1400
q ipvsadm -A -f 1 -s rr
q ipvsadm -a -f 1 -r 10.2.1.100 -m
q ipvsadm -A -f 2 -s rr
q ipvsadm -a -f 2 -r 10.2.1.100:8080 -m
q ipvsadm -A -f 3 -s rr
q ipvsadm -a -f 3 -r 10.2.2.100 -g
q ipvsadm -A -f 4 -s rr
q ipvsadm -a -f 4 -r 10.2.2.100:99 -g
q ipvsadm -A -f 5 -s rr
mark_in 1 -d 10.0.0.1
mark_in 2 -p tcp -d 10.0.0.2 --dport 1:100
mark_in 3 -p udp -d 10.0.0.3 --dport 53
mark_in 4 -p udp -d 10.0.0.3 --dport 54
mark_in 5 -p udp -d 10.0.0.3 --dport 55
mark_in 5 -p tcp -d 10.0.0.3 --dport 55
mark_in 6 -p udp -d 10.0.0.3 --dport 56
py <<'P'
C = '10.1.8.5'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2'); inject(where, pkt); s.show(0.15)
step('SYN', 'cl', ptcp(C, 1000, VIP, 80, 'S'))
step('its answer', 'rs1', ptcp('10.2.1.100', 80, C, 1000, 'SA'))
step('ACK', 'cl', ptcp(C, 1000, VIP, 80, 'A'))
step('ACK of no connection', 'cl', ptcp(C, 1001, VIP, 80, 'A'))
step('RST of no connection', 'cl', ptcp(C, 1002, VIP, 80, 'R'))
step('SYN+ACK', 'cl', ptcp(C, 1003, VIP, 80, 'SA'))
step('SYN from port 20', 'cl', ptcp(C, 20, VIP, 80, 'S'))
step('echo request', 'cl', picmp(C, VIP, 8, 0, b'\0\1\0\2', b'hello'))
step('UDP', 'cl', pudp(C, 1000, VIP, 53, b'x'))
step('its answer', 'rs1', pudp('10.2.1.100', 53, C, 1000, b'y'))
step('a port of the destination', 'cl', ptcp(C, 1010, VIP2, 80, 'S'))
step('its answer', 'rs1', ptcp('10.2.1.100', 8080, C, 1010, 'SA'))
step('another port that is not marked', 'cl', ptcp(C, 1011, VIP2, 101, 'S'))
step('direct routing', 'cl', pudp(C, 1020, VIP3, 53, b'x'))
step('direct routing, with a port', 'cl', pudp(C, 1021, VIP3, 54, b'x'))
step('no destination, UDP', 'cl', pudp(C, 1022, VIP3, 55, b'x'))
step('no destination, TCP', 'cl', ptcp(C, 1022, VIP3, 55, 'S'))
step('a mark without a service', 'cl', pudp(C, 1023, VIP3, 56, b'x'))
lnc()
for mark, vip, port in (('NAT', VIP, 53), ('direct', VIP3, 53)):
    for known in (0, 1):
        p = 2000 if known else 0
        w = ' of a known connection' if known else ''
        if known:
            step(mark + ' begins', 'cl', pudp(C, 2000, vip, port, b'x'))
        step(mark + ' ttl 2' + w, 'cl', pudp(C, p or 2001, vip, port, b'x', ttl=2))
        step(mark + ' ttl 1' + w, 'cl', pudp(C, p or 2002, vip, port, b'x', ttl=1))
        step(mark + ' 1401 bytes with DF' + w, 'cl', pudp(C, p or 2003, vip, port, b'x' * 1373))
        step(mark + ' 1500 bytes without DF' + w, 'cl', pudp(C, p or 2004, vip, port, b'x' * 1472, df=False))
step('no destination, ttl 1', 'cl', pudp(C, 2010, VIP3, 55, b'x', ttl=1))
step('ttl 1, TCP', 'cl', ptcp(C, 2013, VIP, 80, 'S', ttl=1))
ls()
P
