. "$ORACLE_LIB/lib.sh"
note "TCP timers with --set: established, after FIN, and states that --set does not touch"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm --set 50 70 0
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
for p, (st, path) in enumerate(PATH.items(), 3000): walk(path, p)
lnc()
def gone(word, least):
    """Waits for it, so that a slow machine shows the same; whether it stayed for as long as it should."""
    while word in sh('ipvsadm -Lnc'): time.sleep(0.1)
    print('%s over, not early: %s' % (word, time.monotonic() - begin > least)); lnc(); ls()
sh('ipvsadm --set 5 1 0'); print('--set 5 1 0; nothing changes until the next packet:'); lnc()
begin = time.monotonic()
for p in (3001, 3002): send(ptcp(C, p, VIP, 80, 'A'))
ls(); gone('FIN_WAIT ', 0.9); gone('ESTABLISHED ', 4.9)
print('packet of the one that is gone:', send(ptcp(C, 3001, VIP, 80, 'A')), send(ptcp('10.2.1.100', 80, C, 3001, 'A'), 'rs1'))
P
