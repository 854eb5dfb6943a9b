# SPDX-License-Identifier: Apache-2.0
"""Writes a scene of random rules, edits and packets, to be recorded on the kernel and held against ours.

    python tests/oracle/random_scene.py SEED [FEATURE...] > mix-SEED.sh

Features: dr tunnel persist marks ops ipv6 udp sctp schedulers sysctls icmp. Without any: all of them.
"""

from __future__ import annotations

import sys

FEATURES = ("dr", "tunnel", "persist", "marks", "ops", "ipv6", "udp", "sctp", "schedulers", "sysctls", "icmp")

SCENE = r"""# limit: 120
. "$ORACLE_LIB/lib.sh"
note "random rules, edits and packets: seed @SEED@, @WITH@"
topo nat 3
@MARKS@
py <<'P'
import random
R = random.Random(@SEED@)
F = '@WITH@'.split()
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
V6 = 'ipv6' in F and R.random() < .35
CLIENTS = ['2001:db8:8::%x' % i for i in (5, 6, 0x105)] if V6 else ['10.1.8.5', '10.1.8.6', '10.1.8.77', '10.1.8.200']
VIPS = ['2001:db8::1'] if V6 else [VIP, VIP2, VIP3]
RS = ['2001:db8:2:%d::100' % i if V6 else '10.2.%d.100' % i for i in (1, 2, 3)]
PORTS = [80, 443, 8080, 21, 1500]
def at(a, port): return ('[%s]:%d' if ':' in a else '%s:%d') % (a, port)
SCHEDS = ['rr', 'wrr', 'lc', 'wlc', 'sh', 'dh'] + (['sed', 'nq', 'fo', 'ovf', 'mh', 'lblc', 'lblcr'] if 'schedulers' in F else [])
METHODS = ['-m', '-m'] + (['-g'] if 'dr' in F else []) + (['-i'] if 'tunnel' in F else [])
KINDS = ['t', 't'] + (['u'] if 'udp' in F else []) + (['-sctp-service'] if 'sctp' in F else []) + (['f'] if 'marks' in F else [])
services = []
def hash_of(x): return sum(map(ord, repr(x))) * 7 // 3
CRC = []
for n in range(256):
    for _ in range(8): n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    CRC.append(n)
def crc32c(data):
    c = 0xffffffff
    for b in data: c = CRC[(c ^ b) & 255] ^ c >> 8
    return c ^ 0xffffffff
def psctp(src, sport, dst, dport, chunk):
    body = struct.pack('!HHI', sport, dport, 77); rest = struct.pack('!BBHIHHI', chunk, 0, 20, 1, 10, 10, 9)
    seg = body + struct.pack('<I', crc32c(body + bytes(4) + rest)) + rest
    return ip6(src, dst, 132, seg) if ':' in src else ip4(src, dst, 132, seg)
def crc_of(p):
    seg = p[40:] if p[0] >> 4 == 6 else p[20:]
    return 'ports %d %d crc %s' % (*struct.unpack('!HH', seg[:4]), 'ok' if seg[8:12] == struct.pack('<I', crc32c(seg[:8] + bytes(4) + seg[12:])) else 'BAD')
def new_service():
    k = R.choice(KINDS); flags = ''
    persist = 'persist' in F and R.random() < .45
    port = R.choice(PORTS[:4]) if not persist or R.random() < .6 else 0
    name = '-f %d%s' % (R.choice((7, 9)), ' -6' if V6 else '') if k == 'f' else '-%s %s' % (k, at(R.choice(VIPS), port))
    return (name, k)
def service_flags(k, zero=False):
    out = '-s ' + R.choice(SCHEDS)
    if '-s sh' in out: out += R.choice(('', ' -b sh-port', ' -b sh-fallback', ' -b sh-port,sh-fallback'))
    if '-s mh' in out: out += R.choice(('', ' -b mh-port', ' -b mh-fallback', ' -b mh-port,mh-fallback'))
    if zero or 'persist' in F and R.random() < .4:
        out += ' -p %d' % R.choice((100, 200, 300))
        if R.random() < .4: out += ' -M ' + (R.choice(('64', '112', '120')) if V6 else R.choice(('255.255.255.0', '255.255.255.192', '255.255.255.254')))
    elif k in 'uf' and 'ops' in F and R.random() < .3: out += ' -o'
    return out
def dest_flags(name, i):
    # A method for good: the kernel keeps the way of the old one in a place that the new one uses too.
    out = METHODS[hash_of((name, i)) % len(METHODS)] + ' -w %d' % R.choice((0, 1, 1, 1, 2, 3, 5))
    if R.random() < .2: out += ' -x %d' % R.choice((2, 3, 6))
    return out
def run(c):
    print('ipvsadm', c); print(sh('ipvsadm ' + c), end='')
def add_service():
    name, k = new_service()
    run('-A %s %s' % (name, service_flags(k, ':0' in name)))
    if (name, k) not in services: services.append((name, k))
    for i in R.sample((0, 1, 2), R.choice((1, 2, 3, 3))): dest(name, i, '-a')
def dest(name, i, verb):
    port = 0 if ':0' in name or '-f' in name else int(name.rsplit(':', 1)[1].split()[0])
    f = dest_flags(name, i) if verb != '-d' else ''
    if '-m' in f and port and CHANGED.get((name, i)): port = 8000 + i
    run('%s %s -r %s %s' % (verb, name, at(RS[i], port), f))
CHANGED = {}
def edit():
    if not services or R.random() < .12: return add_service()
    name, k = R.choice(services); x = R.random()
    if x < .06: services.remove((name, k)); run('-D ' + name)
    elif x < .25: run('-E %s %s' % (name, service_flags(k, ':0' in name)))
    elif x < .5: dest(name, R.randrange(3), '-d')
    elif x < .75: dest(name, R.randrange(3), '-a')
    else: dest(name, R.randrange(3), '-e')
def what(p):
    return re.sub(r'(seq|ack|len|sum|tos|data)=\S+ ?', '', show(p)) + (crc_of(p) if (p[6] if p[0] >> 4 == 6 else p[9]) == 132 else '')
def took(wait=0.12):
    got = s.get(want=1, wait=wait)
    return '%s %s' % (got[0][0], what(got[0][1][14:])) if got else 'none'
recent = []
FLAGS = ('S', 'S', 'S', 'S', 'A', 'A', 'FA', 'R', 'SA', 'PA', 'F')
def client():
    c, p, v, d = R.choice(CLIENTS), 1000 + R.randrange(12), R.choice(VIPS), R.choice(PORTS)
    if recent and R.random() < .5: c, p, v, d = R.choice(recent)
    if services and R.random() < .7:
        n = R.choice(services)[0]
        if '-f' not in n:
            a, q = n.split(' ', 1)[1].rsplit(':', 1); v = a.strip('[]'); d = int(q) or d
    recent.append((c, p, v, d)); del recent[:-8]
    x = R.random()
    if 'udp' in F and x < .35: pkt, f = pudp(c, p, v, d, b'x'), 'udp'
    elif 'sctp' in F and x < .6: f = R.choice((1, 1, 1, 10, 0, 7, 8, 6, 14)); pkt = psctp(c, p, v, d, f); f = 'sctp %d' % f
    else: f = R.choice(FLAGS); pkt = ptcp(c, p, v, d, f, seqn=1, ackn=1)
    inject('cl', pkt); went = took()
    if 'sctp' in f and went[:2] in ('cl', 'no'): went = 'not forwarded'  # the host's own SCTP may be missing
    print('client', c, p, v, d, f, '->', went)
    if 'S' in f: time.sleep(0.03)
def server():
    i = R.randrange(3)
    c, p, v, d = R.choice(recent) if recent else (CLIENTS[0], 1000, VIPS[0], 80)
    src = RS[i] if R.random() < .8 else v
    x = R.random()
    if 'udp' in F and x < .35: pkt, f = pudp(src, d, c, p, b'x'), 'udp'
    elif 'sctp' in F and x < .6: f = R.choice((2, 11, 0, 3, 8, 7, 6)); pkt = psctp(src, d, c, p, f); f = 'sctp %d' % f
    else: f = R.choice(('SA', 'A', 'FA', 'R', 'PA')); pkt = ptcp(src, d, c, p, f, seqn=1, ackn=1)
    inject('rs%d' % (i + 1), pkt); print('rs%d' % (i + 1), src, d, c, p, f, '->', took())
def icmp():
    if not recent or V6: return
    c, p, v, d = R.choice(recent); kind = R.choice(((3, 3), (3, 4), (11, 0), (3, 1), (8, 0)))
    if R.random() < .5:
        i = R.randrange(3); where = 'rs%d' % (i + 1)
        inner = ip4(c, RS[i], R.choice((6, 17)), struct.pack('!HHHH', p, d, 8, 0)); outer = picmp('10.2.%d.2' % (i + 1), c, *kind, data=inner, rest=b'\0\0\4\0')
    else:
        where = 'cl'; inner = ip4(v, c, R.choice((6, 17)), struct.pack('!HHHH', d, p, 8, 0)); outer = picmp('10.1.8.9', v, *kind, data=inner, rest=b'\0\0\4\0')
    inject(where, outer); print('icmp', where, kind, c, p, v, d, '->', took())
SYSCTLS = (('conn_reuse_mode', (0, 1)), ('expire_nodest_conn', (0, 1)), ('expire_quiescent_template', (0, 1)), ('sloppy_tcp', (0, 1)), ('nat_icmp_send', (0, 1)))
def setting():
    n, vs = R.choice(SYSCTLS); v = R.choice(vs); print(n, v); sysctl('net.ipv4.vs.' + n, v)
for _ in range(3): add_service()
for n in range(90):
    x = R.random()
    if x < .12: edit()
    elif x < .15 and 'sysctls' in F: setting()
    elif x < .2 and 'icmp' in F: icmp()
    elif x < .8: client()
    else: server()
    if n % 30 == 29:
        time.sleep(0.03); ls('-Ln'); ls('-Ln --persistent-conn')
        print('\n'.join(sorted(' '.join(x[:1] + x[2:]) for x in conns())))
time.sleep(2.5); ls('-Ln --stats')
P
"""

MARKS = """mark_in 7 -d 10.0.0.1 -p tcp --dport 80
mark_in 7 -d 10.0.0.2 -p tcp
mark_in 9 -d 10.0.0.3"""


def scene(seed: int, features: tuple[str, ...]) -> str:
    """The text of a scene; the same for the same arguments."""
    text = SCENE.replace("@SEED@", str(seed)).replace("@WITH@", " ".join(features))
    return text.replace("@MARKS@", MARKS if "marks" in features else "")


def main(arguments: list[str]) -> None:
    """Print the scene that the command line asks for."""
    chosen = tuple(arguments[1:]) or FEATURES
    unknown = set(chosen) - set(FEATURES)
    if not arguments or not arguments[0].isdigit() or unknown:
        sys.exit(f"usage: random_scene.py SEED [{' | '.join(FEATURES)}]...")
    sys.stdout.write(scene(int(arguments[0]), chosen))


if __name__ == "__main__":
    main(sys.argv[1:])
