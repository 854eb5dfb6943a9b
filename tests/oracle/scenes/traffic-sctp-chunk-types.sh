. "$ORACLE_LIB/lib.sh"
note "every chunk type that has no name: which begin a connection, and what they do to known ones"
topo nat 1
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100:2905 -m
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
def psctp(src, sport, dst, dport, *chunks): return ip4(src, dst, 132, sctp_bytes(sport, dport, *chunks))
C, R = '10.1.8.5', '10.2.1.100'
port = 1000
def give(where, packet):
    s = Sniff('rs1', 'cl'); inject(where, packet)
    return ' '.join(sorted(w for w, d in s.get(0.1, 1) if w != where)) or 'nothing'
def state(): return ' '.join(f[2] for f in conns() if f[3] == '%s:%d' % (C, port)) or 'no connection'
KINDS = (15, 63, 127, 128, 193, 253, 254, 255)
for sloppy in (0, 1):
    sysctl('net.ipv4.vs.sloppy_sctp', sloppy)
    print('sloppy_sctp=%d' % sloppy)
    for kind in KINDS:
        port += 1
        print('begin with', kind, give('cl', psctp(C, port, VIP, 2904, chunk(kind))), state())
for kind in KINDS:
    port += 1
    inject('cl', psctp(C, port, VIP, 2904, chunk(1, bytes(16))))
    print('after INIT: client', kind, give('cl', psctp(C, port, VIP, 2904, chunk(kind))), state())
    print('after INIT: server', kind, give('rs1', psctp(R, 2905, C, port, chunk(kind))), state())
    inject('rs1', psctp(R, 2905, C, port, chunk(11)))
    time.sleep(0.05)
    print('established:', kind, state(), give('cl', psctp(C, port, VIP, 2904, chunk(kind))), state())
P
