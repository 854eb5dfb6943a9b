# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "one-packet scheduling: direct routing, tunnels, marks, persistence, schedule_icmp, thresholds, drop_packet"
topo tun 2
for i in all s1 s2; do echo 1 > /proc/sys/net/ipv4/conf/$i/accept_local; done
q ipvsadm -A -u 10.0.0.1:53 -s rr -o
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -g
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.2.100 -i
q ipvsadm -A -u 10.0.0.2:53 -s wlc -o -p 100
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.100 -i -x 1
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.2.100:5353 -m
q ipvsadm -A -f 9 -s rr -o
q ipvsadm -a -f 9 -r 10.2.1.100 -m
q ipvsadm -a -f 9 -r 10.2.2.100 -g
q ipvsadm -A -u '[2001:db8::1]:53' -s rr -o
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:53' -g
q ipvsadm -a -u '[2001:db8::1]:53' -r '10.2.2.100' -i
mark_in 9 -d 10.0.0.3
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
C, C6 = '10.1.8.5', '2001:db8:8::5'
def step(title, where, *pkts):
    print(title); s = Sniff('cl', 'rs1', 'rs2')
    for pkt in pkts: inject(where, pkt)
    s.show(0.2)
def frags(vip, data, ident):
    whole = l4('udp', C, vip, 2222, 53, data=data)
    return [ip4(C, vip, 17, whole[:800], df=False, ident=ident, mf=True), ip4(C, vip, 17, whole[800:], df=False, ident=ident, frag=100)]
for vip in (VIP, VIP2, VIP3):
    for i in range(3): step('a datagram to %s' % vip, 'cl', pudp(C, 1000, vip, 53, b'x' * i))
    for i in range(2): step('fragments to %s' % vip, 'cl', *frags(vip, bytes(range(200)) * 6, i + 7)) if vip == VIP3 else None
    step('ttl 1', 'cl', pudp(C, 1000, vip, 53, b'x', ttl=1))
    step('ttl 1', 'cl', pudp(C, 1000, vip, 53, b'x', ttl=1))
for i in range(3): step('IPv6', 'cl', pudp(C6, 1000, VIP6, 53, b'x' * i))
step('TCP to the mark', 'cl', ptcp(C, 1001, VIP3, 80, 'S'))
lnc(); ls('-Ln --persistent-conn')
step('an answer of direct routing over the director', 'rs1', pudp(VIP, 53, C, 1000, b'y'))
step('an answer of NAT', 'rs2', pudp('10.2.2.100', 5353, C, 1000, b'y'))
for v in (0, 1):
    sysctl('net.ipv4.vs.schedule_icmp', v)
    for vip in (VIP, VIP2, VIP3):
        step('schedule_icmp=%d, %s' % (v, vip), 'cl', picmp(C, vip, 3, 3, data=pudp(vip, 53, C, 1000, b'y')))
        step('schedule_icmp=%d, %s again' % (v, vip), 'cl', picmp(C, vip, 3, 3, data=pudp(vip, 53, C, 1000, b'y')))
    step('schedule_icmp=%d, IPv6' % v, 'cl', picmp6(C6, VIP6, 1, 4, data=pudp(VIP6, 53, C6, 1000, b'y')))
sysctl('net.ipv4.vs.schedule_icmp', 0)
sysctl('net.ipv4.vs.am_droprate', 3); sysctl('net.ipv4.vs.drop_packet', 3)
for i in range(5): step('drop_packet', 'cl', pudp(C, 1000, (VIP, VIP2, VIP3)[i % 3], 53, b'x'))
sysctl('net.ipv4.vs.drop_packet', 0)
for vip in ('10.0.0.1', '10.0.0.2'):
    print(sh('ipvsadm -e -u %s:53 -r 10.2.1.100 -w 0 -g' % vip), end='')
    for i in range(2): step('weight 0, now direct routing', 'cl', pudp(C, 1000, vip, 53, b'x'))
for r in ('10.2.1.100', '10.2.2.100:5353'): print(sh('ipvsadm -d -u 10.0.0.2:53 -r ' + r), end='')
step('no destination', 'cl', pudp(C, 1000, VIP2, 53, b'x'))
lnc(); ls('-Ln --persistent-conn')
time.sleep(2.5); ls('-Ln --stats')
P
