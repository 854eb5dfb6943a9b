. "$ORACLE_LIB/lib.sh"
note "a server deleted without connections and added again at once keeps its counters"
topo nat 3
q ipvsadm --set 0 0 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
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
print(datagrams(3)); time.sleep(3.6); ls(); ls('-Ln --stats')
sh('ipvsadm -d -u 10.0.0.1:53 -r 10.2.1.100; ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m -w 2'); print('deleted and added again'); ls('-Ln --stats')
sh('ipvsadm -D -u 10.0.0.1:53; ipvsadm -A -u 10.0.0.1:53; ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m'); print('the service too'); ls('-Ln --stats')
P
