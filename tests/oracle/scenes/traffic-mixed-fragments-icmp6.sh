# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "IPv6: fragments, options and sizes with tunnels, direct routing and NAT, persistent and by mark, errors about them"
topo tun 3
q ipvsadm -A -u '[2001:db8::1]:53' -s rr -p 100 -M 64
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:53' -i
q ipvsadm -a -u '[2001:db8::1]:53' -r '10.2.2.100' -i
q ipvsadm -A -f 4 -6 -s rr
q ipvsadm -a -f 4 -6 -r '[2001:db8:2:1::100]:0' -g
q ipvsadm -a -f 4 -6 -r '[2001:db8:2:2::100]:0' -m
q ipvsadm -a -f 4 -6 -r '10.2.3.100' -i --tun-type gue --tun-port 6080
q ip6tables-legacy -t mangle -A PREROUTING -i c0 -d 2001:db8::1 -p tcp -j MARK --set-mark 4
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
import re
A, B, E = '2001:db8:8::5', '2001:db8:4::5', '2001:db8:8::7'
def step(title, where, *pkts):
    print(title); s = Sniff('cl', 'rs1', 'rs2', 'rs3')
    for pkt in pkts: inject(where, pkt)
    got = s.get(0.25)
    for w, d in sorted(got, key=lambda x: x[0]): print('  %s: %s' % (w, re.sub(r'udp \d+>6080', 'udp *>6080', show(d[14:]))))
    if not got: print('  (nothing)')
def frag6(src, nh, payload, cut, ident):
    h = lambda at, more: struct.pack('!BBHI', nh, 0, at | more, ident)
    return [ip6(src, VIP6, 44, h(0, 1) + payload[:cut]), ip6(src, VIP6, 44, h(cut, 0) + payload[cut:])]
def opt(nh): return struct.pack('!BB', nh, 0) + bytes((1, 4, 0, 0, 0, 0))
for n, who in enumerate((A, B, E)):
    step('a datagram of ' + who, 'cl', pudp(who, 1000, VIP6, 53, b'x'))
    step('options of ' + who, 'cl', ip6(who, VIP6, 60, opt(17) + l4('udp', who, VIP6, 1001, 53, data=b'x', fam=AF_INET6)))
    step('1400 bytes of ' + who, 'cl', pudp(who, 1002, VIP6, 53, b'x' * 1412))
    step('1500 bytes of ' + who, 'cl', pudp(who, 1002, VIP6, 53, b'x' * 1452))
    step('hop limit 1 of ' + who, 'cl', pudp(who, 1003, VIP6, 53, b'x', ttl=1))
    step('an error about an answer', 'cl', picmp6(who, VIP6, 1, 4, data=pudp(VIP6, 53, who, 1000, b'y')))
lnc(); ls('-Ln --persistent-conn')
for n in range(3):
    step('by mark: SYN', 'cl', ptcp(A, 2000 + n, VIP6, 80, 'S'))
    if n != 0: step('by mark: ACK with data in fragments', 'cl', *frag6(A, 6, l4('tcp', A, VIP6, 2000 + n, 80, 'PA', data=bytes(900), fam=AF_INET6), 512, 90 + n))
    step('by mark: 1500 bytes', 'cl', ptcp(A, 2000 + n, VIP6, 80, 'A', data=bytes(1440)))
    step('by mark: hop limit 1', 'cl', ptcp(A, 2000 + n, VIP6, 80, 'A', ttl=1))
    step('by mark: an error about an answer', 'cl', picmp6(A, VIP6, 2, 0, struct.pack('!I', 1280), data=ptcp(VIP6, 80, A, 2000 + n, 'A', data=bytes(1100))))
lnc(); ls()
time.sleep(2.5); ls('-Ln --stats')
P
