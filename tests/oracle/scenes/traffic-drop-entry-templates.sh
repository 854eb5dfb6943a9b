# limit: 120
. "$ORACLE_LIB/lib.sh"
note "drop_entry and persistence templates: assured ones stay, others without connections go, others with connections go with these"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 1000
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 1000 -o
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.1:54 -s rr -p 1000
q ipvsadm -a -u 10.0.0.1:54 -r 10.2.1.100 -m
q ipvsadm --set 1000 2 2
py <<'P'
R = '10.2.1.100'
def group(a): return ['10.1.8.%d' % n for n in range(a, a + 34)]
for k, c in enumerate(group(1)):      # half-open, the connection stays for a minute
    inject('cl', ptcp(c, 1000, VIP, 80, 'S'))
for k, c in enumerate(group(35)):     # established: assured
    for f in 'SA': inject('cl', ptcp(c, 1000, VIP, 80, f))
for k, c in enumerate(group(69)):     # begun and closed: the connection is over in ten seconds, the template never was assured
    inject('cl', ptcp(c, 1000, VIP, 80, 'S')); inject('rs1', ptcp(R, 80, c, 1000, 'R'))
for k, c in enumerate(group(103)):    # established, then closed: assured, without connections
    for f in ('S', 'A', 'R'): inject('cl', ptcp(c, 1000, VIP, 80, f))
for k, c in enumerate(group(137)):    # a datagram: over in two seconds
    inject('cl', pudp(c, 1000, VIP, 54, b'x'))
for k, c in enumerate(group(171)):    # one-packet: no connection at all
    inject('cl', pudp(c, 1000, VIP, 53, b'x'))
for k, c in enumerate(group(205)):    # and a datagram that is answered
    inject('cl', pudp(c, 1000, VIP, 54, b'x')); inject('rs1', pudp(R, 54, c, 1000, b'y'))
NAMES = {1: 'half-open', 35: 'established', 69: 'refused', 103: 'closed', 137: 'datagram', 171: 'one packet', 205: 'answered'}
def kind(f):
    a = f[3].split(':')[0].split('.')
    name = NAMES[(int(a[3]) - 1) // 34 * 34 + 1]
    return name, 'template' if f[3].endswith(':0') else 'connection', f[2]
def count():
    out = {}
    for f in conns(): out[kind(f)] = out.get(kind(f), 0) + 1
    return out
time.sleep(11)
before = count()
for k in sorted(before): print('before', *k, before[k])
sysctl('net.ipv4.vs.drop_entry', 3)
time.sleep(12)
sysctl('net.ipv4.vs.drop_entry', 0)
after = count()
for k in sorted(before):
    gone = before[k] - after.get(k, 0)
    print('%-40s %s' % (' '.join(k), 'all there' if not gone else 'some gone' if gone < before[k] else 'all gone'))
left = {(kind(f)[0], kind(f)[1], f[3].split(':')[0]) for f in conns()}
alone = {x[2] for x in left if x[:2] == ('half-open', 'connection')} ^ {x[2] for x in left if x[:2] == ('half-open', 'template')}
print('half-open, one without the other:', len(alone))
P
