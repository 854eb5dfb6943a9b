. "$ORACLE_LIB/lib.sh"
note "port 0, port 21 and single ports on one address, persistent and not; ports of the servers"
topo nat 3
q ipvsadm -A -t 10.0.0.1:0 -s rr -p 100
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -t 10.0.0.1:21 -s rr -p 200
q ipvsadm -A -t 10.0.0.2:21 -s rr
q ipvsadm -A -t 10.0.0.3:21 -s rr -p 300
q ipvsadm -A -u 10.0.0.1:0 -s rr -p 400
for v in '-t 10.0.0.1:80' '-t 10.0.0.2:21' '-u 10.0.0.1:0'; do for i in 1 2 3; do q ipvsadm -a $v -r 10.2.$i.100 -m; done; done
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:0 -r 10.2.$i.100:8080 -m; q ipvsadm -a -t 10.0.0.1:21 -r 10.2.$i.100:2121 -m; done
py <<'P'
C, D = '10.1.8.5', '10.1.8.6'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
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
def to():
    w, d = (s.get(want=1) or [('none', b'')])[0]
    if not d: return w
    if w == 'cl': return {6: 'reset', 1: 'refused'}[d[23]]
    return '%s:%d' % (w, struct.unpack('!H', d[36:38])[0])
def tcp_(src, dport, vip=VIP, sport=None):
    port[0] += 1; inject('cl', ptcp(src, sport or port[0], vip, dport, 'S')); return '%d>%s' % (dport, to())
def udp_(src, dport, vip=VIP):
    port[0] += 1; inject('cl', pudp(src, port[0], vip, dport, b'x')); return '%d>%s' % (dport, to())
for a in (C, D, '10.1.8.7'):
    print(a, ' '.join(tcp_(a, p) for p in (80, 80, 81, 22, 20, 21, 1023, 1024, 5000, 21, 65535)))
    print('  UDP', ' '.join(udp_(a, p) for p in (53, 54, 20, 21, 5060)))
print('port 21 alone, not persistent:', ' '.join(tcp_(C, p, VIP2) for p in (21, 21, 20, 22, 80, 1024, 5000, 21)))
print('port 21 alone, persistent, no servers:', ' '.join(tcp_(C, p, VIP3) for p in (21, 20, 80, 5000)))
adm('-a -t 10.0.0.3:21 -r 10.2.1.100 -m'); adm('-a -t 10.0.0.3:21 -r 10.2.2.100:2121 -m')
print('port 21 alone, persistent:', ' '.join(tcp_(C, p, VIP3) for p in (5000, 21, 20, 80, 1023, 1024, 21)), '|', ' '.join(tcp_(D, p, VIP3) for p in (21, 5000)))
print('client port 20:', tcp_(C, 21, VIP3, 20), tcp_(C, 80, VIP, 20), tcp_(C, 99, VIP, 20))
lnc(); ls('-Ln --persistent-conn'); procconn()
P
