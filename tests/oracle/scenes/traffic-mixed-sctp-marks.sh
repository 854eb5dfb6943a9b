# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "SCTP by mark: persistence that TCP shares, NAT, direct routing and tunnel, closed and begun again, schedule_icmp"
topo tun 3
q ipvsadm -A -f 5 -s rr -p 100
q ipvsadm -a -f 5 -r 10.2.1.100 -m
q ipvsadm -a -f 5 -r 10.2.2.100 -g
q ipvsadm -a -f 5 -r 10.2.3.100 -i --tun-type gue --tun-port 6080 --tun-csum
q ipvsadm -A -f 6 -s sh -b sh-port
q ipvsadm -a -f 6 -r 10.2.1.100:2905 -m
q ipvsadm -a -f 6 -r 10.2.2.100 -i
mark_in 5 -d 10.0.0.1
mark_in 6 -d 10.0.0.2 -p sctp
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
T = []
for n in range(256):
    for _ in range(8): n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    T.append(n)
def crc(b):
    c = 0xffffffff
    for x in b: c = c >> 8 ^ T[(c ^ x) & 255]
    return struct.pack('<I', c ^ 0xffffffff)
def psctp(src, sport, dst, dport, *kinds, ttl=64):
    h = struct.pack('!HHI', sport, dport, 7)
    c = b''.join(struct.pack('!BBH', k, 0, 20) + bytes(16) for k in kinds)
    return ip4(src, dst, 132, h + crc(h + bytes(4) + c) + c, ttl)
def line(p):
    if p[9] in (4, 17): return '%s > %s proto=%d / %s' % (inet_ntoa(p[12:16]), inet_ntoa(p[16:20]), p[9], line(p[20 if p[9] == 4 else 32:]))
    l = show(p)
    if p[9] != 132: return l
    b = p[20:struct.unpack('!H', p[2:4])[0]]
    return '%s sctp %d>%d chunk=%d sum=%s' % (l, *struct.unpack('!HH', b[:4]), b[12], 'ok' if crc(b[:8] + bytes(4) + b[12:]) == b[8:12] else 'BAD')
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2', 'rs3'); inject(where, pkt)
    got = s.get(0.2)
    for w, d in sorted(got, key=lambda x: x[0]): print('  %s: %s' % (w, line(d[14:])))
    if not got: print('  (nothing)')
INIT, IACK, ABORT, SHUT, SACK, ECHO, CACK, DONE, DATA = 1, 2, 6, 7, 8, 10, 11, 14, 0
A, B, C = '10.1.8.5', '10.1.8.6', '10.1.8.7'
for who in (A, B, C):
    step('INIT of ' + who, 'cl', psctp(who, 1000, VIP, 2904, INIT))
    step('TCP of ' + who, 'cl', ptcp(who, 1000, VIP, 80, 'S'))
    step('another INIT of ' + who, 'cl', psctp(who, 1001, VIP, 2905, INIT))
    step('its COOKIE ECHO', 'cl', psctp(who, 1001, VIP, 2905, ECHO))
    step('COOKIE ECHO of ' + who, 'cl', psctp(who, 1000, VIP, 2904, ECHO))
    step('DATA of ' + who, 'cl', psctp(who, 1000, VIP, 2904, DATA))
lnc(); ls('-Ln --persistent-conn')
step('INIT ACK by NAT', 'rs1', psctp('10.2.1.100', 2904, A, 1000, IACK))
step('INIT ACK by NAT', 'rs1', psctp('10.2.1.100', 2904, B, 1000, IACK))
step('INIT ACK by NAT', 'rs1', psctp('10.2.1.100', 2904, C, 1000, IACK))
for who in (A, B, C):
    for k in (ECHO, SHUT, DONE): step('chunk %d of %s' % (k, who), 'cl', psctp(who, 1000, VIP, 2904, k))
lnc()
for who in (A, B, C):
    step('ABORT of ' + who, 'cl', psctp(who, 1000, VIP, 2904, ABORT))
    step('INIT again of ' + who, 'cl', psctp(who, 1000, VIP, 2904, INIT))
    step('COOKIE ECHO again of ' + who, 'cl', psctp(who, 1000, VIP, 2904, ECHO))
for port in range(3000, 3004):
    step('by hash', 'cl', psctp(A, port, VIP2, 2904, INIT))
    step('by hash, ABORT', 'cl', psctp(A, port, VIP2, 2904, ABORT))
print(sh('ipvsadm -d -f 6 -r 10.2.1.100:2905'), end='')
for port in range(3000, 3004):
    step('a server less', 'cl', psctp(A, port, VIP2, 2904, INIT))
    step('a server less, COOKIE ECHO', 'cl', psctp(A, port, VIP2, 2904, ECHO))
step('ttl 1', 'cl', psctp(A, 4001, VIP2, 2904, INIT, ttl=1))
lnc(); ls('-Ln --persistent-conn')
time.sleep(2.5); ls('-Ln --stats')
P
