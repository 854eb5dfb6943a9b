. "$ORACLE_LIB/lib.sh"
note "connections that were heard of: methods, destinations that come and go, replacement, packets, and telling of them again"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
for i in 1 2; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -g
q ipvsadm -A -t 10.0.0.3:0 -s rr -p 50
q ipvsadm -a -t 10.0.0.3:0 -r 10.2.1.100:0 -m
q ipvsadm --start-daemon backup --mcast-interface c0
q ipvsadm --start-daemon master --mcast-interface c0 --syncid 8
py <<'P'
C, R1, R2, R3 = '10.1.8.5', '10.2.1.100', '10.2.2.100', '10.2.3.100'
def v1(*conns):
    b = b''.join(conns); return struct.pack('!BBHBbH', 0, 5, 8 + len(b), len(conns), 1, 0) + b
def c4(cport, flags=0, state=1, daddr=R1, dport=80, timeout=900, proto=6, vport=80, vip=VIP):
    return struct.pack('!BBHIHHHHII', 0, proto, 36, flags, state, cport, vport, dport, 0, timeout) + inet_aton(C) + inet_aton(vip) + inet_aton(daddr)
def send(*conns): inject('cl', pudp('10.1.0.2', 8848, '224.0.0.81', 8848, v1(*conns), ttl=1)); time.sleep(0.3)
s = Sniff('rs1', 'rs2', 'rs3')
def go(*ports, vip=VIP, f='A', dport=80):
    for port in ports: inject('cl', ptcp(C, port, vip, dport, f))
    s.show()
print('the method of the destination counts, not that of the message'); send(c4(1, 3), c4(2, 0, vip=VIP2), c4(3, 0x83, vip=VIP2)); lnc(); go(1); go(2, 3, vip=VIP2)
print('a service of all ports'); send(c4(4, vip=VIP3, vport=99, dport=99)); lnc(); ls('-Ln --persistent-conn'); go(4, vip=VIP3, dport=99)
print('nobody knows the destination: by NAT and by routing'); send(c4(5, 0, daddr=R3, dport=8080), c4(6, 0x83, daddr=R3)); lnc(); go(5, 6)
print('it is told again with another destination: replaced'); send(c4(1, 0, daddr=R2)); lnc(); go(1)
print('an inactive one with another destination: ignored'); send(c4(1, 0x100, 4, daddr=R1)); lnc(); ls()
q = lambda c: subprocess.run(c.split(), check=True)
q('ipvsadm -a -t 10.0.0.1:80 -r 10.2.3.100:8080 -m'); print('the destination comes, and the connection is told again'); send(c4(5, 0, daddr=R3, dport=8080)); ls(); go(5)
q('ipvsadm -d -t 10.0.0.1:80 -r 10.2.3.100:8080'); print('it goes'); go(5); ls()
m = Sniff('cl')
print('packets of what was heard are told')
for k in range(50): inject('cl', ptcp(C, 1, VIP, 80, 'A'))
inject('cl', ptcp(C, 2, VIP2, 80, 'FA')); sync_got(m); s.get()
print('weights and thresholds do not matter to what is heard')
q('ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.100 -m -w 0 -x 1'); send(c4(20), c4(21), c4(22)); ls(); go(20, 22)
P
