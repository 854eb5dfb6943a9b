. "$ORACLE_LIB/lib.sh"
note "ICMP errors about outer packets of each kind of tunnel, and about answers through each"
topo tun 3
n=60
add() { n=$((n+1)); q ipvsadm -A -u $1:$n -s rr; q ipvsadm -a -u $1:$n -r $2:$n -i "${@:3}"; }
for v in 10.0.0.1 '[2001:db8::1]'; do
	add $v 10.2.1.100
	add $v 10.2.2.100 --tun-type gue --tun-port 6080 --tun-csum
	add $v 10.2.3.100 --tun-type gre --tun-csum
	add $v '[2001:db8:2:1::100]'
	add $v '[2001:db8:2:2::100]' --tun-type gue --tun-port 6080 --tun-nocsum
	add $v '[2001:db8:2:3::100]' --tun-type gre --tun-nocsum
done
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
def out(got):
    if not got: print('  (nothing)')
    for w, d in sorted(got): print('  %s: %s' % (w, re.sub(r'udp \d{5}>6080', 'udp PORT>6080', show(d[14:]))))
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2', 'rs3'); inject(where, pkt); out(s.get(0.3))
for n in range(61, 73):
    v, c = (VIP, C) if n < 67 else (VIP6, C6)
    k, six = (n - 61) % 3 + 1, (n - 61) // 3 % 2
    s = Sniff('rs%d' % k); inject('cl', pudp(c, 2222, v, n, b'x' * 1000))
    outer = s.get(0.3, 1)[0][1][14:]
    if six:
        errors = (('too big', 2, 0, struct.pack('!I', 1300)), ('unreachable', 1, 3, b'\0\0\0\0'), ('hop limit', 3, 0, b'\0\0\0\0'))
        make = lambda t, o, r: picmp6('2001:db8:2:%d::2' % k, '2001:db8:2:%d::1' % k, t, o, r, outer[:300])
    else:
        errors = (('frag needed', 3, 4, struct.pack('!HH', 0, 1400 - n)), ('unreachable', 3, 1, b'\0\0\0\0'), ('time exceeded', 11, 0, b'\0\0\0\0'))
        make = lambda t, o, r: picmp('10.2.%d.2' % k, '10.2.%d.1' % k, t, o, r, outer[:300])
    for what, t, o, r in errors:
        if not (n >= 67 and not six and what == 'frag needed'):
            step('%d %s' % (n, what), 'rs%d' % k, make(t, o, r))
    step('%d 1290 bytes' % n, 'cl', pudp(c, 2222, v, n, b'x' * 1290))
    a = pudp(v, n, c, 2222, b'y' * 100)
    step('%d about an answer' % n, 'cl', picmp6(c, v, 1, 4, data=a[:80]) if c == C6 else picmp(c, v, 3, 3, data=a[:60]))
time.sleep(2.5); ls('-Ln --stats')
P
