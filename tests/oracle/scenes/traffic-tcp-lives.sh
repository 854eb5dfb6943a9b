. "$ORACLE_LIB/lib.sh"
note "whole lives of connections: half open, refused, reset, simultaneous close, late and early packets"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
py <<'P'
C = '10.1.8.5'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
def took(wait=0.3):
    """Who got the next packet: a server, or the client with the director's refusal (ICMP) or reset."""
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    proto = p[9] if p[0] >> 4 == 4 else p[6]
    if who == 'cl' and proto == 6 and not p[20 + 13 if p[0] >> 4 == 4 else 40 + 13] & 4: return 'cl'
    return who if who != 'cl' else {1: 'refused', 58: 'refused', 6: 'reset'}.get(proto, 'cl')
def send(pkt, at='cl'):
    inject(at, pkt); return took()
def syns(n, vip=VIP, dport=80, src=C):
    out = []
    for _ in range(n):
        port[0] += 1; out.append(send(ptcp(src, port[0], vip, dport, 'S')))
    return ' '.join(out)
def datagrams(n, vip=VIP, dport=53, src=C):
    out = []
    for _ in range(n):
        port[0] += 1; out.append(send(pudp(src, port[0], vip, dport, b'x')))
    return ' '.join(out)
R = {'rs1': '10.2.1.100', 'rs2': '10.2.2.100', 'rs3': '10.2.3.100'}
def walk(steps, p, vip=VIP):
    """Packets of one connection: iSA is from the client, oSA from the server that got the first one."""
    server = None
    for what in steps:
        if what[0] == 'i':
            who = send(ptcp(C, p, vip, 80, what[1:], seqn=1, ackn=1)); server = server or who
        else: send(ptcp(R[server], 80, C, p, what[1:], seqn=1, ackn=1), server)
    return server
EST = ['iS', 'oSA', 'iA']
PATH = {'SYN_RECV': ['iS'], 'ESTABLISHED': EST, 'FIN_WAIT': EST + ['oFA'], 'CLOSE_WAIT': EST + ['iFA'],
        'TIME_WAIT': EST + ['oFA', 'iFA'], 'CLOSE': EST + ['iR'], 'SYN_SENT': EST + ['oFA', 'iFA', 'oS']}
lives = {'half open, SYN repeated': ['iS', 'iS', 'iS'], 'half open, answered': ['iS', 'oSA', 'oSA'],
    'refused': ['iS', 'oRA'], 'refused, tried again': ['iS', 'oRA', 'iS'], 'client gives up': ['iS', 'iR'], 'client gives up after the answer': ['iS', 'oSA', 'iR'],
    'server closes': EST + ['oFA', 'iA', 'iFA', 'oA'], 'client closes': EST + ['iFA', 'oA', 'oFA', 'iA'],
    'simultaneous close, client first': EST + ['iFA', 'oFA', 'iA', 'oA'], 'simultaneous close, server first': EST + ['oFA', 'iFA', 'iA', 'oA'],
    'FIN before the ACK': ['iS', 'oSA', 'iFA', 'oFA', 'oA', 'iA'], 'server FIN before the ACK': ['iS', 'oSA', 'oFA', 'iA', 'iFA'],
    'reset in FIN_WAIT': EST + ['oFA', 'iR'], 'server reset after client FIN': EST + ['iFA', 'oR'], 'reset in TIME_WAIT by the server': EST + ['oFA', 'iFA', 'oR'],
    'data after a reset': EST + ['iR', 'iPA', 'oPA'], 'half closed by the client, data on': EST + ['iFA', 'oPA', 'oPA', 'iA'],
    'half closed by the server, data on': EST + ['oFA', 'iPA', 'iA'], 'no flags at all': EST + ['i', 'iA'], 'Christmas tree': EST + ['iFPU'],
    'simultaneous open': ['iS', 'oS', 'iSA', 'oSA', 'iA'], 'SYN in the middle': EST + ['iS', 'oA', 'iA'], 'closed and reopened by the server': EST + ['oFA', 'iFA', 'oS', 'iSA', 'oA']}
for p, (name, steps) in enumerate(lives.items(), 3000):
    # Listed a few at a time, before their times to expiry have left the ten seconds that are shown.
    if p in (3008, 3016): lnc_only(*(':%d ' % each for each in range(p - 8, p)))
    walk(steps, p); c = [f for f in conns() if f[3].endswith(':%d' % p)]
    print('%-36s %s' % (name, c[0][2] if c else 'gone'))
lnc_only(*(':%d ' % each for each in range(3016, p + 1))); ls()
P
