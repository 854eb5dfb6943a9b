. "$ORACLE_LIB/lib.sh"
note "port mapping: other ports, port of the request, several services on one server, one server twice"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8081 -m
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.100:0 -m
q ipvsadm -A -t 10.0.0.1:81 -s rr
q ipvsadm -a -t 10.0.0.1:81 -r 10.2.1.100:8080 -m
q ipvsadm -A -u 10.0.0.1:80 -s rr
q ipvsadm -a -u 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100:8080 -m
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:8080' -m
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
def step(title, where, pkt): print(title); inject(where, pkt); s.show()
for p in (1, 2, 3): step('80 from %d' % p, 'cl', ptcp(C, p, VIP, 80, 'S'))
step('81', 'cl', ptcp(C, 11, VIP, 81, 'S')); step('UDP', 'cl', pudp(C, 2, VIP, 80, b'x')); step('VIP2', 'cl', ptcp(C, 12, VIP2, 80, 'S'))
step('IPv6', 'cl', ptcp('2001:db8:8::5', 2, VIP6, 80, 'S')); step('IPv6 answer', 'rs1', ptcp('2001:db8:2:1::100', 8080, '2001:db8:8::5', 2, 'SA'))
for p, port_ in ((1, 80), (2, 8081), (3, 8080), (11, 8080), (12, 8080), (2, 8080)): step('answer of port %d to %d' % (port_, p), 'rs2' if p == 1 else 'rs1', ptcp('10.2.2.100' if p == 1 else '10.2.1.100', port_, C, p, 'SA'))
step('UDP answer', 'rs1', pudp('10.2.1.100', 8080, C, 2, b'y'))
lnc(); ls()
P
