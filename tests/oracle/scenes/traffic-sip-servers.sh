. "$ORACLE_LIB/lib.sh"
note "requests of SIP servers: they leave with the virtual address, on the template of their Call-ID"
topo nat 3
q ipvsadm -A -u 10.0.0.1:5060 -s rr -p 100 --pe sip -o
q ipvsadm -A -u 10.0.0.2:5060 -s rr -p 200 --pe sip
q ipvsadm -A -u 10.0.0.3:5060 -s rr -o --pe sip
q ipvsadm -A -u 10.0.0.3:5070 -s rr
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:5060 -r 10.2.$i.100:5061 -m; q ipvsadm -a -u 10.0.0.2:5060 -r 10.2.$i.100:5062 -m; q ipvsadm -a -u 10.0.0.3:5060 -r 10.2.$i.100:5063 -m; q ipvsadm -a -u 10.0.0.3:5070 -r 10.2.$i.100:5070 -m; done
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

def tpl(): lnc('--persistent-conn'); ls('-Ln --persistent-conn')
def out(call, rs, sport, dport=9000, to=C):
    inject('rs%d' % rs, pudp('10.2.%d.100' % rs, sport, to, dport, msg(call))); s.show(want=1)
print('one by one, persistent:', sip('a@b'), sip('a@b'), sip('a@b', sport=7), sip('b@b', sport=7)); tpl()
print('answers and requests of the servers:'); out('a@b', 3, 5061); out('a@b', 2, 5061); out('x@b', 1, 5061); out('', 1, 5061); tpl()
print('then:', sip('a@b'), sip('x@b'), sip('b@b'))
print('persistent:', sip('a@b', vip=VIP2, sport=7), sip('b@b', vip=VIP2, sport=8))
out('a@b', 3, 5062, 7); out('b@b', 3, 5062, 8); out('c@b', 1, 5062, 9); out('d@b', 2, 5062, 7); tpl()
print('then:', sip('c@b', vip=VIP2, sport=9), sip('c@b', vip=VIP2, sport=10), sip('a@b', vip=VIP2), sip('b@b', vip=VIP2))
print('one by one:', sip('a@b', vip=VIP3), sip('a@b', vip=VIP3)); out('a@b', 1, 5063); out('', 2, 5063); out('a@b', 1, 5070); out('a@b', 1, 5064)
print('other destinations:'); out('z@b', 1, 5063, 53, '10.1.8.200'); out('z@b', 1, 5062, 53, '10.1.8.200'); tpl()
adm('-e -u 10.0.0.2:5060 -r 10.2.1.100:5062 -m -w 0'); print('weight 0'); out('w@b', 1, 5062, 54)
adm('-d -u 10.0.0.2:5060 -r 10.2.1.100:5062'); print('deleted'); out('v@b', 1, 5062, 55); tpl()
time.sleep(2.5); ls('-Ln --stats')
P
