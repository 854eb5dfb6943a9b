. "$ORACLE_LIB/lib.sh"
note "secure_tcp: its table for direct routing, more packets for NAT, changes while connections live"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:80 -m
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -g
py <<'P'
C, R = '10.1.8.5', '10.2.1.100'
port = 1000
def pk(vip, port, what):
    if what[0] == 'i': inject('cl', ptcp(C, port, vip, 80, what[1:]))
    else: inject('rs1', ptcp(R, 80, C, port, what[1:]))
def run(vip, paths, kinds):
    for path in paths: one(vip, path, kinds)
def one(vip, path, kinds):
    # listed at once: what is in CLOSE lasts 10 s
    global port
    first = port + 1
    for k in kinds:
        port += 1
        for p in [*path, k]: pk(vip, port, p)
    got = {}
    for f in conns():
        e = up10(int(f[1][:-3]) * 60 + int(f[1][-2:]))
        got[int(f[3].split(':')[1])] = '%s %02d:%02d' % (f[2], e // 60, e % 60)
    for p, k in enumerate(kinds, first): print('%-24s %-4s -> %s' % (' '.join(path), k, got.get(p, 'gone')))
def secure(mode):
    # after what is on the wire
    time.sleep(0.3)
    sysctl('net.ipv4.vs.secure_tcp', mode)
KINDS = ['iS', 'iFA', 'iA', 'iR', 'iP', 'iSF', 'iSA', 'iFR']
secure(3)
print('direct routing')
run(VIP2, [['iS'], ['iS', 'iA'], ['iS', 'iA', 'iFA'], ['iS', 'iA', 'iR'], ['iS', 'iFA'], ['iS', 'iS']], KINDS)
print('NAT')
run(VIP, [['iS'], ['iS', 'oSA'], ['iS', 'oSA', 'oA', 'oFA', 'oS'], ['iS', 'oSA', 'oA', 'iR']], KINDS + ['oSA', 'oP', 'oFA', 'oA', 'oR'])
print('sloppy_tcp')
sysctl('net.ipv4.vs.sloppy_tcp', 1)
run(VIP, [[]], ['iS', 'iFA', 'iA', 'iP', 'iR'])
run(VIP2, [[]], ['iS', 'iFA', 'iA', 'iP', 'iR'])
sysctl('net.ipv4.vs.sloppy_tcp', 0)
print('SYNACK, then secure_tcp=0')
late = ((5002, 'iS'), (5003, 'iR'), (5004, 'iFA'), (5005, 'oS'), (5006, 'oFA'), (5007, 'oA'), (5008, 'oR'))
for p in (5000, *(p for p, _ in late)):
    pk(VIP, p, 'iS'); pk(VIP, p, 'oSA')
pk(VIP2, 5001, 'iS')
secure(0)
lnc_only(':500')
pk(VIP, 5000, 'iA'); pk(VIP2, 5001, 'iA')
for p, k in late: pk(VIP, p, k)
lnc_only(':500')
print('direct routing: SYN_RECV, then secure_tcp=3')
late = ((6002, 'iS'), (6003, 'iR'), (6004, 'iFA'), (6005, 'iA'), (6006, 'iP'))
for p, _ in late: pk(VIP2, p, 'iS')
secure(3)
for p, k in late: pk(VIP2, p, k)
lnc_only(':600')
P
