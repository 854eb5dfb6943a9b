. "$ORACLE_LIB/lib.sh"
note "TCP templates: assured when a connection is established; port reuse keeps the server"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 100
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
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
R = {'rs1': '10.2.1.100', 'rs2': '10.2.2.100', 'rs3': '10.2.3.100'}
def walk(steps, p, src=C):
    server = None
    for what in steps:
        if what[0] == 'i':
            who = send(ptcp(src, p, VIP, 80, what[1:], seqn=1, ackn=1)); server = server or who
        else: send(ptcp(R[server], 80, src, p, what[1:], seqn=1, ackn=1), server)
    return server
for i, steps in enumerate((['iS'], ['iS', 'oR'], ['iS', 'oSA'], ['iS', 'iR'], ['iS', 'oSA', 'iA'], ['iS', 'iF'], ['iS', 'iA', 'iR'])):
    print(steps, walk(steps, 100, '10.1.8.%d' % (10 + i)))
lnc()
EST = ['iS', 'oSA', 'iA']
PATH = {'SYN_RECV': ['iS'], 'ESTABLISHED': EST, 'FIN_WAIT': EST + ['oFA'], 'CLOSE_WAIT': EST + ['iFA'],
        'TIME_WAIT': EST + ['oFA', 'iFA'], 'CLOSE': EST + ['iR'], 'SYN_SENT': EST + ['oFA', 'iFA', 'oS']}
for mode in (1, 0):
    sysctl('net.ipv4.vs.conn_reuse_mode', mode)
    for st, path in PATH.items():
        port[0] += 1; first = walk(path, port[0])
        print('mode %d %-11s %s, then %s' % (mode, st, first, send(ptcp(C, port[0], VIP, 80, 'S', seqn=7))))
lnc(); ls('-Ln --persistent-conn')
P
