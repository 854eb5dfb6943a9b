# limit: 150
. "$ORACLE_LIB/lib.sh"
note "which packets are told: sync_threshold, sync_period, sync_refresh_period, sync_persist_mode, by packets' numbers"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -t 10.0.0.2:80 -s rr -p 100
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr -p 100 -o
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.100 -m
q ipvsadm --start-daemon master --mcast-interface c0 --syncid 5
py <<'P'
C = '10.1.8.5'
s = Sniff('cl')
def i(port, f, vip=VIP): inject('cl', ptcp(C, port, vip, 80, f, seqn=1, ackn=1))
def many(port, n, vip=VIP):
    i(port, 'S', vip)
    for k in range(n - 1): i(port, 'A', vip)
def udp(port, n, vip=VIP):
    for k in range(n): inject('cl', pudp(C, port, vip, 53, b'x'))
def setting(threshold, period): sysctl('net.ipv4.vs.sync_threshold', '%d %d' % (threshold, period))
setting(2, 5); many(1, 13); print('2 5, 13 packets'); sync_got(s)
setting(0, 4); udp(2, 9); print('0 4, 9 datagrams'); sync_got(s)
setting(3, 0); many(3, 9); print('3 0, 9 packets'); sync_got(s)
i(3, 'FA'); print('its end'); sync_got(s)
many(4, 5, VIP2); i(4, 'FA', VIP2); print('3 0 with a template'); sync_got(s)
many(5, 3, VIP2); print('3 0 with the same template'); sync_got(s)
setting(3, 0); sysctl('net.ipv4.vs.sync_refresh_period', 1000); many(6, 5); udp(6, 5); print('3 0, refresh, 5 packets'); sync_got(s)
setting(2, 3); many(7, 9); print('2 3, refresh, 9 packets'); sync_got(s)
i(7, 'FA'); i(7, 'A'); i(7, 'R'); print('its end, answers and reset'); sync_got(s)
many(8, 6, VIP2); print('2 3, refresh, with a template'); sync_got(s)
sysctl('net.ipv4.vs.sync_refresh_period', 0); sysctl('net.ipv4.vs.sync_persist_mode', 1)
many(9, 6, VIP2); i(9, 'FA', VIP2); many(10, 4); print('persist mode'); sync_got(s)
sysctl('net.ipv4.vs.sync_persist_mode', 0)
udp(11, 3, VIP2); print('one-packet connections with a template'); sync_got(s)
sysctl('net.ipv4.vs.sync_version', 0); udp(11, 3, VIP2); print('the same, version 0'); sync_got(s)
P
