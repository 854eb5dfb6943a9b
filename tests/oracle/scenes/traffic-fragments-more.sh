. "$ORACLE_LIB/lib.sh"
note "fragments through NAT: duplicates, overlaps, many and large ones, not ours, short hops, TCP"
topo nat 2
q ipvsadm -A -u 10.0.0.1:53 -s rr
for i in 1 2; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100:5353 -m; done
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8000 -m
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:5353' -m
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
def describe(got):
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
        sizes = [len(x[1]) for x in l]
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
def step(title, where, pkts, wait=0.4):
    print(title)
    for p in pkts: inject(where, p)
    describe(s.get(wait))
D = datagram(C, VIP, 2001, 53, 2000)
f = frags(C, VIP, D, 800); step('the first one twice', 'cl', [f[0], f[0], f[1], f[2]])
f = frags(C, VIP, D, 800); step('the last one twice, first', 'cl', [f[2], f[2], f[0], f[1]])
f = frags(C, VIP, D, 800); step('all of them twice', 'cl', f + f)
frags(C, VIP, D, 800)
step('an overlap', 'cl', [piece(C, VIP, D, 0, 800), piece(C, VIP, D, 792, 1600), piece(C, VIP, D, 1600, 2008)])
frags(C, VIP, D, 800)
step('an overlap, then all of them', 'cl', [piece(C, VIP, D, 0, 800), piece(C, VIP, D, 792, 1600)] + [piece(C, VIP, D, a, min(a + 800, 2008)) for a in (0, 800, 1600)])
frags(C, VIP, D, 800)
step('a part of one that is here', 'cl', [piece(C, VIP, D, 0, 800), piece(C, VIP, D, 80, 400), piece(C, VIP, D, 800, 1600), piece(C, VIP, D, 1600, 2008)])
frags(C, VIP, D, 800)
step('two ends', 'cl', [piece(C, VIP, D, 0, 800), piece(C, VIP, D, 1600, 2008), piece(C, VIP, D, 800, 1600, more=False)])
frags(C, VIP, D, 800)
step('beyond the end', 'cl', [piece(C, VIP, D, 0, 800), piece(C, VIP, D, 800, 1600, more=False), piece(C, VIP, D, 1600, 2008)])
f = frags(C, VIP, D, 800); step('the last one is missing', 'cl', f[:2])
step('pieces of eight bytes, twenty of them', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 53, 152), 8))
B = datagram(C, VIP, 2001, 53, 28000)
step('twenty pieces', 'cl', frags(C, VIP, B, 1480))
f = frags(C, VIP, B, 1480); step('twenty pieces, the odd ones first', 'cl', f[1::2] + f[::2])
step('64 KiB', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 53, 65507), 1480))
step('64 KiB, backwards', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 53, 65507), 1480)[::-1])
ident[0] += 1
step('the same identification at once', 'cl', [piece(C, VIP, D, 0, 800), piece(C, VIP, D, 800, 2008), piece(C, VIP, D, 0, 1000), piece(C, VIP, D, 1000, 2008)])
step('ttl 2', 'cl', frags(C, VIP, D, 800, ttl=2))
step('ttl 1', 'cl', frags(C, VIP, D, 800, ttl=1))
step('ttl 1, answer', 'rs2', frags('10.2.1.100', C, datagram('10.2.1.100', C, 5353, 2001, 2000), 800, ttl=1))
step('no checksum, answer', 'rs1', frags('10.2.1.100', C, datagram('10.2.1.100', C, 5353, 2001, 2000, check=False), 800))
step('no service', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 99, 2000), 800))
step('no service, last first', 'cl', frags(C, VIP, datagram(C, VIP, 2001, 99, 2000), 800)[::-1])
step('from a server, of no connection', 'rs1', frags('10.2.1.100', C, datagram('10.2.1.100', C, 99, 2001, 2000), 800))
step('from a server, of no connection, last first', 'rs1', frags('10.2.1.100', C, datagram('10.2.1.100', C, 99, 2001, 2000), 800)[::-1])
ident[0] += 1
e = struct.pack('!BBHHH', 8, 0, 0, 7, 1) + bytes(1992); e = e[:2] + struct.pack('!H', csum(e)) + e[4:]
print('echo request'); [inject('cl', piece(C, VIP, e, a, min(a + 800, 2000), proto=1)) for a in (0, 800, 1600)]
print('  ', len(s.get(0.4)) > 0)
T = lambda flags, size: datagram(C, VIP, 3001, 80, size, 'tcp', flags)
step('TCP SYN in two', 'cl', frags(C, VIP, T('S', 100), 64, proto=6))
step('UDP, a header of eight bytes and the rest', 'cl', frags(C, VIP, D, 8)[:1] + [piece(C, VIP, D, 8, 1000), piece(C, VIP, D, 1000, 2008)])
D6 = datagram(C6, VIP6, 2001, 53, 2000)
f = frags(C6, VIP6, D6, 800); step('IPv6: the first one twice', 'cl', [f[0], f[0], f[1], f[2]])
frags(C6, VIP6, D6, 800)
step('IPv6: an overlap', 'cl', [piece(C6, VIP6, D6, 0, 800), piece(C6, VIP6, D6, 792, 1600), piece(C6, VIP6, D6, 1600, 2008)])
B6 = datagram(C6, VIP6, 2001, 53, 28000)
f = frags(C6, VIP6, B6, 1448); step('IPv6: twenty pieces, the odd ones first', 'cl', f[1::2] + f[::2])
step('IPv6: 64 KiB', 'cl', frags(C6, VIP6, datagram(C6, VIP6, 2001, 53, 65527), 1448))
step('IPv6: hop limit 1', 'cl', frags(C6, VIP6, D6, 1240, ttl=1))
step('IPv6: no service', 'cl', frags(C6, VIP6, datagram(C6, VIP6, 2001, 99, 2000), 800))
step('IPv6: from a server, of no connection', 'rs1', frags('2001:db8:2:1::100', C6, datagram('2001:db8:2:1::100', C6, 99, 2001, 2000), 800))
lnc()
time.sleep(2.5); ls('-Ln --stats')
P
