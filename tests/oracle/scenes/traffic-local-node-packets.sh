. "$ORACLE_LIB/lib.sh"
note "destinations on the director itself, packet by packet: ttl, closed ports, answers of local processes, counters"
topo nat 1
serve dir:udp:53 dir:udp:5353 dir:tcp:8080 udp:53
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.1:5353 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.1.0.1 -g
q ipvsadm -A -u 10.0.0.1:54 -s rr
q ipvsadm -a -u 10.0.0.1:54 -r 10.2.1.1:5454 -m
q ipvsadm -A -u 10.0.0.2:54 -s rr
q ipvsadm -a -u 10.0.0.2:54 -r 10.1.0.1 -g
q ipvsadm -A -u 10.0.0.3:53 -s rr
q ipvsadm -a -u 10.0.0.3:53 -r 127.0.0.1 -m
q ipvsadm -A -u 10.0.0.3:54 -s rr
q ipvsadm -a -u 10.0.0.3:54 -r 127.0.0.1 -g
q ipvsadm -A -t 10.0.0.1:81 -s rr
q ipvsadm -a -t 10.0.0.1:81 -r 10.2.1.1:8181 -m
q ipvsadm -A -t 10.0.0.2:81 -s rr
q ipvsadm -a -t 10.0.0.2:81 -r 10.0.0.2 -g
for x in 53:5353; do
    q ipvsadm -A -u "[2001:db8::1]:${x%:*}" -s rr
    q ipvsadm -a -u "[2001:db8::1]:${x%:*}" -r "[2001:db8:1::1]:${x#*:}" -m
done
q ipvsadm -A -u '[2001:db8::1]:5353' -s rr
q ipvsadm -a -u '[2001:db8::1]:5353' -r '[::1]:5353' -g
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
step('NAT', 'cl', pudp(C, 1, VIP, 53, b'q'))
step('NAT, ttl 1', 'cl', pudp(C, 2, VIP, 53, b'q', ttl=1))
step('DR', 'cl', pudp(C, 1, VIP2, 53, b'q'))
step('DR, ttl 1', 'cl', pudp(C, 2, VIP2, 53, b'q', ttl=1))
step('NAT, closed port', 'cl', pudp(C, 1, VIP, 54, b'q'))
step('DR, closed port', 'cl', pudp(C, 1, VIP2, 54, b'q'))
step('NAT to 127.0.0.1', 'cl', pudp(C, 1, VIP3, 53, b'q'))
step('DR to 127.0.0.1, closed port', 'cl', pudp(C, 1, VIP3, 54, b'q'))
step('TCP, NAT, closed port', 'cl', ptcp(C, 1, VIP, 81, 'S'))
step('TCP, DR, closed port', 'cl', ptcp(C, 1, VIP2, 81, 'S'))
step('UDP without checksum', 'cl', ip4(C, VIP, 17, struct.pack('!HHHH', 2223, 53, 12, 0) + b'abcd'))
step('IPv6 NAT', 'cl', pudp(C6, 1, VIP6, 53, b'q'))
step('IPv6 NAT, hop limit 1', 'cl', pudp(C6, 2, VIP6, 53, b'q', ttl=1))
step('IPv6 DR to ::1', 'cl', pudp(C6, 1, VIP6, 5353, b'q'))
step('from a server, to the virtual address', 'rs1', pudp('10.2.1.2', 9, VIP, 53, b'q'))
lnc(); time.sleep(2.5); ls('-Ln --stats')
P
