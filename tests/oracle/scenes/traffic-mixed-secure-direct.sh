# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "secure_tcp with direct routing and tunnels: assured templates, answers over the director, port reuse, FIN_WAIT"
topo tun 2
for i in all s1 s2; do echo 1 > /proc/sys/net/ipv4/conf/$i/accept_local; done
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 100
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -g
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.100 -i
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -g
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.2.100 -i
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2'); inject(where, pkt); s.show(0.15)
def life(client, port, vip, server):
    step('SYN', 'cl', ptcp(client, port, vip, 80, 'S')); lnc(client)
    step('SYN ACK over the director', server, ptcp(vip, 80, client, port, 'SA')); lnc(client)
    step('ACK', 'cl', ptcp(client, port, vip, 80, 'A')); lnc(client)
    step('FIN', 'cl', ptcp(client, port, vip, 80, 'FA')); lnc(client)
    step('SYN again', 'cl', ptcp(client, port, vip, 80, 'S')); lnc(client)
for value in (3, 0):
    sysctl('net.ipv4.vs.secure_tcp', value)
    print('secure_tcp=%d, with persistence' % value)
    life('10.1.8.%d' % (10 + value), 1000, VIP, 'rs2')
    life('10.1.8.%d' % (20 + value), 1000, VIP, 'rs1')
    print('without')
    life('10.1.8.%d' % (30 + value), 1000, VIP2, 'rs2')
    life('10.1.8.%d' % (40 + value), 1000, VIP2, 'rs1')
ls('-Ln --persistent-conn')
for value in (3, 0):
    sysctl('net.ipv4.vs.secure_tcp', value)
    for mode in (0, 1, 2, 3):
        sysctl('net.ipv4.vs.conn_reuse_mode', mode)
        for vip in (VIP, VIP2):
            client = '10.1.8.%d' % (50 + value * 4 + mode)
            for flags in ('S', 'A', 'FA', 'S', 'R', 'S'): step('secure_tcp=%d, conn_reuse_mode=%d: %s' % (value, mode, flags), 'cl', ptcp(client, 1000, vip, 80, flags))
            lnc(client)
sysctl('net.ipv4.vs.secure_tcp', 3); sysctl('net.ipv4.vs.conn_reuse_mode', 1)
print(sh('ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.100 -g -w 0'), end='')
sysctl('net.ipv4.vs.expire_nodest_conn', 1)
for flags in ('S', 'A', 'S'): step('a server quiesced, expire_nodest_conn: ' + flags, 'cl', ptcp('10.1.8.13', 1000, VIP, 80, flags))
for flags in ('S', 'A', 'S'): step('a server quiesced, expire_nodest_conn: ' + flags, 'cl', ptcp('10.1.8.23', 1000, VIP, 80, flags))
lnc(); ls('-Ln --persistent-conn')
time.sleep(2.5); ls('-Ln --stats')
P
