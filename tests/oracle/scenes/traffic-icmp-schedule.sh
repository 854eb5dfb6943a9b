. "$ORACLE_LIB/lib.sh"
note "schedule_icmp: an ICMP error about an unknown connection, both families and methods"
topo nat 2
q ipvsadm -A -u 10.0.0.1:53 -s rr
for i in 1 2; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100:5353 -m; done
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.2.100 -g
q ipvsadm -A -u 10.0.0.3:53 -s rr
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:5353' -m
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100:2905 -m
py <<'P'
C, C6, R = '10.1.8.5', '2001:db8:8::5', '10.2.1.100'
for v in (0, 1):
    sysctl('net.ipv4.vs.schedule_icmp', v)
    print('schedule_icmp=%d' % v)
    p = 3000 + 100 * v
    def about(title, error, data, sport):
        s = Sniff('cl', 'rs1', 'rs2'); inject('cl', error(data)); got = s.get(0.15, 1)
        print(title)
        print('  ' + (got[0][0] + ': ' + show(got[0][1][14:]) if got else '(nothing)'))
        for f in conns():
            if f[3].endswith(':%d' % sport): print('  ', f[0], f[2], *f[3:])
    client = lambda data: picmp(C, VIP, 3, 3, data=data)
    about('about UDP', client, pudp(VIP, 53, C, p, b'answer'), p)
    about('the same again', client, pudp(VIP, 53, C, p, b'answer'), p)
    about('a datagram of that connection', lambda data: data, pudp(C, p, VIP, 53, b'x'), p)
    about('about UDP, from a router', lambda data: picmp('10.1.8.99', VIP, 11, 0, data=data), pudp(VIP, 53, C, p + 1, b'answer'), p + 1)
    about('about TCP SYN ACK', client, ptcp(VIP, 80, C, p + 2, 'SA'), p + 2)
    about('about TCP ACK', client, ptcp(VIP, 80, C, p + 3, 'A'), p + 3)
    about('about TCP RST', client, ptcp(VIP, 80, C, p + 4, 'R'), p + 4)
    about('8 bytes of TCP', lambda data: picmp(C, VIP, 3, 4, b'\0\0\5\0', data=data), ptcp(VIP, 80, C, p + 5, 'A')[:28], p + 5)
    about('direct routing', lambda data: picmp(C, VIP2, 3, 3, data=data), pudp(VIP2, 53, C, p + 6, b'answer'), p + 6)
    about('no destination', lambda data: picmp(C, VIP3, 3, 3, data=data), pudp(VIP3, 53, C, p + 7, b'answer'), p + 7)
    about('no service', lambda data: picmp(C, VIP3, 3, 3, data=data), pudp(VIP3, 54, C, p + 8, b'answer'), p + 8)
    about('IPv6', lambda data: picmp6(C6, VIP6, 1, 4, data=data), pudp(VIP6, 53, C6, p + 9, b'answer'), p + 9)
    sctp = struct.pack('!HHII', 2904, p + 10, 7, 99) + struct.pack('!BBH', 0, 0, 4)
    about('SCTP', client, ip4(VIP, C, 132, sctp), p + 10)
    about('about a client source port 20', client, pudp(VIP, 53, C, 20, b'answer'), 20)
time.sleep(2.5); ls('-Ln --stats')
P
