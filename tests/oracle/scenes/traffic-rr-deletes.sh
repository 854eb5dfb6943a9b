. "$ORACLE_LIB/lib.sh"
note "round robin: deleting the server last used, the first, the next, the last of the list; adding between"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
for p in 1 2 3; do for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100:$p -m; done; done
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
def to(n):
    out = []
    for _ in range(n):
        port[0] += 1; inject('cl', ptcp(C, port[0], VIP, 80, 'S')); got = s.get(want=1)
        out.append('%s:%d' % (got[0][0], struct.unpack('!H', got[0][1][36:38])[0]) if got and got[0][0] != 'cl' else 'refused')
    return ' '.join(out)
def adm(c, n): sh('ipvsadm ' + c); print(c, ':', to(n))
V = '-t 10.0.0.1:80'
print('nine:', to(11))
adm('-d %s -r 10.2.2.100:3' % V, 2)
adm('-d %s -r 10.2.3.100:2' % V, 2)
adm('-d %s -r 10.2.1.100:2' % V, 1)
adm('-d %s -r 10.2.3.100:3' % V, 2)
adm('-a %s -r 10.2.2.100:3 -m' % V, 2)
adm('-d %s -r 10.2.1.100:3' % V, 2)
adm('-e %s -r 10.2.3.100:1 -m -w 0' % V, 4)
adm('-d %s -r 10.2.2.100:3' % V, 3)
adm('-d %s -r 10.2.1.100:1' % V, 3)
adm('-e %s -r 10.2.3.100:1 -m -w 1' % V, 3)
adm('-d %s -r 10.2.2.100:1' % V, 2)
adm('-d %s -r 10.2.3.100:1' % V, 1)
adm('-a %s -r 10.2.3.100:7 -m' % V, 2)
adm('-a %s -r 10.2.2.100:7 -m' % V, 3)
P
