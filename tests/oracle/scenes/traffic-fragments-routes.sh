. "$ORACLE_LIB/lib.sh"
note "fragments towards a direct-routing server, a smaller MTU, an unknown neighbour, no server"
topo nat 2
q ip link set s2 mtu 1300
q ip neigh del 10.2.1.100 dev s1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -g
q ipvsadm -A -u 10.0.0.1:54 -s rr
q ipvsadm -a -u 10.0.0.1:54 -r 10.2.2.100:5454 -m
q ipvsadm -A -u 10.0.0.1:55 -s rr
q ipvsadm -A -u 10.0.0.1:56 -s rr
q ipvsadm -a -u 10.0.0.1:56 -r 10.2.1.2:5656 -m
q ipvsadm -A -u '[2001:db8::1]:54' -s rr
q ipvsadm -a -u '[2001:db8::1]:54' -r '[2001:db8:2:2::100]:5454' -m
q ip neigh del 10.2.1.2 dev s1
q ip neigh replace 10.2.1.100 lladdr 02:02:00:00:01:02 dev s1
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
s = Sniff('cl', 'rs1', 'rs2')
ident = [100]
def datagram(src, dst, sport, dport, size, proto='udp', flags='', check=True):
    w = l4(proto, src, dst, sport, dport, flags, data=bytes(i * 7 & 255 for i in range(size)), fam=AF_INET6 if ':' in src else AF_INET)
    return w if check else w[:6] + b'\0\0' + w[8:]
def piece(src, dst, whole, a, b, more=None, ttl=64, df=False, proto=17):
    more = b < len(whole) if more is None else more
    if ':' in src: return ip6(src, dst, 44, struct.pack('!BBHI', proto, 0, a | more, ident[0]) + whole[a:b], ttl)
    return ip4(src, dst, proto, whole[a:b], ttl=ttl, df=df, ident=ident[0], frag=a // 8, mf=more)
def frags(src, dst, whole, cut, **k):
    ident[0] += 1
    return [piece(src, dst, whole, a, min(a + cut, len(whole)), **k) for a in range(0, len(whole), cut)]
def describe(got, sizes_too=True):
    """Per receiver, the fragments of each datagram in the order in which they came, and what they make together."""
    sets = {}
    for w, d in got:
        p = d[14:]
        if p[0] >> 4 == 4:
            n, i, fo, ttl, pr = struct.unpack('!HHHBB', p[2:10])
            at, more, pl, src, dst = (fo & 0x1fff) * 8, fo & 0x2000, p[20:n], inet_ntoa(p[12:16]), inet_ntoa(p[16:20])
            ph = p[12:20]
            if not at and not more: print('  %s: %s' % (w, show(p))); continue
            if csum(p[:20]): print('  bad header')
        else:
            n = struct.unpack('!H', p[4:6])[0]
            src, dst, ttl, ph = inet_ntop(AF_INET6, p[8:24]), inet_ntop(AF_INET6, p[24:40]), p[7], p[8:40]
            if p[6] != 44: print('  %s: %s' % (w, show(p))); continue
            pr, _, at, i = struct.unpack('!BBHI', p[40:48]); at, more = at & ~7, at & 1
            pl = p[48:40 + n]
        sets.setdefault((w, src, dst, pr, i), []).append((at, pl, more, ttl, ph))
    for (w, src, dst, pr, i), l in sets.items():
        whole = b''.join(x[1] for x in l)
        ordered = all(l[k][0] == sum(len(x[1]) for x in l[:k]) for k in range(len(l))) and not l[-1][2]
        sizes = [len(x[1]) for x in l] if sizes_too else []
        runs = []
        for z in sizes:
            if runs and runs[-1][0] == z: runs[-1][1] += 1
            else: runs.append([z, 1])
        pseudo = l[0][4] + (struct.pack('!BBH', 0, pr, len(whole)) if len(l[0][4]) == 8 else struct.pack('!IHBB', len(whole), 0, 0, pr))
        field = whole[16:18] if pr == 6 else whole[6:8]
        print('  %s: %s>%s proto=%d ttl=%s %s %s %s ports=%s sum=%s' % (w, src, dst, pr, sorted({x[3] for x in l}), '+'.join('%dx%d' % (c, z) for z, c in runs),
              len(whole), 'in order' if ordered else 'NOT in order %s' % [x[0] for x in l], struct.unpack('!HH', whole[:4]),
              'none' if field == b'\0\0' else 'ok' if not csum(pseudo + whole) else 'BAD'))
    if not got: print('  (nothing)')
def step(title, where, pkts, wait=0.4, sizes_too=True):
    print(title)
    for p in pkts: inject(where, p)
    describe(s.get(wait), sizes_too)
D = datagram(C, VIP, 2001, 53, 2000)
step('direct routing', 'cl', frags(C, VIP, D, 800))
step('direct routing, last first', 'cl', frags(C, VIP, D, 800)[::-1])
step('direct routing, no checksum', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 53, 2000, check=False), 800))
step('the neighbour is unknown', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 56, 1800), 800))
D = datagram(C, VIP, 2001, 54, 3000)
step('smaller MTU, fragments fit', 'cl', frags(C, VIP, D, 1200))
step('smaller MTU, they do not', 'cl', frags(C, VIP, D, 1400), sizes_too=False)
step('smaller MTU, they do not, last first', 'cl', frags(C, VIP, D, 1400)[::-1], sizes_too=False)
step('they do not, do not fragment', 'cl', frags(C, VIP, D, 1400, df=True))
step('no server', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 55, 2000), 800))
step('no server, last first', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 55, 2000), 800)[::-1])
D6 = datagram(C6, VIP6, 2001, 54, 3000)
step('IPv6: fragments fit', 'cl', frags(C6, VIP6, D6, 1200))
step('IPv6: they do not', 'cl', frags(C6, VIP6, D6, 1400))
lnc()
time.sleep(2.5); ls('-Ln --stats')
P
