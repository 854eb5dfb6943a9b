. "$ORACLE_LIB/lib.sh"
note "templates do not count for the thresholds, but look at them"
topo nat 2
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 100
for i in 1 2; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m -x 3 -y 2; done
q ipvsadm --set 0 0 2
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
E = '-e -u 10.0.0.1:53 -m -r 10.2.%d.100 '
def state(): ls('-Ln --persistent-conn')
print([udg('10.1.8.%d' % a) for a in range(1, 9)]); state()
print('known', [udg('10.1.8.%d' % a) for a in (1, 2, 3)]); state()
time.sleep(2.6); print('expired'); state()
print([udg('10.1.8.%d' % a) for a in range(1, 9)])
adm(E % 1 + '-x 2'); adm(E % 2 + '-x 9 -y 1'); print('edited')
print([udg('10.1.8.%d' % a) for a in range(11, 16)]); state()
time.sleep(2.6); print([udg('10.1.8.%d' % a) for a in (1, 2, 11, 21, 22, 23)]); state()
P
