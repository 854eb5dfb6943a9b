. "$ORACLE_LIB/lib.sh"
note "nat_icmp_send: which packets of servers are refused, both families, other methods, port 0, weight 0, fragments"
topo nat 2
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100:5353 -m -w 0
q ipvsadm -A -u 10.0.0.1:55 -s rr
q ipvsadm -a -u 10.0.0.1:55 -r 10.2.1.100 -g
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:8080 -m
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:8080' -m
q ipvsadm -A -u 10.0.0.2:0 -s rr -p 100
q ipvsadm -a -u 10.0.0.2:0 -r 10.2.2.100:0 -m
q ipvsadm -A -f 7 -s rr
q ipvsadm -a -f 7 -r 10.2.2.100:77 -m
q ipvsadm -A -f 8 -s rr
q ipvsadm -a -f 8 -r 10.2.2.100:0 -m
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100:2905 -m
py <<'P'
C, R, R2, C6, R6 = '10.1.8.5', '10.2.1.100', '10.2.2.100', '2001:db8:8::5', '2001:db8:2:1::100'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2'); inject(where, pkt); s.show(0.15)
psctp = lambda src, sport, dst, dport, kind: ip4(src, dst, 132, struct.pack('!HHII', sport, dport, 7, 99) + struct.pack('!BBH', kind, 0, 4))
sysctl('net.ipv4.vs.nat_icmp_send', 1)
step('UDP, quiesced server', 'rs1', pudp(R, 5353, C, 2222, b'x'))
step('UDP, from the virtual port', 'rs1', pudp(R, 53, C, 2222, b'x'))
step('UDP, direct routing', 'rs1', pudp(R, 55, C, 2222, b'x'))
for f in ('S', 'SA', 'A', 'FA', 'R', 'RA'):
    step('TCP ' + f, 'rs1', ptcp(R, 8080, C, 2222, f))
step('TCP over IPv6', 'rs1', ptcp(R6, 8080, C6, 2222, 'A'))
step('TCP RST over IPv6', 'rs1', ptcp(R6, 8080, C6, 2222, 'R'))
step('another protocol with that port', 'rs1', pudp(R, 8080, C, 2222, b'x'))
step('port 0 service', 'rs2', pudp(R2, 53, C, 2222, b'x'))
step('port 0 itself', 'rs2', pudp(R2, 0, C, 2222, b'x'))
step('mark service, UDP', 'rs2', pudp(R2, 77, C, 2222, b'x'))
step('mark service, TCP', 'rs2', ptcp(R2, 77, C, 2222, 'A'))
step('SCTP DATA', 'rs1', psctp(R, 2905, C, 2222, 0))
step('SCTP ABORT', 'rs1', psctp(R, 2905, C, 2222, 6))
step('TTL 1', 'rs1', ptcp(R, 8080, C, 2222, 'A', ttl=1))
step('to the director itself', 'rs1', ptcp(R, 8080, '10.2.1.1', 2222, 'A'))
step('to a virtual address', 'rs1', ptcp(R, 8080, VIP, 2222, 'A'))
step('to the other server', 'rs1', ptcp(R, 8080, R2, 2222, 'A'))
big = l4('udp', R, C, 5353, 2222, data=b'y' * 2000)
print('fragments'); s = Sniff('cl', 'rs1')
for i in range(0, len(big), 1000): inject('rs1', ip4(R, C, 17, big[i:i + 1000], df=False, frag=i // 8, mf=i + 1000 < len(big)))
s.show(0.2)
step('a long one', 'rs1', pudp(R, 5353, C, 2222, b'z' * 1000))
step('connection begins', 'cl', ptcp(C, 2300, VIP, 80, 'S'))
step('its answer', 'rs1', ptcp(R, 8080, C, 2300, 'SA'))
time.sleep(2.5); ls('-Ln --stats')
q = subprocess.run(['ipvsadm', '-D', '-t', '10.0.0.1:80'])
step('service deleted', 'rs1', ptcp(R, 8080, C, 2222, 'A'))
q = subprocess.run(['ipvsadm', '-d', '-u', '10.0.0.1:53', '-r', '10.2.1.100:5353'])
step('destination deleted', 'rs1', pudp(R, 5353, C, 2222, b'x'))
P
