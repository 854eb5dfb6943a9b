. "$ORACLE_LIB/lib.sh"
note "SCTP packet by packet: ports and checksum, fragments, errors, both families and methods"
topo nat 2
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100:2905 -m
q ipvsadm -A --sctp-service 10.0.0.1:2906 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2906 -r 10.2.2.100:2906 -m
q ipvsadm -A --sctp-service 10.0.0.2:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.2:2904 -r 10.2.2.100 -g
q ipvsadm -A --sctp-service 10.0.0.1:2907 -s rr
q ipvsadm -A --sctp-service '[2001:db8::1]:2904' -s rr
q ipvsadm -a --sctp-service '[2001:db8::1]:2904' -r '[2001:db8:2:1::100]:2905' -m
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
C, R, R2 = '10.1.8.5', '10.2.1.100', '10.2.2.100'
C6, R6 = '2001:db8:8::5', '2001:db8:2:1::100'
step('NAT, mapped port: INIT', 'cl', psctp(C, 1000, VIP, 2904, INIT))
step('NAT, mapped port: INIT ACK', 'rs1', psctp(R, 2905, C, 1000, chunk(2, bytes(16))))
step('NAT, mapped port: COOKIE ECHO', 'cl', psctp(C, 1000, VIP, 2904, ECHO))
step('NAT, mapped port: COOKIE ACK', 'rs1', psctp(R, 2905, C, 1000, ACK))
for n in (1, 2, 3, 4, 100, 500, 1400):
    step('NAT, mapped port: DATA of %d' % n, 'cl', psctp(C, 1000, VIP, 2904, chunk(0, b'\xa5' * n)))
step('NAT, mapped port: answer of 777', 'rs1', psctp(R, 2905, C, 1000, chunk(0, b'\x5a' * 777)))
step('NAT, same port: INIT', 'cl', psctp(C, 1001, VIP, 2906, INIT))
step('NAT, same port: INIT ACK', 'rs2', psctp(R2, 2906, C, 1001, chunk(2, bytes(16))))
step('NAT, same port, wrong checksum', 'cl', psctp(C, 1001, VIP, 2906, ECHO, bad=1))
step('DR: INIT', 'cl', psctp(C, 1002, VIP2, 2904, INIT))
step('DR: wrong checksum', 'cl', psctp(C, 1002, VIP2, 2904, ECHO, bad=1))
step('IPv6: INIT', 'cl', psctp(C6, 1000, VIP6, 2904, INIT))
step('IPv6: INIT ACK', 'rs1', psctp(R6, 2905, C6, 1000, chunk(2, bytes(20))))
step('no destination', 'cl', psctp(C, 1003, VIP, 2907, INIT))
step('TTL 1', 'cl', psctp(C, 1000, VIP, 2904, DATA, ttl=1))
step('server without connection', 'rs1', psctp(R, 2905, C, 1009, DATA))
seen = psctp(C, 1000, R, 2905, DATA, ttl=63)
step('port unreachable from the server', 'rs1', picmp(R, C, 3, 3, data=seen))
step('frag needed behind the director, 8 bytes quoted', 'rs1', picmp('10.2.1.77', C, 3, 4, b'\0\0\x05\x78', data=seen[:28]))
ans = psctp(VIP, 2904, C, 1000, DATA)
step('protocol unreachable from the client', 'cl', picmp(C, VIP, 3, 2, data=ans))
step('DR: port unreachable from the client', 'cl', picmp(C, VIP2, 3, 3, data=psctp(VIP2, 2904, C, 1002, DATA)))
step('IPv6: error of the client', 'cl', picmp6(C6, VIP6, 1, 4, data=psctp(VIP6, 2904, C6, 1000, DATA)))
big = sctp_bytes(1000, 2904, chunk(0, bytes(range(256)) * 8))
parts = [ip4(C, VIP, 132, big[i:i + 800], df=False, frag=i // 8, mf=i + 800 < len(big)) for i in range(0, len(big), 800)]
step('NAT: fragments', 'cl', *parts)
lnc()
for l in sorted((proc_hook('read', '/proc/net/ip_vs_conn') or open('/proc/net/ip_vs_conn').read()).splitlines()[1:]): print('| ' + ' '.join(l.split()[:8]))
time.sleep(2.5); ls('-Ln --stats'); ls('-Sn')
P
