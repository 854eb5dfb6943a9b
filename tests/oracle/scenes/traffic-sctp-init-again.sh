# limit: 250
. "$ORACLE_LIB/lib.sh"
note "SCTP: an INIT on a connection in each state that is not begun anew (conn_reuse_mode 0)"
topo nat 1
q ipvsadm -A --sctp-service 10.0.0.1:80 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:80 -r 10.2.1.100:80 -m
q vs_set conn_reuse_mode 0
py <<'P'
CRC = []
for n in range(256):
    for _ in range(8): n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    CRC.append(n)
def crc32c(data):
    c = 0xffffffff
    for b in data: c = CRC[(c ^ b) & 255] ^ c >> 8
    return c ^ 0xffffffff
def psctp(src, sport, dst, dport, chunk):
    body = struct.pack('!HHI', sport, dport, 77); rest = struct.pack('!BBHIHHI', chunk, 0, 20, 1, 10, 10, 9)
    return ip4(src, dst, 132, body + struct.pack('<I', crc32c(body + bytes(4) + rest)) + rest)
C = '10.1.8.5'
s = Sniff('cl', 'rs1')
def state(port): return [x[2] for x in conns() if x[3].endswith(':%d' % port)]
port = 1000
for path in ('c1 s2 c10', 'c1 c14', 'c1 s2 c10 s11 c7', 'c1 s6', 'c1 c6', 'c1 s1 c2', 'c1 s9', 'c1 c2'):
    for last in ('c1', 's1', 'c14', 's14', 'c0', 's3', 'c6', 's6', 'c10', 's11', 'c2', 's2'):
        port += 1
        for step in (path + ' ' + last).split():
            n = int(step[1:])
            if step[0] == 'c': inject('cl', psctp(C, port, VIP, 80, n))
            else: inject('rs1', psctp('10.2.1.100', 80, C, port, n))
            s.get(want=1, wait=0.1)
            pass
        print(path, last, state(port))
P
