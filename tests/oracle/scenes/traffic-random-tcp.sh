. "$ORACLE_LIB/lib.sh"
note "a long random run: TCP flags from both sides, ports used again, servers edited, deleted and added again"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
q ipvsadm -A -t 10.0.0.2:80 -s rr
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
state = [2463534242]
def rnd(n):
    state[0] = (state[0] * 1103515245 + 12345) & 0x7fffffff
    return (state[0] >> 8) % n
V = '-t 10.0.0.1:80'
there = {1, 2, 3}
def edit():
    i, what = 1 + rnd(3), rnd(12)
    if what < 4 and i in there: there.discard(i); return '-d %s -r 10.2.%d.100' % (V, i)
    if i not in there: there.add(i); return '-a %s -r 10.2.%d.100 -m -w %d -x %d' % (V, i, rnd(4), rnd(3) and 2 + rnd(4))
    if what < 6: return '-E %s -s %s' % (V, ('rr', 'wrr', 'lc', 'wlc', 'sh', 'dh')[rnd(6)])
    return '-e %s -r 10.2.%d.100 -m -w %d -x %d' % (V, i, rnd(5), rnd(3) and 2 + rnd(5))
FLAGS = ('S', 'S', 'S', 'SA', 'A', 'A', 'FA', 'FA', 'R', '', 'PA', 'F', 'SF')
for n in range(240):
    if rnd(12) == 0:
        c = edit(); print(c); print(sh('ipvsadm ' + c), end=''); continue
    p, f = 1 + rnd(14), FLAGS[rnd(len(FLAGS))]
    if rnd(3):
        inject('cl', ptcp(C, p, VIP, 80, f, seqn=1, ackn=1)); who = took(0.12)
        if 'S' in f: time.sleep(0.03)  # a replaced connection goes with the next tick of the kernel's timer
        print('client', p, f or '-', who if who[:2] == 'rs' else 'refused' if who == 'refused' else 'other')
    else:
        i = 1 + rnd(3); inject('rs%d' % i, ptcp('10.2.%d.100' % i, 80, C, p, f, seqn=1, ackn=1))
        got = s.get(want=1, wait=0.3); print('rs%d' % i, p, f or '-', inet_ntoa(got[0][1][26:30]) if got else 'nothing')
    if n % 30 == 29:
        time.sleep(0.03); print('states', ' '.join(sorted('%s:%s:%s' % (x[3].split(':')[1], x[2], x[5][5]) for x in conns())))
        print('loads', ' '.join('%s:%s:%s' % (l.split()[1][5], *l.split()[4:6]) for l in sh('ipvsadm -Ln --sort').splitlines() if 'Masq' in l))
P
