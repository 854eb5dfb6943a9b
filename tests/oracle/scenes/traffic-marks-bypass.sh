# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "cache_bypass: TCP, UDP and IPv6, own addresses, what is known goes on, with destinations and without"
topo nat 2
q ip link set s2 mtu 1400
q ip rule add fwmark 1 lookup 100
q ip route add local 0.0.0.0/0 dev lo table 100
q ip -6 rule add fwmark 1 lookup 100
q ip -6 route add local ::/0 dev lo table 100
q ipvsadm -A -f 1 -s rr
q ipvsadm -A -f 1 -6 -s rr
q iptables-legacy -t mangle -A PREROUTING -i c0 -p udp -j MARK --set-mark 1
q iptables-legacy -t mangle -A PREROUTING -i c0 -p tcp --dport 80 -j MARK --set-mark 1
q ip6tables-legacy -t mangle -A PREROUTING -i c0 -p udp -j MARK --set-mark 1
py <<'P'
C, C6, E6 = '10.1.8.5', '2001:db8:8::5', '2001:db8:2:1::100'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2'); inject(where, pkt); s.show(0.15)
step('0: elsewhere', 'cl', pudp(C, 1000, '10.2.1.100', 53, b'x'))
step('0: elsewhere, TCP', 'cl', ptcp(C, 1000, '10.2.1.100', 80, 'S'))
step('0: here', 'cl', pudp(C, 1001, VIP, 53, b'x'))
sysctl('net.ipv4.vs.cache_bypass', 1)
step('1: elsewhere', 'cl', pudp(C, 1002, '10.2.1.100', 53, b'x'))
step('1: its answer', 'rs1', pudp('10.2.1.100', 53, C, 1002, b'y'))
step('1: elsewhere, TCP', 'cl', ptcp(C, 1002, '10.2.2.100', 80, 'S'))
step('1: it goes on', 'cl', ptcp(C, 1002, '10.2.2.100', 80, 'A'))
step('1: ACK of none', 'cl', ptcp(C, 1003, '10.2.2.100', 81, 'A'))
step('1: here', 'cl', pudp(C, 1004, VIP, 53, b'x'))
step('1: here, TCP', 'cl', ptcp(C, 1004, VIP, 80, 'S'))
step('1: 1400 bytes with DF', 'cl', pudp(C, 1005, '10.2.2.100', 53, b'x' * 1372))
step('1: 1500 bytes without DF', 'cl', pudp(C, 1007, '10.2.2.100', 53, b'x' * 1472, df=False))
step('1: ttl 2', 'cl', pudp(C, 1008, '10.2.2.100', 53, b'x', ttl=2))
step('1: IPv6', 'cl', pudp(C6, 1010, E6, 53, b'x'))
lnc()
sh('ipvsadm -a -f 1 -r 10.2.2.100 -m')
step('with a destination: known', 'cl', pudp(C, 1002, '10.2.1.100', 53, b'x'))
step('with a destination: new', 'cl', pudp(C, 1020, '10.2.1.100', 53, b'x'))
sh('ipvsadm -e -f 1 -r 10.2.2.100 -m -w 0')
step('weight 0: new', 'cl', pudp(C, 1021, '10.2.1.100', 53, b'x'))
sysctl('net.ipv4.vs.cache_bypass', 0)
step('0 again: known', 'cl', pudp(C, 1021, '10.2.1.100', 53, b'x'))
step('0 again: new', 'cl', pudp(C, 1022, '10.2.1.100', 53, b'x'))
procconn()
lnc(); ls()
P
sleep 2.5
t ipvsadm -Ln --stats
