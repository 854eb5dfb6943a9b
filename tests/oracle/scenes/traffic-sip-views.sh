. "$ORACLE_LIB/lib.sh"
note "how Call-IDs are listed"
topo nat 3
q ipvsadm -A -u 10.0.0.1:5060 -s rr -p 100 --pe sip
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:5060 -r 10.2.$i.100 -m; done
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

for f in (b'a@b', b'b', b'!%*_+`\'~()<>:\\"/[]?{}.-@x.y-z', b'c' * 60, b'd' * 100 + b'@' + b'e' * 20, b'%s%n@%d', b'NONE'):
    print(f[:40], sip('', data=b'X\r\nCall-ID: ' + f + b'\r\n'))
lnc(); lnc('--persistent-conn'); procconn(); procconn('/proc/net/ip_vs_conn_sync')
P
