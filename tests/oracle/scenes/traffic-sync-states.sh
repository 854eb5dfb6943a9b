# limit: 150
. "$ORACLE_LIB/lib.sh"
note "what is told of states: answers, resets, time wait, reuse, SCTP; sizes of messages, changes of the version"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -A --sctp-service 10.0.0.1:80 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -i
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:53' -m
q ipvsadm --start-daemon master --mcast-interface c0 --syncid 5 --sync-maxlen 130
py <<'P'
C, R = '10.1.8.5', '10.2.1.100'
s = Sniff('cl')
def c(port, f): inject('cl', ptcp(C, port, VIP, 80, f, seqn=1, ackn=1))
def r(port, f): inject('rs1', ptcp(R, 8080, C, port, f, seqn=1, ackn=1))
c(1, 'S'); r(1, 'SA'); c(1, 'A'); r(1, 'A'); c(1, 'PA'); print('answered'); sync_got(s)
r(1, 'FA'); c(1, 'A'); c(1, 'FA'); r(1, 'A'); print('the server ends it'); sync_got(s)
c(1, 'S'); r(1, 'SA'); c(1, 'A'); c(1, 'A'); print('used again'); sync_got(s)
r(1, 'R'); c(1, 'A'); print('reset by the server'); sync_got(s)
def sctp(port, *chunks): inject('cl', ip4(C, VIP, 132, struct.pack('!HHII', port, 80, 1, 0) + b''.join(struct.pack('!BBH', k, 0, 20) + bytes(16) for k in chunks)))
def sctp_back(port, *chunks): inject('rs1', ip4(R, C, 132, struct.pack('!HHII', 8080, port, 1, 0) + b''.join(struct.pack('!BBH', k, 0, 20) + bytes(16) for k in chunks)))
sctp(2, 1); sctp_back(2, 2); sctp(2, 10); sctp_back(2, 11); sctp(2, 0); sctp(2, 0); print('SCTP'); sync_got(s)
sctp(2, 7); sctp_back(2, 8); sctp(2, 14); print('its end'); sync_got(s)
def udp(port, vip=VIP): inject('cl', pudp(C if vip == VIP else '2001:db8:8::5', port, vip, 53, b'x'))
for port in range(10, 16):
    for k in range(3): udp(port, VIP6 if port % 2 else VIP)
print('several, in messages of 130 bytes'); sync_got(s)
for k in range(3): udp(25)
sysctl('net.ipv4.vs.sync_version', 0)
for k in range(3): udp(26)
sysctl('net.ipv4.vs.sync_version', 1)
for k in range(3): udp(27)
print('another version amid it'); sync_got(s)
P
t ipvsadm --stop-daemon master
t ipvsadm --start-daemon master --mcast-interface c0 --syncid 9 --sync-maxlen 1
py <<'P'
s = Sniff('cl')
for port in (30, 31):
    for k in range(3): inject('cl', pudp('10.1.8.5', port, VIP, 53, b'x'))
for k in range(3): inject('cl', pudp('2001:db8:8::5', 32, VIP6, 53, b'x'))
print('messages of one byte'); sync_got(s)
P
