. "$ORACLE_LIB/lib.sh"
note "drop_entry: half-open connections go at random, others stay"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100 -m
py <<'P'
C = '10.1.8.5'
chunk = lambda kind: bytes(12) + struct.pack('!BBH', kind, 0, 4)
psctp = lambda sport, kind: ip4(C, VIP, 132, struct.pack('!HH', sport, 2904) + chunk(kind)[4:])
for i in range(400): inject('cl', ptcp(C, 1000 + i, VIP, 80, 'S'))
for i in range(100):
    for f in 'SA': inject('cl', ptcp(C, 2000 + i, VIP, 80, f))
    for f in ('S', 'A', 'FA'): inject('cl', ptcp(C, 3000 + i, VIP, 80, f))
    inject('cl', pudp(C, 4000 + i, VIP, 53, b'x'))
    for k in (1, 1): inject('cl', psctp(5000 + i, k))
def count():
    out = {}
    for f in conns(): out[f[0] + ' ' + f[2]] = out.get(f[0] + ' ' + f[2], 0) + 1
    return out
before = count()
print('before:', *('%s %d' % x for x in sorted(before.items())))
sysctl('net.ipv4.vs.drop_entry', 3)
time.sleep(5.5)
sysctl('net.ipv4.vs.drop_entry', 0)
after = count()
for k in sorted(before):
    gone = before[k] - after.get(k, 0)
    print('%-16s %s' % (k, 'all there' if not gone else 'some gone' if gone < before[k] else 'all gone'))
time.sleep(1.5)
print('then nothing more goes:', count() == after)
P
