. "$ORACLE_LIB/lib.sh"
note "packets with little time to live: the connection is made all the same; answers; no destination"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
py <<'P'
C, R = '10.1.8.5', '10.2.1.100'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
step('SYN with ttl 1', 'cl', ptcp(C, 1, VIP, 80, 'S', ttl=1))
step('SYN with ttl 2', 'cl', ptcp(C, 2, VIP, 80, 'S', ttl=2))
step('answer with ttl 1', 'rs1', ptcp(R, 80, C, 2, 'SA', ttl=1))
lnc()
step('FIN with ttl 1', 'cl', ptcp(C, 2, VIP, 80, 'FA', ttl=1))
step('UDP with ttl 1', 'cl', pudp(C, 3, VIP, 53, b'x', ttl=1))
step('answer with ttl 2', 'rs1', pudp(R, 53, C, 3, b'x', ttl=2))
step('no destination, ttl 1', 'cl', pudp(C, 4, VIP2, 53, b'x', ttl=1))
step('answer that belongs to nobody, ttl 1', 'rs1', pudp(R, 53, C, 5, b'x', ttl=1))
lnc(); time.sleep(2.5); ls('-Ln --stats')
P
