. "$ORACLE_LIB/lib.sh"
note "direct routing and persistence, fragments and ICMP too"
topo dr 2
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 100
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 100 -o
for i in 1 2; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -g; q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -g; done
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
def walk(src, sport, *flags): return [send(ptcp(src, sport, VIP, 80, f)) for f in flags]
print(walk(C, 1, 'S', 'A'), walk(C, 2, 'S', 'A', 'FA'), walk(C, 3, 'S', 'R'), walk(D, 1, 'S')); lnc()
print('again', walk(C, 2, 'S'), walk(C, 3, 'S'), udgs(3), udgs(2, D)); lnc(); ls('-Ln --persistent-conn')
inject('cl', picmp(C, VIP, 3, 4, data=ptcp(VIP, 80, C, 1, 'A'))); s.show(want=1)
time.sleep(2.5); ls('-Ln --stats')
P
