# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "cache_bypass beside expire_nodest_conn, persistence, port reuse, one packet and a deletion"
topo nat 2
q ip rule add fwmark 1 lookup 100
q ip rule add fwmark 2 lookup 100
q ip rule add fwmark 3 lookup 100
q ip route add local 0.0.0.0/0 dev lo table 100
q ipvsadm -A -f 1 -s rr
q ipvsadm -A -f 2 -s rr -p 100
q ipvsadm -A -f 3 -s rr -o
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
mark_in 1 -d 10.2.0.0/16 -p tcp --dport 80
mark_in 2 -d 10.2.0.0/16 -p tcp --dport 443
mark_in 3 -d 10.2.0.0/16 -p udp --dport 53
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
C, E = '10.1.8.5', '10.2.2.100'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2'); inject(where, pkt); s.show(0.15)
sysctl('net.ipv4.vs.cache_bypass', 1)
for v in (0, 1):
    print('expire_nodest_conn=%d' % v)
    sysctl('net.ipv4.vs.expire_nodest_conn', v)
    for port in (80, 443):
        for flags in ('S', 'A', 'PA', 'S', 'FA', 'A', 'R', 'A', 'S', 'A'): step('%s to port %d' % (flags, port), 'cl', ptcp(C, 1000 + v, E, port, flags))
    for i in range(2): step('one packet', 'cl', pudp(C, 1000 + v, E, 53, b'x'))
    lnc()
step('its answer', 'rs2', ptcp(E, 80, C, 1001, 'A'))
print(sh('ipvsadm -a -f 2 -r 10.2.1.100 -m'), end='')
step('a destination: what is known', 'cl', ptcp(C, 1001, E, 443, 'A'))
step('a destination: SYN of what is known', 'cl', ptcp(C, 1001, E, 443, 'S'))
step('a destination: a new one', 'cl', ptcp(C, 1010, E, 443, 'S'))
print(sh('ipvsadm -d -f 2 -r 10.2.1.100'), end='')
lnc()
step('deleted: what is known', 'cl', ptcp(C, 1001, E, 443, 'A'))
step('deleted: of the deleted one', 'cl', ptcp(C, 1010, E, 443, 'A'))
step('deleted: SYN of the deleted one', 'cl', ptcp(C, 1010, E, 443, 'S'))
step('beside the marks', 'cl', ptcp(C, 1000, VIP, 80, 'S'))
print(sh('ipvsadm -d -t 10.0.0.1:80 -r 10.2.1.100'), end='')
step('beside the marks, deleted', 'cl', ptcp(C, 1000, VIP, 80, 'A'))
sysctl('net.ipv4.vs.cache_bypass', 0)
step('cache_bypass=0: known', 'cl', ptcp(C, 1001, E, 80, 'A'))
step('cache_bypass=0: SYN of what is known', 'cl', ptcp(C, 1001, E, 80, 'S'))
step('cache_bypass=0: new', 'cl', ptcp(C, 1020, E, 80, 'S'))
lnc(); ls('-Ln --persistent-conn')
time.sleep(2.5); ls('-Ln --stats')
P
