. "$ORACLE_LIB/lib.sh"
note "persistence netmasks: which clients go together, what their template shows"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 100 -M 255.255.255.0
q ipvsadm -A -t 10.0.0.1:81 -s rr -p 200 -M 255.255.0.0
q ipvsadm -A -t 10.0.0.1:82 -s rr -p 300 -M 0.0.0.3
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 400 -M 255.255.255.254
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:81 -r 10.2.$i.100 -m; done
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:82 -r 10.2.$i.100 -m; done
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
for a in ('10.1.8.5', '10.1.8.6', '10.1.8.7', '10.1.9.5', '10.1.9.6', '10.3.0.1'):
    print(a, syn(a, 80), syn(a, 81), syn(a, 82), udg(a), '|', syn(a, 80), syn(a, 81), syn(a, 82), udg(a))
lnc_only(':0  '); ls('-Ln --persistent-conn'); procconn()
adm('-E -t 10.0.0.1:80 -s rr -p 100 -M 255.255.255.255'); print('mask of :80 is that of a host now')
for a in ('10.1.8.5', '10.1.8.6', '10.1.8.0', '10.1.8.7'): print(a, syn(a, 80), syn(a, 80))
adm('-E -t 10.0.0.1:80 -s rr -p 100 -M 0.0.0.0'); print('and of everybody')
for a in ('10.1.8.5', '10.1.9.6', '10.3.0.1'): print(a, syn(a, 80))
lnc_only(':0  '); ls('-Ln --persistent-conn')
P
