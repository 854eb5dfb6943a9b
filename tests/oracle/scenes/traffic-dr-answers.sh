. "$ORACLE_LIB/lib.sh"
note "direct routing, answers that do pass the director: from then on both directions move the state"
topo nat 1
for i in all s1; do echo 1 > /proc/sys/net/ipv4/conf/$i/accept_local; done
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -g
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.100 -g
q ipvsadm -A --sctp-service 10.0.0.2:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.2:2904 -r 10.2.1.100 -g
py <<'P'
C, R = '10.1.8.5', '10.2.1.100'
def pk(port, what):
    if what[0] == 'i': inject('cl', ptcp(C, port, VIP2, 80, what[1:]))
    else: inject('rs1', ptcp(VIP2, 80, C, port, what[1:]))
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show(0.15)
step('answer of nobody', 'rs1', ptcp(VIP2, 80, C, 999, 'SA'))
step('SYN', 'cl', ptcp(C, 999, VIP2, 80, 'S'))
step('SYN ACK', 'rs1', ptcp(VIP2, 80, C, 999, 'SA'))
step('from the server\'s own address', 'rs1', ptcp(R, 80, C, 999, 'A'))
port, want = 1000, []
PATHS = [['iS'], ['iS', 'oSA'], ['iS', 'iA'], ['iS', 'oSA', 'iA'], ['iS', 'iA', 'iFA'], ['iS', 'oSA', 'iA', 'iFA'], ['iS', 'iA', 'oFA']]
for path in PATHS:
    for k in ('', 'iS', 'iFA', 'iA', 'iR', 'oSA', 'oFA', 'oA', 'oR'):
        port += 1
        for p in [*path, k]:
            if p: pk(port, p)
        want.append((path, k, port))
got = {}
for f in conns():
    e = up10(int(f[1][:-3]) * 60 + int(f[1][-2:]))
    got[int(f[3].split(':')[1])] = '%s %02d:%02d' % (f[2], e // 60, e % 60)
for path, k, p in want: print('%-16s %-4s -> %s' % (' '.join(path), k, got.get(p, 'gone')))
chunk = lambda sport, dport, kind: struct.pack('!HHII', sport, dport, 7, 99) + struct.pack('!BBH', kind, 0, 4)
for p, kinds in ((3001, 'i1'), (3002, 'i1 o2'), (3003, 'i1 o2 i10'), (3004, 'i1 o2 i10 o11'), (3005, 'i1 i10'), (3006, 'i1 i10 o7')):
    for k in kinds.split():
        if k[0] == 'i': inject('cl', ip4(C, VIP2, 132, chunk(p, 2904, int(k[1:]))))
        else: inject('rs1', ip4(VIP2, C, 132, chunk(2904, p, int(k[1:]))))
inject('cl', pudp(C, 4000, VIP2, 53, b'x'))
inject('rs1', pudp(VIP2, 53, C, 4000, b'y'))
lnc_only(':300', ':400')
big = l4('udp', VIP2, C, 53, 4000, data=b'y' * 2000)
for i in range(0, len(big), 1000): inject('rs1', ip4(VIP2, C, 17, big[i:i + 1000], df=False, frag=i // 8, mf=i + 1000 < len(big)))
time.sleep(2.5); ls('-Ln --stats')
P
