. "$ORACLE_LIB/lib.sh"
note "a full server that is deleted and added again with the same, a lower, a higher and no threshold"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.2.100 -m -x 2
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
V = '-u 10.0.0.1:53'
print('full:', datagrams(6))
for x in ('-x 2', '-x 1', '-x 3', '-x 3', '', '-x 2'):
    sh('ipvsadm -d %s -r 10.2.2.100; ipvsadm -a %s -r 10.2.2.100 -m %s' % (V, V, x)); print('again with', x, ':', datagrams(4))
ls('-Ln --thresholds')
P
