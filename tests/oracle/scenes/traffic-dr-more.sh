. "$ORACLE_LIB/lib.sh"
note "direct routing: over a router, hop limits, IPv6, sizes, fragments, ICMP errors in both directions, statistics"
topo dr 2
q ip route add 10.9.1.0/24 via 10.2.1.100
q ip route add 10.9.2.0/24 via 10.2.2.100 mtu lock 1000
q ip -6 route add 2001:db8:9::/64 via 2001:db8:2:1::100
for v in 10.0.0.1 '[2001:db8::1]'; do
	case $v in 10*) near=10.2.1.100 far=10.9.1.5 narrow=10.9.2.5 ;; *) near='[2001:db8:2:1::100]' far='[2001:db8:9::5]' narrow='[2001:db8:2:2::100]' ;; esac
	for p in -u -t; do
		q ipvsadm -A $p $v:61 -s rr; q ipvsadm -a $p $v:61 -r $near:61 -g
		q ipvsadm -A $p $v:62 -s rr; q ipvsadm -a $p $v:62 -r $far:62 -g
		q ipvsadm -A $p $v:63 -s rr; q ipvsadm -a $p $v:63 -r $narrow:63 -g
	done
done
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
def step(title, where, *pk):
    print(title); s = Sniff('cl', 'rs1', 'rs2')
    for p in pk: inject(where, p)
    s.show(0.3, mac=True)
def frags(v, c, n, size):
    whole = pudp(c, 2222, v, n, b'x' * 300, df=False)
    if c == C:
        pl = whole[20:]
        return [ip4(c, v, 17, pl[o:o+size], df=False, ident=7, frag=o // 8, mf=o + size < len(pl)) for o in range(0, len(pl), size)]
    pl = whole[40:]
    return [ip6(c, v, 44, struct.pack('!BBHI', 17, 0, o | (o + size < len(pl)), 77) + pl[o:o+size]) for o in range(0, len(pl), size)]
for v, c in ((VIP, C), (VIP6, C6)):
    for n in (61, 62):
        step('%d syn' % n, 'cl', ptcp(c, 1111, v, n, 'S', ttl=33))
        step('%d ack' % n, 'cl', ptcp(c, 1111, v, n, 'A', data=b'x'))
        step('%d udp, hop limit 2' % n, 'cl', pudp(c, 2222, v, n, b'question', ttl=2))
        step('%d udp, hop limit 1' % n, 'cl', pudp(c, 2222, v, n, b'question', ttl=1))
        step('%d fragments' % n, 'cl', *frags(v, c, n, 128))
        a = pudp(v, n, c, 2222, b'y' * 100)
        step('%d error about an answer' % n, 'cl', picmp6(c, v, 1, 4, data=a[:80]) if c == C6 else picmp(c, v, 3, 3, data=a[:60]))
        r = pudp(c, 2222, v, n, b'y' * 100)
        if c == C: step('%d error about a request' % n, 'rs1', picmp('10.2.1.100', c, 3, 1, data=r[:60]))
step('1000 bytes fit', 'cl', pudp(C, 2222, VIP, 63, b'x' * 972))
step('1001 bytes do not', 'cl', pudp(C, 2222, VIP, 63, b'x' * 973))
step('1001 bytes without DF', 'cl', pudp(C, 2222, VIP, 63, b'x' * 973, df=False))
time.sleep(2.5); ls('-Ln --stats')
P
