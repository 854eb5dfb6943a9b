. "$ORACLE_LIB/lib.sh"
note "the largest packet that fits each tunnel, one byte more with and without DF, pmtu_disc=0"
topo tun 1
n=60
add() { n=$((n+1)); q ipvsadm -A -u $1:$n -s rr; q ipvsadm -a -u $1:$n -r $2:$n -i "${@:3}"; }
for v in 10.0.0.1 '[2001:db8::1]'; do for r in 10.2.1.100 '[2001:db8:2:1::100]'; do
	add $v $r --tun-type ipip
	add $v $r --tun-type gue --tun-port 6080 --tun-nocsum
	add $v $r --tun-type gue --tun-port 6080 --tun-csum
	add $v $r --tun-type gre --tun-nocsum
	add $v $r --tun-type gre --tun-csum
done; done
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
def step(title, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject('cl', pkt)
    for w, d in sorted(s.get(0.25), key=lambda x: show(x[1][14:])):
        print('  %s: %s' % (w, re.sub(r'udp \d{5}>6080', 'udp PORT>6080', show(d[14:]))))
room = {61: 20, 62: 32, 63: 32, 64: 24, 65: 28}
for n in range(61, 81):
    six, far = n > 70, (n - 61) // 5 % 2
    v, c, head = (VIP6, C6, 48) if six else (VIP, C, 28)
    fits = 1500 - room[61 + (n - 61) % 5] - 20 * far - head
    step('%d fits' % n, pudp(c, 2222, v, n, b'x' * fits))
    step('%d one byte more' % n, pudp(c, 2222, v, n, b'x' * (fits + 1)))
    if not six:
        step('%d one byte more without DF' % n, pudp(c, 2222, v, n, b'x' * (fits + 1), df=False))
        step('%d 1500 bytes without DF' % n, pudp(c, 2222, v, n, b'x' * 1472, df=False))
sysctl('net.ipv4.vs.pmtu_disc', 0)
for n in (61, 63, 65, 66, 68, 71, 76):
    v, c, head = (VIP6, C6, 48) if n > 70 else (VIP, C, 28)
    step('pmtu_disc=0, %d, 1500 bytes' % n, pudp(c, 2222, v, n, b'x' * (1500 - head)))
    step('pmtu_disc=0, %d, small' % n, pudp(c, 2222, v, n, b'x'))
P
