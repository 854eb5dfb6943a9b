. "$ORACLE_LIB/lib.sh"
note "persistence with IPv6: prefixes, port 0, UDP"
topo nat 3
q ipvsadm -A -t '[2001:db8::1]:80' -s rr -p 100
q ipvsadm -A -t '[2001:db8::1]:81' -s rr -p 200 -M 64
q ipvsadm -A -u '[2001:db8::1]:53' -s rr -p 300 -M 125
q ipvsadm -A -t '[2001:db8::1]:0' -s rr -p 400 -M 1
for i in 1 2 3; do for p in 80 81 0; do q ipvsadm -a -t "[2001:db8::1]:$p" -r "[2001:db8:2:$i::100]:$p" -m; done; q ipvsadm -a -u '[2001:db8::1]:53' -r "[2001:db8:2:$i::100]:5353" -m; done
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
A = ['2001:db8:8::5', '2001:db8:8::6', '2001:db8:8::8', '2001:db8:9::5', 'fd00::1', '3001::1', '9001::1']
for a in A:
    print(a, [syn(a, p, VIP6) for p in (80, 81, 82, 83)], udg(a, 53, VIP6), '|', [syn(a, p, VIP6) for p in (80, 81, 82)], udg(a, 53, VIP6))
lnc_only(']:0 '); ls('-Ln --persistent-conn'); procconn(); ls()
print('answer:', send(pudp('2001:db8:2:3::100', 5353, '2001:db8:8::5', 1005, b'y'), 'rs3'), send(pudp('2001:db8:2:2::100', 5353, '2001:db8:8::5', 1005, b'y'), 'rs2'), send(pudp('2001:db8:2:1::100', 5353, '2001:db8:8::5', 1005, b'y'), 'rs1'))
lnc_only(']:0 ')
P
