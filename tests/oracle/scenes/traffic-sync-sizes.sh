# limit: 150
. "$ORACLE_LIB/lib.sh"
note "how long messages may be, on both sides; groups of IPv6, ports and hops; nothing fits into an empty queue"
topo nat 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:53' -m
cat >/run/t/more.py <<'P'
C = '10.1.8.5'
def c4(cport): return struct.pack('!BBHIHHHHII', 0, 17, 36, 0, 0, cport, 53, 53, 0, 300) + inet_aton(C) + inet_aton(VIP) + inet_aton('10.2.1.100')
def message(first, count, rest=0):
    b = b''.join(c4(first + n) for n in range(count)) + bytes(rest)
    return struct.pack('!BBHBbH', 0, 5, 8 + len(b), count, 1, 0) + b
def heard(what, *messages):
    for m in messages:
        p = pudp('10.1.0.2', 8848, '224.0.0.81', 8848, m, ttl=1, df=False)
        if len(p) <= 1500: inject('cl', p); continue
        for at, more in ((0, True), (1024, False)): inject('cl', ip4('10.1.0.2', '224.0.0.81', 17, p[20 + at:20 + at + 1024] if more else p[20 + at:], ttl=1, df=False, frag=at >> 3, mf=more))
    time.sleep(0.3)
    out = subprocess.run(['ipvsadm', '-Lnc'], stdout=subprocess.PIPE, text=True).stdout.splitlines()[2:]
    print(what, ' '.join(map(str, sorted(int(l.split()[3].split(':')[-1]) for l in out))))
def told(sniff, wait=3.5):
    n = 0
    for w, d in sniff.get(wait):
        p = d[14:]
        if p[0] >> 4 == 6 and p[6] == 17 and p[24:26] == b'\xff\x02':
            n += 1
            print('  %s>%s hops=%d dport=%d %d bytes, mac %s' % (inet_ntop(AF_INET6, p[8:24]), inet_ntop(AF_INET6, p[24:40]), p[7], struct.unpack('!H', p[42:44])[0], len(p) - 48, d[:6].hex()))
            sync_decode(p[48:])
    if not n: print('  no message')
P
q ipvsadm --start-daemon backup --mcast-interface c0
py <<'P'
exec(open('/run/t/more.py').read())
heard('of 1472 and 1476 bytes:', message(1, 2, 1472 - 80), message(11, 2, 1476 - 80))
P
t ipvsadm -Ln --daemon
q ipvsadm --stop-daemon backup
q ipvsadm --start-daemon backup --mcast-interface c0 --sync-maxlen 100
t ipvsadm -Ln --daemon
py <<'P'
exec(open('/run/t/more.py').read())
heard('at most 100 asked for; of 1024 and 1028 bytes:', message(21, 2, 1024 - 80), message(31, 2, 1028 - 80))
P
q ipvsadm --stop-daemon backup
q ipvsadm --start-daemon backup --mcast-interface c0 --mcast-port 9000 --mcast-group 224.0.0.99
py <<'P'
exec(open('/run/t/more.py').read())
heard('another group and port, not heard:', message(41, 1))
for g, p in (('224.0.0.99', 9000), ('224.0.0.99', 9001), ('224.0.0.81', 9000)): inject('cl', pudp('10.1.0.2', 9, g, p, message(50 + p - 9000 + 5 * (g[-2:] == '81'), 1), ttl=1))
inject('cl', pudp('10.1.0.2', 9, '10.1.0.1', 9000, message(60, 1), ttl=1))
heard('heard:')
P
q ipvsadm --stop-daemon backup
q ipvsadm --start-daemon master --mcast-interface c0 --syncid 9 --mcast-group ff02::81 --mcast-ttl 7 --mcast-port 1234 --sync-maxlen 100
t ipvsadm -Ln --daemon
py <<'P'
exec(open('/run/t/more.py').read())
s = Sniff('cl')
for port in range(70, 74):
    for k in range(3): inject('cl', pudp(C, port, VIP, 53, b'x'))
for k in range(3): inject('cl', pudp('2001:db8:8::5', 75, VIP6, 53, b'x'))
print('IPv6 group'); told(s)
sysctl('net.ipv4.vs.sync_qlen_max', 0)
for k in range(3): inject('cl', pudp(C, 80, VIP, 53, b'x'))
print('no room in the queue'); told(s)
sysctl('net.ipv4.vs.sync_qlen_max', 100)
for k in range(3): inject('cl', pudp(C, 81, VIP, 53, b'x'))
print('room again'); told(s)
P
q ipvsadm --stop-daemon master
q ipvsadm --start-daemon backup --mcast-interface c0 --mcast-group ff02::82
py <<'P'
exec(open('/run/t/more.py').read())
def p6(dst, m): return pudp('fe80::2', 9, dst, 8848, m, ttl=1)
for n, g in enumerate(('ff02::82', 'ff02::81', 'ff02::1')): inject('cl', p6(g, message(90 + n, 1)))
heard('by IPv6:')
P
t ipvsadm -Ln --daemon
