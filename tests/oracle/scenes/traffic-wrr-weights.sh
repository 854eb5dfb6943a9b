. "$ORACLE_LIB/lib.sh"
note "weighted round robin: the walk for several sets of weights, from the first connection on"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s wrr
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
def table(*weights):
    sh('ipvsadm -D -u 10.0.0.1:53; ipvsadm -A -u 10.0.0.1:53 -s wrr')
    for i, w in enumerate(weights, 1): sh('ipvsadm -a -u 10.0.0.1:53 -r 10.2.%d.100 -m -w %d' % (i, w))
    total = sum(weights) // max(1, __import__('math').gcd(*weights))
    print(weights, ':', datagrams(min(26, 3 + 2 * total)))
for weights in ((4, 1, 2), (40, 10, 20), (2, 4, 6), (1, 1, 1), (3, 3, 3), (5, 0, 3), (0, 0, 2), (0, 0, 0), (6, 9, 3), (1, 7), (7, 1), (4, 6), (6, 4), (5,), (10,)):
    table(*weights)
P
