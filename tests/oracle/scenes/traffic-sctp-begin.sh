. "$ORACLE_LIB/lib.sh"
note "which SCTP packets begin a connection, with and without sloppy_sctp; short and bundled ones"
topo nat 2
for v in 10.0.0.1 10.0.0.2; do
q ipvsadm -A --sctp-service $v:2904 -s rr
done
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100:2905 -m
q ipvsadm -a --sctp-service 10.0.0.2:2904 -r 10.2.2.100 -g
py <<'P'
T = []
for n in range(256):
    for _ in range(8): n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    T.append(n)
def crc(b):
    c = 0xffffffff
    for x in b: c = c >> 8 ^ T[(c ^ x) & 255]
    return struct.pack('<I', c ^ 0xffffffff)
def chunk(kind, body=b'', length=None):
    return struct.pack('!BBH', kind, 0, 4 + len(body) if length is None else length) + body + bytes(-len(body) % 4)
def sctp_bytes(sport, dport, *chunks, bad=0):
    h = struct.pack('!HHI', sport, dport, 7)
    c = b''.join(chunks)
    return h + struct.pack('<I', struct.unpack('<I', crc(h + bytes(4) + c))[0] ^ bad) + c
def psctp(src, sport, dst, dport, *chunks, ttl=64, df=True, bad=0):
    b = sctp_bytes(sport, dport, *chunks, bad=bad)
    return ip6(src, dst, 132, b, ttl) if ':' in src else ip4(src, dst, 132, b, ttl, df)
def line(p):
    """As show(), with what SCTP packets have inside."""
    l = show(p)
    start = (p[0] & 15) * 4 if p[0] >> 4 == 4 else 40
    if (p[9] if p[0] >> 4 == 4 else p[6]) != 132 or len(p) < start + 12: return l
    if p[0] >> 4 == 4 and struct.unpack('!H', p[6:8])[0] & 0x1fff: return l
    b = p[start:struct.unpack('!H', p[2:4])[0]] if p[0] >> 4 == 4 else p[40:]
    sp, dp = struct.unpack('!HH', b[:4])
    whole = p[0] >> 4 == 6 or not p[6] & 0x20
    return '%s sctp %d>%d chunk=%s%s' % (l, sp, dp, b[12] if len(b) > 12 else '-', ' sum=%s' % ('ok' if crc(b[:8] + bytes(4) + b[12:]) == b[8:12] else 'BAD') if whole else '')
def step(title, where, *pkts):
    print(title)
    s = Sniff('cl', 'rs1', 'rs2')
    for pkt in pkts: inject(where, pkt)
    got = s.get(0.15)
    if not got: print('  (nothing)')
    for w, d in sorted(got, key=lambda x: x[0]): print('  %s: %s' % (w, line(d[14:])))
INIT, DATA, ABORT, ECHO, ACK = chunk(1, bytes(16)), chunk(0, b'\0\0\0\1' * 4), chunk(6), chunk(10, b'cookie00'), chunk(11)
C, R = '10.1.8.5', '10.2.1.100'
port = 1000
def begins(title, *chunks):
    global port
    for vip in (VIP, VIP2):
        port += 1
        s = Sniff('rs1', 'rs2'); inject('cl', psctp(C, port, vip, 2904, *chunks))
        sent = ' '.join(sorted(w for w, d in s.get(0.1, 1))) or 'nothing'
        state = [f[2] for f in conns() if f[3] == '%s:%d' % (C, port)]
        print('%-22s %s: %s, %s' % (title, 'NAT' if vip == VIP else 'DR', sent, ' '.join(state) or 'no connection'))
KINDS = {'DATA': 0, 'INIT': 1, 'INIT ACK': 2, 'SACK': 3, 'HEARTBEAT': 4, 'ABORT': 6, 'SHUTDOWN': 7, 'SHUTDOWN ACK': 8, 'ERROR': 9, 'COOKIE ECHO': 10, 'COOKIE ACK': 11, 'SHUTDOWN COMPLETE': 14, 'chunk 200': 200}
for sloppy in (0, 1):
    sysctl('net.ipv4.vs.sloppy_sctp', sloppy)
    print('sloppy_sctp=%d' % sloppy)
    for name, kind in KINDS.items(): begins(name, chunk(kind))
    begins('no chunk')
    begins('half a chunk header', b'\1\0')
    begins('cut header', b'\1\0\0')
    begins('INIT + ABORT', INIT, ABORT)
    begins('COOKIE ECHO + ABORT', ECHO, ABORT)
    begins('COOKIE ACK + ABORT', ACK, ABORT)
    begins('COOKIE ECHO + DATA', ECHO, DATA)
    begins('COOKIE ECHO of 3 + ABORT', chunk(10, b'', 3), ABORT)
    begins('COOKIE ECHO cut', chunk(10, b'', 40), ABORT)
    begins('DATA + ABORT', DATA, ABORT)
sysctl('net.ipv4.vs.sloppy_sctp', 0)
print('on a known connection')
def known(title, *chunks):
    global port
    port += 1
    inject('cl', psctp(C, port, VIP, 2904, INIT))
    inject('rs1', psctp(R, 2905, C, port, chunk(2, bytes(16))))
    s = Sniff('rs1', 'rs2'); inject('cl', psctp(C, port, VIP, 2904, *chunks))
    sent = ' '.join(sorted(w for w, d in s.get(0.1, 1))) or 'nothing'
    print('%-22s %s, %s' % (title, sent, ' '.join(f[2] for f in conns() if f[3] == '%s:%d' % (C, port))))
known('no chunk')
known('half a chunk header', b'\1\0')
known('COOKIE ECHO + ABORT', ECHO, ABORT)
known('COOKIE ACK + ABORT', ACK, ABORT)
known('DATA + ABORT', DATA, ABORT)
known('COOKIE ECHO of 9 + ABORT', chunk(10, b'\1' * 5), ABORT)
def short(n):
    b = sctp_bytes(3000 + n, 2904, INIT)[:n]
    if n >= 12: b = b[:8] + crc(b[:8] + bytes(4) + b[12:]) + b[12:]
    s = Sniff('rs1', 'rs2'); inject('cl', ip4(C, VIP, 132, b))
    print('%d bytes:' % n, ' '.join(sorted(w + ' ' + line(d[14:]) for w, d in s.get(0.1, 1))) or 'nothing')
for n in (0, 2, 4, 8, 11, 12, 15, 16): short(n)
P
