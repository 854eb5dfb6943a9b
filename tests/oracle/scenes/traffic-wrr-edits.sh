. "$ORACLE_LIB/lib.sh"
note "weighted round robin: adding, editing and deleting servers between connections"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s wrr
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m -w $i; done
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
V = '-u 10.0.0.1:53'
def adm(c, n=7): sh('ipvsadm ' + c); print(c, ':', datagrams(n))
print('weights 1 2 3:', datagrams(10))
adm('-e %s -r 10.2.1.100 -m -w 5' % V)
adm('-e %s -r 10.2.1.100 -m -w 5' % V, 4)
adm('-e %s -r 10.2.2.100 -m -w 10' % V, 5)
adm('-e %s -r 10.2.3.100 -m -w 15' % V, 11)
adm('-e %s -r 10.2.3.100 -m -w 20' % V, 2)
adm('-d %s -r 10.2.3.100' % V, 5)
adm('-a %s -r 10.2.3.100 -m -w 4' % V, 9)
adm('-e %s -r 10.2.2.100 -m -w 0' % V, 8)
adm('-e %s -r 10.2.1.100 -m -w 0' % V, 4)
adm('-e %s -r 10.2.3.100 -m -w 0' % V, 2)
adm('-e %s -r 10.2.2.100 -m -w 6' % V, 2)
adm('-e %s -r 10.2.1.100 -m -w 9' % V, 9)
adm('-e %s -r 10.2.3.100 -m -w 12' % V, 9)
adm('-e %s -r 10.2.3.100 -m -w 3' % V, 9)
adm('-d %s -r 10.2.1.100' % V, 6)
adm('-d %s -r 10.2.2.100' % V, 3)
adm('-d %s -r 10.2.3.100' % V, 1)
adm('-a %s -r 10.2.1.100 -m -w 8' % V, 2)
adm('-a %s -r 10.2.2.100 -m -w 6' % V, 9)
adm('-E %s -s wrr' % V, 5)
adm('-E %s -s rr' % V, 3)
adm('-E %s -s wrr' % V, 9)
P
