. "$ORACLE_LIB/lib.sh"
note "source hashing with ports and weights, fallback, both flags; servers without weight; thresholds"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s sh
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m -w 3
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.2.100 -m -w 1
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.3.100 -m -w 6
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
srcs = ['10.1.8.%d' % i for i in range(1, 25)]
def hosts(): print('  by address:', ' '.join('%s=%s' % (a[5:], datagrams(1, src=a)) for a in srcs))
def ports(): print('  by port:', datagrams(16))
def adm(c): sh('ipvsadm ' + c); print(c); hosts(); ports()
print('weights 3 1 6:'); hosts(); ports()
adm('-E %s -s sh -b sh-port' % V)
adm('-E %s -s sh -b sh-fallback' % V)
adm('-e %s -r 10.2.3.100 -m -w 0' % V)
adm('-e %s -r 10.2.1.100 -m -w 0' % V)
adm('-E %s -s sh -b sh-fallback,sh-port' % V)
adm('-e %s -r 10.2.2.100 -m -w 0' % V)
adm('-e %s -r 10.2.1.100 -m -w 2' % V)
sh('ipvsadm -d %s -r 10.2.3.100' % V)
adm('-E %s -s sh' % V)
adm('-e %s -r 10.2.2.100 -m -w 2 -x 1' % V)
adm('-a %s -r 10.2.3.100 -m -w 300' % V)
P
