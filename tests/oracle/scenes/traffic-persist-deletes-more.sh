. "$ORACLE_LIB/lib.sh"
note "services deleted and added again amid templates, -C too"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 100
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 200
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m; done
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
def four(): return 'C %s D %s' % (syn(), syn(D))
def both(): lnc_only(':0  ', ':65535'); ls('-Ln --persistent-conn')
print(four(), 'UDP', udg(), udg(D)); both()
adm('-D -t 10.0.0.1:80'); print('service deleted:', four(), udg()); both()
adm('-A -t 10.0.0.1:80 -s rr -p 300'); print('without servers:', four()); both()
for i in 1, 2, 3: adm('-a -t 10.0.0.1:80 -r 10.2.%d.100 -m' % i)
print('with servers:', four(), udg(), udg(D)); both()
adm('-C'); print('all deleted:', four(), udg()); lnc()
adm('-A -u 10.0.0.1:53 -s rr -p 50')
for i in 1, 2, 3: adm('-a -u 10.0.0.1:53 -r 10.2.%d.100 -m' % i)
print('UDP is back:', udg(), udg(D), udg('10.1.8.7')); lnc(); ls('-Ln --persistent-conn')
P
