. "$ORACLE_LIB/lib.sh"
note "datagrams of a one-packet service: what leaves, big ones, fragments, ICMP errors"
topo nat 2
q ipvsadm -A -u 10.0.0.1:53 -s rr -o
q ipvsadm -A -u 10.0.0.2:53 -s rr -o -p 100
for i in 1 2; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100:5353 -m; q ipvsadm -a -u 10.0.0.2:53 -r 10.2.$i.100 -g; done
py <<'P'
C, D = '10.1.8.5', '10.1.8.6'
s = Sniff('cl', 'rs1', 'rs2')
port = [1000]
def took(wait=0.3):
    """Who got the next packet: a server, or the client with the director's refusal (ICMP) or reset."""
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    if who != 'cl': return who
    v4 = p[0] >> 4 == 4
    proto, at = (p[9], 20) if v4 else (p[6], 40)
    if proto == 6: return 'reset' if p[at + 13] & 4 else 'cl %s' % (':%d' % struct.unpack('!H', p[at:at + 2]))
    return {1: 'refused', 58: 'refused'}.get(proto, 'cl :%d' % struct.unpack('!H', p[at:at + 2]))
def send(pkt, at='cl'):
    inject(at, pkt); return took()
def syn(src=C, dport=80, vip=VIP):
    port[0] += 1; return send(ptcp(src, port[0], vip, dport, 'S'))
def udg(src=C, dport=53, vip=VIP, data=b'x'):
    port[0] += 1; return send(pudp(src, port[0], vip, dport, data))
def syns(n, *a, **k): return ' '.join(syn(*a, **k) for _ in range(n))
def udgs(n, *a, **k): return ' '.join(udg(*a, **k) for _ in range(n))
def adm(c):
    out = sh('ipvsadm ' + c)
    if out: print('!', c, out, end='')
for i in range(3):
    inject('cl', pudp(C, 2222, VIP, 53, b'x' * (i + 1))); s.show(want=1)
    inject('cl', pudp(C, 2222, VIP2, 53, b'x' * (i + 1))); s.show(want=1)
def frags(src, dst, data, cut, ident):
    whole = l4('udp', src, dst, 2222, 53, data=data)
    return [ip4(src, dst, 17, whole[:cut], df=False, ident=ident, mf=True), ip4(src, dst, 17, whole[cut:], df=False, ident=ident, frag=cut // 8)]
for n in range(4):
    vip = VIP if n < 3 else VIP2
    for f in frags(C, vip, bytes(range(256)) * 8, 1024, 100 + n): inject('cl', f)
    s.show(want=2)
a, b = frags(C, VIP, bytes(range(256)) * 8, 1024, 200)
inject('cl', b); inject('cl', a); s.show(want=2)
lnc(); ls('-Ln --persistent-conn')
inject('rs1', picmp('10.2.1.100', C, 3, 3, data=pudp(C, 2222, '10.2.1.100', 5353, b'x'))); s.show()
sh('ip link set s1 mtu 1000; ip link set s2 mtu 1000')
for df in (True, False):
    inject('cl', pudp(C, 2222, VIP, 53, b'x' * 1200, df=df)); s.show(want=2)
time.sleep(2.5); ls('-Ln --stats')
P
