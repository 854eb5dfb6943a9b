. "$ORACLE_LIB/lib.sh"
note "a client port used again with conn_reuse_mode=0"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
vs_set conn_reuse_mode 0
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
for st, path in PATH.items():
    port[0] += 1; first = walk(path, port[0])
    print('  %-11s %s, then %s' % (st, first, send(ptcp(C, port[0], VIP, 80, 'S', seqn=7))))
lnc(); ls()
P
