. "$ORACLE_LIB/lib.sh"
note "fragmented datagrams and answers through NAT: in order, out of order, incomplete, overlapping ports"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s rr
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100:5353 -m; done
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:5353' -m
py <<'P'
C = '10.1.8.5'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
def took(wait=0.3):
    """Who got the next packet: a server, or the client with the director's refusal (ICMP) or reset."""
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    proto = p[9] if p[0] >> 4 == 4 else p[6]
    if who == 'cl' and proto == 6 and not p[20 + 13 if p[0] >> 4 == 4 else 40 + 13] & 4: return 'cl'
    return who if who != 'cl' else {1: 'refused', 58: 'refused', 6: 'reset'}.get(proto, 'cl')
def send(pkt, at='cl'):
    inject(at, pkt); return took()
def syns(n, vip=VIP, dport=80, src=C):
    out = []
    for _ in range(n):
        port[0] += 1; out.append(send(ptcp(src, port[0], vip, dport, 'S')))
    return ' '.join(out)
def datagrams(n, vip=VIP, dport=53, src=C):
    out = []
    for _ in range(n):
        port[0] += 1; out.append(send(pudp(src, port[0], vip, dport, b'x')))
    return ' '.join(out)
def frags(src, dst, sport, dport, size, ident, cut):
    whole = l4('udp', src, dst, sport, dport, data=bytes(i & 255 for i in range(size)), fam=AF_INET6 if ':' in src else AF_INET)
    out = []
    for at in range(0, len(whole), cut):
        part = whole[at:at + cut]; more = at + cut < len(whole)
        if ':' in src: out.append(ip6(src, dst, 44, struct.pack('!BBHI', 17, 0, at | more, ident) + part))
        else: out.append(ip4(src, dst, 17, part, df=False, ident=ident, frag=at // 8, mf=more))
    return out
def step(title, where, pkts):
    print(title)
    for p in pkts: inject(where, p)
    s.show()
six = lambda title, where, pkts: step6(title, where, pkts)
def step6(title, where, pkts):
    """IPv6: the pieces are described here, for fragment headers are not."""
    print(title)
    for p in pkts: inject(where, p)
    for w, d in s.get(0.4):
        p = d[14:]; n = struct.unpack('!H', p[4:6])[0]
        at = struct.unpack('!H', p[42:44])[0] if p[6] == 44 else None
        ports = struct.unpack('!HH', p[48:52]) if at is not None and at < 8 else ''
        print('  %s: %s>%s next=%d len=%d frag=%s %s' % (w, inet_ntop(AF_INET6, p[8:24]), inet_ntop(AF_INET6, p[24:40]), p[6], n, at, ports))
step('in order', 'cl', frags(C, VIP, 2001, 53, 2000, 1, 800))
step('last first', 'cl', frags(C, VIP, 2001, 53, 2000, 2, 800)[::-1])
f = frags(C, VIP, 2001, 53, 2000, 3, 800); step('middle first', 'cl', [f[1], f[0], f[2]])
step('incomplete: the first is missing', 'cl', frags(C, VIP, 2001, 53, 2000, 4, 800)[1:])
step('a new connection', 'cl', frags(C, VIP, 2002, 53, 1600, 6, 800))
step('answer in order', 'rs3', frags('10.2.3.100', C, 5353, 2001, 2000, 7, 800))
step('answer last first', 'rs3', frags('10.2.3.100', C, 5353, 2001, 2000, 8, 800)[::-1])
a, b = frags(C, VIP, 2001, 53, 1600, 9, 800), frags(C, VIP, 2002, 53, 1600, 10, 800)
step('two datagrams interleaved', 'cl', [a[0], b[0], b[1], a[1], b[2], a[2]])
C6, R6 = '2001:db8:8::5', '2001:db8:2:1::100'
step6('IPv6 in order', 'cl', frags(C6, VIP6, 2001, 53, 2000, 1, 800))
step6('IPv6 last first', 'cl', frags(C6, VIP6, 2001, 53, 2000, 2, 800)[::-1])
step6('IPv6 answer', 'rs1', frags(R6, C6, 5353, 2001, 2000, 3, 800))
lnc()
time.sleep(2.5); ls('-Ln --stats')
P
