. "$ORACLE_LIB/lib.sh"
note "persistence by firewall mark: IPv4 and IPv6, services beside it, ports of the servers"
topo nat 3
q ipvsadm -A -f 7 -s rr -p 100
q ipvsadm -A -f 7 -6 -s rr -p 200 -M 64
q ipvsadm -A -f 8 -s rr -p 300 -o
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 400
for i in 1 2 3; do q ipvsadm -a -f 7 -r 10.2.$i.100:8080 -m; q ipvsadm -a -f 8 -r 10.2.$i.100 -m; q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; q ipvsadm -a -f 7 -6 -r "[2001:db8:2:$i::100]:0" -m; done
mark_in 7 -d 10.0.0.1 -p tcp --dport 80:81
mark_in 7 -d 10.0.0.1 -p udp --dport 53
mark_in 7 -d 10.0.0.2
mark_in 8 -d 10.0.0.3
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
print([syn(C, p) for p in (80, 81, 82)], udg(), [syn(C, p, VIP2) for p in (80, 21, 0)], 'D', syn(D, 81), syn(D, 80), udg(D, 99, VIP2))
print('one by one:', udg(C, 53, VIP3), udg(C, 54, VIP3), syn(C, 80, VIP3), udg(D, 53, VIP3), udg(D, 53, VIP3))
lnc(); ls('-Ln --persistent-conn'); procconn()
adm('-d -f 7 -r 10.2.3.100:8080'); print('deleted', syn(C, 80), syn(C, 81), udg()); lnc_only(':0  ', ':65535')
adm('-D -f 7'); print('the service by port goes on:', syn(C, 80), syn(C, 80), syn(C, 81)); lnc()
P
