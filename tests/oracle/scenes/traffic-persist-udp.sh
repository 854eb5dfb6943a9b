. "$ORACLE_LIB/lib.sh"
note "UDP templates: assured by an answer only; schedulers go on with new clients only"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s wrr -p 100
q ipvsadm -A -u 10.0.0.2:53 -s sh -b sh-port -p 100
q ipvsadm -A -u 10.0.0.3:53 -s lc -p 100
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100:53 -m -w $i; q ipvsadm -a -u 10.0.0.2:53 -r 10.2.$i.100:54 -m; q ipvsadm -a -u 10.0.0.3:53 -r 10.2.$i.100:55 -m; done
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
for v in (VIP, VIP2, VIP3):
    print(v, ' | '.join('%d: %s' % (a, udgs(3, '10.1.8.%d' % a, 53, v)) for a in range(1, 9)))
lnc_only(':0  ')
who = send(pudp(C, 77, VIP, 53, b'x')); n = who[2]
print('asked', who); lnc_only('10.1.8.5:0 ', ':77 ')
print('answered', send(pudp('10.2.%s.100' % n, 53, C, 77, b'y'), who)); lnc_only('10.1.8.5:0 ', ':77 ')
ls('-Ln --persistent-conn'); ls()
time.sleep(2.5); ls('-Ln --stats')
P
