. "$ORACLE_LIB/lib.sh"
# limit: 240
note "conn_reuse_mode: its values, each state a SYN may meet, NAT and direct routing"
topo nat 2
q ipvsadm -A -t 10.0.0.1:80 -s rr
for i in 1 2; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
q ipvsadm -A -t 10.0.0.2:80 -s rr
for i in 1 2; do q ipvsadm -a -t 10.0.0.2:80 -r 10.2.$i.100 -g; done
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
for i in 1 2; do q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.$i.100:2904 -m; done
q ipvsadm -A --sctp-service 10.0.0.2:2904 -s rr
for i in 1 2; do q ipvsadm -a --sctp-service 10.0.0.2:2904 -r 10.2.$i.100 -g; done
py <<'P'
C = '10.1.8.5'
port = 1000
def look():
    return {(f[4].split(':')[0], int(f[3].split(':')[1])): (f[5].split(':')[0], f[2]) for f in conns() if f[0] == 'TCP'}
def pk(vip, port, what, at):
    if what[0] == 'i': inject('cl', ptcp(C, port, vip, 80, what[1:]))
    else:
        r = at[vip, port][0]
        inject('rs' + r.split('.')[2], ptcp(r, 80, C, port, what[1:]))
def prepare(vip, paths):
    """Connections in each state: their ports."""
    global port
    ports = {}
    for state in paths:
        port += 1; ports[state] = port
    for k in range(max(map(len, paths.values()))):
        at = look() if k else {}
        for state, path in paths.items():
            if k < len(path): pk(vip, ports[state], path[k], at)
    return ports
def tell(title, before, after):
    print('%s %-11s -> %-11s %s' % (title, before[1], after[1], 'same server' if before[0] == after[0] else 'rescheduled' if after[0] else 'gone'))
NAT = {'SYN_RECV': ['iS'], 'ESTABLISHED': ['iS', 'iA'], 'FIN_WAIT': ['iS', 'iA', 'oFA'], 'CLOSE_WAIT': ['iS', 'iA', 'iFA'], 'TIME_WAIT': ['iS', 'iA', 'oFA', 'iFA'], 'CLOSE': ['iS', 'iA', 'iR'], 'SYN_SENT': ['iS', 'iA', 'oFA', 'oS']}
DR = {'SYN_RECV': ['iS'], 'ESTABLISHED': ['iS', 'iA'], 'FIN_WAIT': ['iS', 'iA', 'iFA'], 'CLOSE': ['iS', 'iA', 'iR'], 'TIME_WAIT': ['iS', 'iFA']}
GONE = None, 'gone'
for mode in (-1, 0, 1, 2, 4):
    sysctl('net.ipv4.vs.conn_reuse_mode', mode)
    for vip, name, paths in ((VIP, 'NAT', NAT), (VIP2, 'DR', DR)):
        ports = prepare(vip, paths)
        before = look()
        for state in paths:
            pk(vip, ports[state], 'iS', {})
            # each one's successor is chosen before the next one's
        after = look()
        for state in paths: tell('mode %2d %-3s' % (mode, name), before[vip, ports[state]], after.get((vip, ports[state]), GONE))
print('expire_nodest_conn=1, weight 0, by mode')
sysctl('net.ipv4.vs.expire_nodest_conn', 1)
for mode in (0, 1):
    sysctl('net.ipv4.vs.conn_reuse_mode', mode)
    ports = prepare(VIP, NAT)
    before = look()
    subprocess.run(['ipvsadm', '-e', '-t', '10.0.0.1:80', '-r', '10.2.1.100:80', '-m', '-w', '0'])
    for k in ('iA', 'iS'):
        for state in NAT: pk(VIP, ports[state], k, {})
        after = look()
        for state in NAT: tell('mode %d %s %s' % (mode, k, before[VIP, ports[state]][0]), before[VIP, ports[state]], after.get((VIP, ports[state]), GONE))
    subprocess.run(['ipvsadm', '-e', '-t', '10.0.0.1:80', '-r', '10.2.1.100:80', '-m', '-w', '1'])
print('SCTP: INIT on a closed one')
chunk = lambda vip, sport, kind: ip4(C, vip, 132, struct.pack('!HHII', sport, 2904, 7, 99) + struct.pack('!BBH', kind, 0, 4))
for mode in (0, 1):
    sysctl('net.ipv4.vs.conn_reuse_mode', mode)
    for kinds in ((1, 6), (1, 6, 1), (1, 14, 1)):
        for vip in (VIP, VIP2):
            port += 1
            for k in kinds: inject('cl', chunk(vip, port, k))
            print(mode, vip, kinds, *[(f[2], f[5]) for f in conns() if f[3] == '%s:%d' % (C, port)])
P
