# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "IPv6 marks: NAT and direct routing, one mark for both families, TTL, MTU, ICMPv6, no destination"
topo nat 3
q ip link set s1 mtu 1400
q ip -6 addr add 2001:db8::2/128 dev lo
q ip -6 addr add 2001:db8::3/128 dev lo
q ipvsadm -A -f 1 -6 -s rr
q ipvsadm -a -f 1 -6 -r 2001:db8:2:1::100 -m
q ipvsadm -A -f 1 -s rr
q ipvsadm -a -f 1 -r 10.2.2.100 -m
q ipvsadm -A -f 2 -6 -s rr
q ipvsadm -a -f 2 -6 -r 2001:db8:2:2::100 -g
q ipvsadm -A -f 3 -6 -s rr
q ipvsadm -A -f 4 -s rr
q ipvsadm -a -f 4 -r 10.2.3.100 -m
q ipvsadm -A -t '[2001:db8::1]:443' -s rr
q ipvsadm -a -t '[2001:db8::1]:443' -r '[2001:db8:2:3::100]:443' -m
mark6() { local m=$1; shift; q ip6tables-legacy -t mangle -A PREROUTING -i c0 "$@" -j MARK --set-mark "$m"; }
mark6 1 -p tcp -d 2001:db8::1 --dport 80
mark6 1 -p udp -d 2001:db8::1
mark6 1 -p icmpv6 -d 2001:db8::1
mark6 2 -d 2001:db8::2
mark6 3 -p udp -d 2001:db8::3 --dport 55
mark6 4 -p udp -d 2001:db8::3 --dport 56
mark_in 1 -d 10.0.0.1
mark_in 2 -d 10.0.0.2
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
V2, V3 = '2001:db8::2', '2001:db8::3'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2', 'rs3'); inject(where, pkt); s.show(0.15)
step('SYN', 'cl', ptcp(C6, 1000, VIP6, 80, 'S'))
step('its answer', 'rs1', ptcp('2001:db8:2:1::100', 80, C6, 1000, 'SA'))
step('ACK', 'cl', ptcp(C6, 1000, VIP6, 80, 'A'))
step('ACK of no connection', 'cl', ptcp(C6, 1001, VIP6, 80, 'A'))
step('by its address', 'cl', ptcp(C6, 1002, VIP6, 443, 'S'))
step('nobody', 'cl', ptcp(C6, 1003, VIP6, 444, 'S'))
step('UDP', 'cl', pudp(C6, 1004, VIP6, 53, b'x'))
step('echo request', 'cl', picmp6(C6, VIP6, 128, 0, b'\0\1\0\2', b'hello'))
step('direct routing', 'cl', ptcp(C6, 1005, V2, 80, 'S'))
step('no destination', 'cl', pudp(C6, 1006, V3, 55, b'x'))
step('the mark of an IPv4 service', 'cl', pudp(C6, 1007, V3, 56, b'x'))
step('IPv4 of the same mark', 'cl', pudp(C, 1008, VIP, 53, b'x'))
step('IPv4, the mark of an IPv6 service', 'cl', pudp(C, 1009, VIP2, 53, b'x'))
step('hop limit 2', 'cl', pudp(C6, 1010, VIP6, 53, b'x', ttl=2))
step('hop limit 1', 'cl', pudp(C6, 1011, VIP6, 53, b'x', ttl=1))
step('hop limit 1, direct routing', 'cl', pudp(C6, 1012, V2, 53, b'x', ttl=1))
step('1401 bytes', 'cl', pudp(C6, 1013, VIP6, 53, b'x' * 1353))
step('1400 bytes', 'cl', pudp(C6, 1014, VIP6, 53, b'x' * 1352))
sh('ipvsadm -D -f 1 -6')
step('service deleted, known', 'cl', pudp(C6, 1004, VIP6, 53, b'x'))
step('service deleted, new', 'cl', pudp(C6, 1020, VIP6, 53, b'x'))
lnc(); ls()
P
