. "$ORACLE_LIB/lib.sh"
note "destination hashing over several virtual addresses, each its own service, and over a mark's"
topo nat 3
for v in 10.0.0.1 10.0.0.2 10.0.0.3 '[2001:db8::1]'; do q ipvsadm -A -u $v:53 -s dh; done
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
six = {1: '[2001:db8:2:1::100]', 2: '[2001:db8:2:2::100]', 3: '[2001:db8:2:3::100]'}
def every(c, w=''):
    for v in ('10.0.0.1', '10.0.0.2', '10.0.0.3', '[2001:db8::1]'):
        r = six[int(c[-1])] if '[' in v else '10.2.%s.100' % c[-1]
        sh('ipvsadm %s -u %s:53 -r %s:53 %s' % (c[:2], v, r, w))
    print(c, w, ':', ' '.join(datagrams(2, v) for v in (VIP, VIP2, VIP3)), datagrams(2, VIP6, src='2001:db8:8::5'))
every('-a 1', '-m'); every('-a 2', '-m -w 7'); every('-a 3', '-m -w 0'); every('-e 3', '-m -w 1')
every('-e 1', '-m -w 0'); every('-e 2', '-m -w 0'); every('-d 3'); every('-e 2', '-m -w 5'); every('-e 1', '-m -w 5'); every('-a 3', '-m'); every('-d 2'); every('-d 1')
P
