. "$ORACLE_LIB/lib.sh"
note "every tunnel, byte for byte: UDP with and without a checksum, TCP, options, extension headers, ECN, flow label"
topo tun 1
n=60
add() { n=$((n+1)); q ipvsadm -A $P $1:$n -s rr; q ipvsadm -a $P $1:$n -r $2:$n -i "${@:3}"; }
for P in -u -t; do
	n=60
	for v in 10.0.0.1 '[2001:db8::1]'; do for r in 10.2.1.100 '[2001:db8:2:1::100]'; do
		add $v $r --tun-type ipip
		add $v $r --tun-type gue --tun-port 6080 --tun-nocsum
		add $v $r --tun-type gue --tun-port 6081 --tun-csum
		add $v $r --tun-type gue --tun-port 6082 --tun-remcsum
		add $v $r --tun-type gre --tun-nocsum
		add $v $r --tun-type gre --tun-csum
	done; done
done
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
def hide(raw):   # the source port of GUE is a hash with a random key, the IP id a counter
    raw = bytearray(raw)
    v6 = raw[0] >> 4 == 6
    o, pr = (40, raw[6]) if v6 else (20, raw[9])
    if pr == 17:
        sp, ck = int.from_bytes(raw[o:o+2], 'big'), int.from_bytes(raw[o+6:o+8], 'big')
        if not 32768 <= sp < 61000: print('  odd source port', sp)
        raw[o:o+2] = b'\0\0'
        if ck:
            s = (~ck & 0xffff) + (~sp & 0xffff)
            raw[o+6:o+8] = (~((s & 0xffff) + (s >> 16)) & 0xffff).to_bytes(2, 'big')
    if not v6 and not raw[6] & 0x40:
        if csum(bytes(raw[:20])): print('  wrong IP checksum')
        raw[4:6] = raw[10:12] = b'\0\0'
    return bytes(raw).hex()
def step(title, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject('cl', pkt)
    got = s.get(0.3, 1)
    for w, d in got: print(' ', w, d[12:14].hex(), hide(d[14:]))
    if not got: print('  (nothing)')
n = 60
for v, c in ((VIP, C), (VIP6, C6)):
    for r in 0, 1:
        for k in range(6):
            n += 1
            ask = pudp(c, 2222, v, n, b'question', ttl=33)
            step('%d udp' % n, ask)
            step('%d tcp' % n, ptcp(c, 2222, v, n, 'S', data=b'abc'))
            step('%d tcp ack' % n, ptcp(c, 2222, v, n, 'A', data=b'abcd', ttl=2))
            if c == C:
                bare = bytearray(ask); bare[26:28] = b'\0\0'
                step('%d no checksum' % n, bytes(bare))
                step('%d no DF, type of service b9' % n, pudp(c, 2222, v, n, b'odd', df=False, tos=0xb9))
                step('%d congested' % n, pudp(c, 2222, v, n, b'', tos=0x2b))
                h = bytearray(ask[:20] + b'\x94\x04\0\0'); h[0] = 0x46; h[2:4] = (len(ask) + 4).to_bytes(2, 'big')
                h[10:12] = b'\0\0'; h[10:12] = csum(bytes(h)).to_bytes(2, 'big')
                step('%d options' % n, bytes(h) + ask[20:])
            else:
                step('%d hop by hop' % n, ip6(c, v, 0, bytes([17, 0, 1, 4, 0, 0, 0, 0]) + ask[40:]))
                step('%d destination options' % n, ip6(c, v, 60, bytes([17, 0, 1, 4, 0, 0, 0, 0]) + ask[40:]))
                q = bytearray(ask); q[0:4] = bytes.fromhex('6b3abcde')
                step('%d congested, flow label' % n, bytes(q))
P
