. "$ORACLE_LIB/lib.sh"
note "direct routing: answers over the director that do not count: their last hop, SCTP without a chunk"
topo nat 1
for i in all s1; do echo 1 > /proc/sys/net/ipv4/conf/$i/accept_local; done
for s in '-t 10.0.0.2:80' '--sctp-service 10.0.0.2:2904' '-u 10.0.0.2:53'; do
q ipvsadm -A $s -s rr
q ipvsadm -a $s -r 10.2.1.100 -g
done
py <<'P'
C = '10.1.8.5'
def state(port): return [(f[2], up10(int(f[1][:-3]) * 60 + int(f[1][-2:]))) for f in conns() if f[3] == '%s:%d' % (C, port)]
port = 1000
for ttl in (64, 2, 1, 0):
    for k in ('SA', 'A', 'FA', 'R'):
        port += 1
        inject('cl', ptcp(C, port, VIP2, 80, 'S'))
        inject('rs1', ptcp(VIP2, 80, C, port, k, ttl=ttl))
        a = state(port)
        inject('cl', ptcp(C, port, VIP2, 80, 'FA'))
        print('TCP, ttl', ttl, k, a, 'then FA', state(port))
chunk = lambda sport, dport, body: struct.pack('!HHII', sport, dport, 7, 99) + body
INIT, NONE, HALF, SHUT = struct.pack('!BBH', 1, 0, 4), b'', b'\7\0', struct.pack('!BBH', 7, 0, 4)
ECHO = struct.pack('!BBH', 10, 0, 4)
for name, body in (('no chunk', NONE), ('half a chunk', HALF), ('DATA', bytes((0, 0, 0, 4))), ('nothing', None)):
    for last in (ECHO, SHUT, struct.pack('!BBH', 2, 0, 4)):
        port += 1
        inject('cl', ip4(C, VIP2, 132, chunk(port, 2904, INIT)))
        if body is not None: inject('rs1', ip4(VIP2, C, 132, chunk(2904, port, body)))
        a = state(port)
        inject('cl', ip4(C, VIP2, 132, chunk(port, 2904, last)))
        print('SCTP', name, a, 'then', last[0], state(port))
time.sleep(2.5); ls('-Ln --stats')
P
