# limit: 120
. "$ORACLE_LIB/lib.sh"
note "sh under random edits and connections: seed 2"
topo nat 3

py <<'P'
import random
R = random.Random('2 sh')
SCHED, MARK = 'sh', False
V6 = not MARK and R.random() < .3
UDP = R.random() < .4
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
vip = '2001:db8::1' if V6 else VIP
ASKED = ['10.7.0.%d' % i for i in (1, 2, 3, 77)] if MARK else [vip]
# Client ends: addresses of which none is anybody's.
CLIENTS = ['2001:db8:8::%x' % R.randrange(1, 0xffff) for _ in range(9)] if V6 else ['10.1.8.%d' % R.randrange(2, 250) for _ in range(9)]
RS = [('2001:db8:2:%d::100' if V6 else '10.2.%d.100') % (i % 3 + 1) for i in range(6)]
SP = 0 if MARK else 80
PORTS = [0, 0, 0, 8080, 8080, 8080] if MARK else [80, 80, 80, 8080, 8080, 8080]
def at(a, port): return ('[%s]:%d' if ':' in a else '%s:%d') % (a, port)
S = '-f 7' if MARK else '-%s %s' % ('u' if UDP else 't', at(vip, SP))
def flags(sched):
    return ' -b ' + R.choice(('x-fallback', 'x-port', 'x-port,x-fallback')).replace('x', sched) if sched in ('sh', 'mh') and R.random() < .6 else ''
def run(c):
    print('ipvsadm', c); print(sh('ipvsadm ' + c), end='')
def dest(i, verb):
    f = ''
    if verb != '-d':
        f = ' -m -w %d' % R.choice((0, 1, 1, 2, 3, 4, 5, 6, 10, 40, 100))
        x = R.random()
        if x < .25: f += ' -x %d' % R.choice((2, 3, 6))
        elif x < .35: f += ' -x 5 -y %d' % R.choice((1, 3))
    run('%s %s -r %s%s' % (verb, S, at(RS[i], PORTS[i]), f))
there = []
def edit():
    x = R.random()
    away = [i for i in range(6) if i not in there]
    if away and (x < .2 or len(there) < 2):
        i = R.choice(away); there.append(i); dest(i, '-a')
    elif x < .35: i = R.choice(there); there.remove(i); dest(i, '-d')
    elif x < .85: dest(R.choice(there), '-e')
    elif x < .92: run('-E %s -s %s%s' % (S, SCHED, flags(SCHED)))
    else:
        other = R.choice(('rr', 'wlc', 'sh', 'fo'))
        run('-E %s -s %s' % (S, other)); connections(2); run('-E %s -s %s%s' % (S, SCHED, flags(SCHED)))
port = [1000]
live = []
def took(wait=0.3):
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]; o = 20 if p[0] >> 4 == 4 else 40
    if who == 'cl': return {1: 'refused', 58: 'refused', 6: 'reset'}.get(p[9] if o == 20 else p[6], 'cl')
    return who[2:] + ('' if struct.unpack('!H', p[o + 2:o + 4])[0] == (SP or 80) else "'")
def connection():
    port[0] += 1
    c, v = R.choice(CLIENTS), R.choice(ASKED)
    if UDP: inject('cl', pudp(c, port[0], v, SP or 80, b'x'))
    else:
        inject('cl', ptcp(c, port[0], v, SP or 80, 'S')); live.append((c, port[0], v))
    return took()
def connections(n): print('  ', ' '.join(connection() for _ in range(n)))
def ends():
    out = []
    for _ in range(min(len(live), R.randrange(1, 9))):
        c, p, v = live.pop(R.randrange(len(live)))
        inject('cl', ptcp(c, p, v, SP or 80, 'A')); took(0.1)
        inject('cl', ptcp(c, p, v, SP or 80, 'FA')); out.append(took(0.1))  # inactive, for longer than the scene lasts
    print('  ended:', ' '.join(out))
run('-A %s -s %s%s' % (S, SCHED, flags(SCHED)))
for _ in range(3): edit()
for n in range(45):
    x = R.random()
    if x < .45: edit()
    elif x < .9: connections(R.randrange(1, 13))
    elif not UDP: ends()
    if n % 15 == 14: ls('-Ln')
P
