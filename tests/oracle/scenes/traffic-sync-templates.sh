. "$ORACLE_LIB/lib.sh"
note "templates of marks, of all ports, of networks and of Call-IDs, told and heard"
topo nat 2
mark_in 7 -p tcp -d 10.0.0.3 --dport 80
q ipvsadm -A -f 7 -s rr -p 100
q ipvsadm -a -f 7 -r 10.2.1.100 -m
q ipvsadm -A -t 10.0.0.1:0 -s rr -p 200 -M 255.255.255.0
q ipvsadm -a -t 10.0.0.1:0 -r 10.2.1.100:0 -m
q ipvsadm -A -u 10.0.0.1:5060 -s rr -p 100 --pe sip
for i in 1 2; do q ipvsadm -a -u 10.0.0.1:5060 -r 10.2.$i.100 -m; done
q ipvsadm -A -t '[2001:db8::1]:80' -s rr -p 100 -M 64
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:80' -m
q ipvsadm --start-daemon master --mcast-interface c0 --syncid 5
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
s = Sniff('cl')
def i(port, f, vip=VIP, dport=80): inject('cl', ptcp(C6 if ':' in vip else C, port, vip, dport, f, seqn=1, ackn=1))
for f in 'SAA': i(1, f, VIP3)
print('mark'); sync_got(s)
for f in 'SAA': i(2, f, VIP, 443)
print('all ports, network'); sync_got(s)
for f in 'SAA': i(3, f, VIP6)
print('IPv6 network'); sync_got(s)
def sip(port, call):
    m = 'OPTIONS sip:b@10.0.0.1 SIP/2.0\r\nCall-ID: %s\r\n\r\n' % call
    inject('cl', pudp(C, port, VIP, 5060, m.encode()))
for k in range(3): sip(4, 'one@x')
sip(5, 'number-two')
print('Call-IDs'); sync_got(s)
P
q ipvsadm --stop-daemon master
q ipvsadm --start-daemon backup --mcast-interface c0 --syncid 5
py <<'P'
C = '10.1.8.5'
def v1(*conns):
    b = b''
    for c in conns: b += bytes(-len(b) % 4) + c
    return struct.pack('!BBHBbH', 0, 5, 8 + len(b), len(conns), 1, 0) + b
def c4(cport, flags, state, daddr, dport=80, timeout=900, proto=6, vport=80, vip=VIP, opt=b'', mark=0, client=C):
    return struct.pack('!BBHIHHHHII', 0, proto, 36 + len(opt), flags, state, cport, vport, dport, mark, timeout) + inet_aton(client) + inet_aton(vip) + inet_aton(daddr) + opt
def o(t, d): return bytes((t, len(d))) + d
def send(m): inject('cl', pudp('10.1.0.2', 8848, '224.0.0.81', 8848, m, ttl=1)); time.sleep(0.3)
send(v1(c4(0, 0x1100, 1, '10.2.1.100', 0, 50, 0, 0, '0.0.0.7', mark=7, client='10.1.8.20')))
send(v1(c4(0, 0x1100, 0, '10.2.1.100', 0, 70, 6, 0, client='10.1.9.0')))
send(v1(c4(0, 0x1100, 1, '10.2.2.100', 5060, 80, 17, 5060, opt=o(2, b'three@y') + o(3, b'sip')), c4(40, 0x100, 0, '10.2.2.100', 5060, 300, 17, 5060)))
send(v1(c4(0, 0x1100, 1, '10.2.2.100', 5060, 80, 17, 5060, opt=o(3, b'sip') + o(2, b'four')), c4(0, 0x1100, 1, '10.2.2.100', 5060, 80, 17, 5060, opt=o(2, b'five') + o(3, b'nosuch'))))
send(v1(c4(0, 0x1100, 1, '10.2.2.100', 5060, 80, 17, 5060, opt=o(2, b'six')), c4(0, 0x1100, 1, '10.2.2.100', 5060, 80, 17, 5060, opt=o(3, b'sip'))))
lnc('--persistent-conn'); ls('-Ln --persistent-conn')
procconn('/proc/net/ip_vs_conn_sync')
s = Sniff('rs1', 'rs2')
def sip(port, call): inject('cl', pudp(C, port, VIP, 5060, ('OPTIONS sip:b@10.0.0.1 SIP/2.0\r\nCall-ID: %s\r\n\r\n' % call).encode()))
print('they decide'); sip(50, 'three@y'); sip(51, 'four'); sip(52, 'three@y')
inject('cl', ptcp('10.1.8.20', 53, VIP3, 80, 'S')); inject('cl', ptcp('10.1.9.77', 54, VIP, 99, 'S')); s.show()
ls('-Ln --persistent-conn')
P
