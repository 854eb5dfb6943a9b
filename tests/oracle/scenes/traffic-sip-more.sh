. "$ORACLE_LIB/lib.sh"
note "the sip engine with masks, other ports, IPv6, weight 0, deletes, edits, requests of the servers"
topo nat 3
q ipvsadm -A -u 10.0.0.1:5060 -s rr -p 100 --pe sip -M 255.255.255.0
q ipvsadm -A -u 10.0.0.1:0 -s rr -p 200 --pe sip
q ipvsadm -A -u '[2001:db8::1]:5060' -s rr -p 300 --pe sip
q ipvsadm -A -u 10.0.0.2:5060 -s rr --pe sip
q ipvsadm -A -t 10.0.0.1:5060 -s rr -p 100 --pe sip
for i in 1 2 3; do for v in '-u 10.0.0.1:0' '-u 10.0.0.2:5060' '-t 10.0.0.1:5060'; do q ipvsadm -a $v -r 10.2.$i.100 -m; done; q ipvsadm -a -u 10.0.0.1:5060 -r 10.2.$i.100:5061 -m; q ipvsadm -a -u '[2001:db8::1]:5060' -r "[2001:db8:2:$i::100]:5060" -m; done
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
def msg(call, line='INVITE sip:bob@10.0.0.1 SIP/2.0'):
    return ('%s\r\nVia: SIP/2.0/UDP x\r\n%sCSeq: 1 INVITE\r\n\r\n' % (line, 'Call-ID: %s\r\n' % call if call else '')).encode()
def sip(call, src=C, vip=VIP, dport=5060, sport=None, data=None):
    if sport is None: port[0] += 1; sport = port[0]
    return send(pudp(src, sport, vip, dport, msg(call) if data is None else data))

def tpl(): lnc('--persistent-conn')
print('masked:', sip('a@b'), sip('a@b', '10.1.8.77'), sip('b@b'), sip('b@b', D), sip('a@b', '10.1.9.5'))
print('port 0:', sip('a@b', dport=7000), sip('a@b', dport=7001), sip('b@b', dport=7001), sip('b@b', dport=7002), sip('', dport=7003))
print('IPv6:', sip('a@b', '2001:db8:8::5', VIP6), sip('a@b', '2001:db8:8::5', VIP6), sip('b@b', '2001:db8:8::5', VIP6), sip('a@b', '2001:db8:8::6', VIP6))
print('not persistent:', sip('a@b', vip=VIP2), sip('a@b', vip=VIP2), sip('', vip=VIP2))
print('TCP:', syn(C, 5060), syn(C, 5060))
tpl()
print('a known port with another call:', sip('new@b', sport=1001), sip('', sport=1001)); tpl()
adm('-e -u 10.0.0.1:5060 -r 10.2.3.100:5061 -m -w 0'); print('weight 0:', sip('a@b'), sip('c@b'))
sysctl('net.ipv4.vs.expire_quiescent_template', 1); print('quiescent expire:', sip('a@b'), sip('a@b')); sysctl('net.ipv4.vs.expire_quiescent_template', 0); tpl()
adm('-d -u 10.0.0.1:5060 -r 10.2.2.100:5061'); print('deleted:', sip('b@b'), sip('b@b')); tpl()
adm('-E -u 10.0.0.1:5060 -s rr -p 100 -M 255.255.255.0'); print('without the engine:', sip('a@b'), sip('b@b'), sip('')); tpl()
adm('-E -u 10.0.0.1:5060 -s rr -p 100 -M 255.255.255.0 --pe sip'); print('with it again:', sip('a@b'), sip('b@b'), sip('')); tpl()
P
