# limit: 150
. "$ORACLE_LIB/lib.sh"
note "sync_refresh_period and sync_retries as time passes: when the same is told again"
topo nat 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -t 10.0.0.2:80 -s rr -p 100
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -m
q ipvsadm --start-daemon master --mcast-interface c0 --syncid 5
py <<'P'
C = '10.1.8.5'
s = Sniff('cl')
def udp(port, n=1):
    for k in range(n): inject('cl', pudp(C, port, VIP, 53, b'x'))
def tcp(port, f): inject('cl', ptcp(C, port, VIP2, 80, f, seqn=1, ackn=1))
sysctl('net.ipv4.vs.sync_threshold', '1 0'); sysctl('net.ipv4.vs.sync_refresh_period', 16); sysctl('net.ipv4.vs.sync_retries', 2)
udp(1, 3); print('first'); sync_got(s)
for k in range(3): udp(1, 2); print('retry', k); sync_got(s)
sysctl('net.ipv4.vs.sync_retries', 0); udp(2, 2); print('without retries'); sync_got(s); udp(2, 2); print('again'); sync_got(s)
sysctl('net.ipv4.vs.sync_refresh_period', 3); udp(2, 2); print('a period of 3'); sync_got(s); udp(2, 2); sync_got(s)
for f in 'SAA': tcp(3, f)
print('a connection and its template'); sync_got(s)
tcp(3, 'A'); print('again'); sync_got(s)
sysctl('net.ipv4.vs.sync_threshold', '1 2'); tcp(3, 'A'); tcp(3, 'A'); print('by numbers too'); sync_got(s)
tcp(3, 'FA'); print('its end'); sync_got(s); tcp(3, 'A'); print('after it'); sync_got(s)
P
