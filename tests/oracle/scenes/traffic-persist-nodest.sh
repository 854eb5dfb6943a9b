. "$ORACLE_LIB/lib.sh"
note "expire_nodest_conn with templates"
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
sysctl('net.ipv4.vs.expire_nodest_conn', 1)
print('C', send(ptcp(C, 1, VIP, 80, 'S')), send(ptcp(C, 2, VIP, 80, 'S')), 'D', syn(D), 'UDP', send(pudp(C, 3, VIP, 53, b'x')), udg(D)); lnc()
adm('-d -t 10.0.0.1:80 -r 10.2.3.100'); time.sleep(0.3); print('deleted'); lnc(); ls('-Ln --persistent-conn')
print('ACK', send(ptcp(C, 1, VIP, 80, 'A')), 'SYN', send(ptcp(C, 2, VIP, 80, 'S'))); lnc()
adm('-e -u 10.0.0.1:53 -r 10.2.3.100 -m -w 0'); print('weight 0: UDP', send(pudp(C, 3, VIP, 53, b'x')), send(pudp(C, 4, VIP, 53, b'x')))
adm('-e -t 10.0.0.1:80 -r 10.2.2.100 -m -w 0'); print('weight 0: SYN on a known port', send(ptcp(C, 2, VIP, 80, 'S')), 'another', send(ptcp(C, 5, VIP, 80, 'S'))); lnc()
sysctl('net.ipv4.vs.expire_quiescent_template', 1); print('and quiescent templates: SYN on a known port', send(ptcp(C, 2, VIP, 80, 'S')), 'ACK', send(ptcp(C, 2, VIP, 80, 'A')), 'UDP', send(pudp(C, 3, VIP, 53, b'x')), send(pudp(C, 6, VIP, 53, b'x'))); lnc(); ls('-Ln --persistent-conn')
adm('-D -u 10.0.0.1:53'); time.sleep(0.3); print('service deleted:', send(pudp(C, 3, VIP, 53, b'x'))); lnc()
P
