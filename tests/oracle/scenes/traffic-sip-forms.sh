. "$ORACLE_LIB/lib.sh"
note "which messages have a Call-ID, and which one"
topo nat 3
q ipvsadm -A -u 10.0.0.1:5060 -s rr -p 100 --pe sip
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:5060 -r 10.2.$i.100 -m; done
py <<'P'
C, D = '10.1.8.5', '10.1.8.6'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
def took(wait=0.3):
    """Who got the next packet: a server, or the client with the director's refusal (ICMP) or reset."""
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    if who != 'cl': return who
    v4 = p[0] >> 4 == 4
    proto, at = (p[9], 20) if v4 else (p[6], 40)
    if proto == 6: return 'reset' if p[at + 13] & 4 else 'cl %s' % (':%d' % struct.unpack('!H', p[at:at + 2]))
    return {1: 'refused', 58: 'refused'}.get(proto, 'cl :%d' % struct.unpack('!H', p[at:at + 2]))
def send(pkt, at='cl'):
    inject(at, pkt); return took()
def syn(src=C, dport=80, vip=VIP):
    port[0] += 1; return send(ptcp(src, port[0], vip, dport, 'S'))
def udg(src=C, dport=53, vip=VIP, data=b'x'):
    port[0] += 1; return send(pudp(src, port[0], vip, dport, data))
def syns(n, *a, **k): return ' '.join(syn(*a, **k) for _ in range(n))
def udgs(n, *a, **k): return ' '.join(udg(*a, **k) for _ in range(n))
def adm(c):
    out = sh('ipvsadm ' + c)
    if out: print('!', c, out, end='')
def msg(call, line='INVITE sip:bob@10.0.0.1 SIP/2.0'):
    return ('%s\r\nVia: SIP/2.0/UDP x\r\n%sCSeq: 1 INVITE\r\n\r\n' % (line, 'Call-ID: %s\r\n' % call if call else '')).encode()
def sip(call, src=C, vip=VIP, dport=5060, sport=None, data=None):
    if sport is None: port[0] += 1; sport = port[0]
    return send(pudp(src, sport, vip, dport, msg(call) if data is None else data))

FORMS = [b'', b'\r\n', b'x', b'Call-ID: a@b\r\n', b'\r\nCall-ID: a@b\r\n', b'\nCall-ID: b@b\n', b'\rCall-ID: c@b\r', b'X\r\nCall-ID: d@b', b'X\r\nCall-ID: e@b\r',
    b'X\r\ncall-id: f@b\r\n', b'X\r\nCALL-ID:g@b\r\n', b'X\r\nCall-ID :h@b\r\n', b'X\r\nCall-ID\t: i@b\r\n', b'X\r\nCall-ID:   j@b\r\n', b'X\r\nCall-ID:\tk@b\r\n',
    b'X\r\ni: l@b\r\n', b'X\r\nI:m@b\r\n', b'X\r\ni : n@b\r\n', b'X\r\nia: o@b\r\n', b'X\r\ni1: p@b\r\n', b'X\r\n Call-ID: q@b\r\n', b'X\r\n\tCall-ID: r@b\r\n',
    b'X\r\nCall-ID:\r\n s@b\r\n', b'X\r\nCall-ID:\r\nt@b\r\n', b'X\r\nCall-ID\r\n : u@b\r\n', b'X\r\nCall-ID: v\r\n', b'X\r\nCall-ID: w@\r\n', b'X\r\nCall-ID: @x\r\n',
    b'X\r\nCall-ID: \r\n', b'X\r\nCall-ID: y@b@c\r\n', b'X\r\nCall-ID: z b\r\n', b'X\r\nCall-ID: a2@b \r\n', b'X\r\nCall-ID: b2@b;x\r\n', b'X\r\nCall-ID: c2,d\r\n',
    b'X\r\nCall-ID: \r\nCall-ID: d2@b\r\n', b'X\r\nCall-ID: @\r\ni: e2@b\r\n', b'X\r\nCall-ID; f2@b\r\ni: f3@b\r\n', b'X\r\nCall-IDs: g2@b\r\n', b'X\r\nCall-ID: h2@b\r\nCall-ID: h3@b\r\n',
    b'X\r\n\r\nCall-ID: i2@b\r\n', b'X\n\rCall-ID: j2@b\r\n', b'X\n\nCall-ID: k2@b\r\n', b'X\r\nCall-ID: %s@b\r\n' % (b'l' * 252), b'X\r\nCall-ID: %s@b\r\n' % (b'm' * 253), b'X\r\nCall-ID: %s@b\r\n' % (b'n' * 254),
    b'X\r\nCall-ID: !%*_+`\'~()<>:\\"/[]?{}.-@x.y-z\r\n', b'X\r\nCall-ID: #p2\r\n', b'X\r\nCall-ID: q2#r\r\n', b'X\r\nCall-ID: r2\xe9\r\n', b'X\r\nCall-ID: \xe9s2\r\n', b'X\r\nCall-ID: t2=x\r\n', b'X\r\nCall-ID: u2\0x\r\n',
    b'X\r\nCall-ID: v2&x@y\r\n', b'X\r\nCall-ID: w2@y&x\r\n', b'X\r\nCall-ID: x2|y\r\n', b'X\r\nCall-ID:: y2\r\n', b'X\r\nCall-Id-More: z2\r\nCall-ID: z3@b\r\n', b'X\r\nXCall-ID: a4@b\r\n',
    b'X\r\nCall-ID: \r\n\r\ni: b4@b\r\n', b'X\r\nCall-ID:  \r\n  c4@b\r\n', b'X\r\nCall-ID:\r\n\r\n d4@b\r\n', b'X\r\nCall-ID \r\n : e4@b\r\n', b'X\r\ni', b'X\r\ni:', b'X\r\ni:x', b'X\r\ni:x\n', b'X\r\nCall-ID', b'X\r\nCall-ID:',
    b'X\r\n%sCall-ID: late@b\r\n\r\n' % (b'Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n' * 20)]
for f in FORMS: print(f[:40], sip('', data=f))
ls('-Ln --persistent-conn'); ls()
P
