. "$ORACLE_LIB/lib.sh"
note "ICMP errors to and from the director's own ends: what local clients get to know, packets that are too big"
topo nat 2
serve rs1:udp:53 rs1:tcp:80 dir:udp:5353
q ip link set s1 mtu 1300
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.2 -m
q ipvsadm -A -u 10.0.0.1:54 -s rr
q ipvsadm -a -u 10.0.0.1:54 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.1:5353 -m
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r 2001:db8:2:1::2 -m
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -m
py <<'P'
def pmtu(s, fam=AF_INET): return s.getsockopt(0, 14) if fam == AF_INET else s.getsockopt(41, 24)
def errors(s, level=0):
    """What stands in the error queue: who said what."""
    out = []
    while True:
        try: data, anc, flags, peer = s.recvmsg(64, 512, 0x2000 | socket.MSG_DONTWAIT)
        except OSError: break
        for _, _, d in anc:
            no, origin, typ, code, _, info, _ = struct.unpack('=IBBBBII', d[:16])
            who = inet_ntoa(d[20:24]) if level == 0 else inet_ntop(AF_INET6, d[24:40])
            out.append('%s type=%d code=%d info=%d' % (who, typ, code, info) if origin > 1 else errno.errorcode[no])
    return out
sport = [5000]
def client(ip, port, size, src='10.1.0.1', df=True, ttl=None):
    fam = AF_INET6 if ':' in ip else AF_INET
    level = 41 if ':' in ip else 0
    s = socket.socket(fam, socket.SOCK_DGRAM); sport[0] += 1; s.bind((src, sport[0])); s.settimeout(0.5)
    s.setsockopt(level, 25 if level else 11, 1); s.setsockopt(level, 23 if level else 10, 2 if df else 0)
    if ttl: s.setsockopt(level, 16 if level else 2, ttl)
    s.connect((ip, port))
    try: s.send(b'x' * size)
    except OSError: pass
    time.sleep(0.2); told = errors(s, level)
    try: got = s.recv(4096).decode().split()[0]
    except OSError as e: got = 'nothing'
    print('%s:%d %d bytes: %s, told %s, mtu %d' % (ip, port, size, got, told, pmtu(s, fam))); sys.stdout.flush()
client(VIP, 53, 10)
client(VIP, 53, 1400); client(VIP, 53, 1400, df=False)
client(VIP, 53, 10, ttl=1)
client(VIP6, 53, 10, src='2001:db8:1::1'); client(VIP6, 53, 1400, src='2001:db8:1::1'); client(VIP6, 53, 10, src='2001:db8:1::1', ttl=1)
client(VIP2, 53, 1400); client(VIP2, 53, 10, ttl=1)
R = '10.2.1.100'
def quote(kind, code, rest=b'\0\0\0\0', src='10.1.0.1', sport=7777):
    q = pudp(src, sport, R, 54, b'x' * 20)
    inject('rs1', picmp(R if code == 3 else '10.2.1.77', src, kind, code, rest, q)); time.sleep(0.2)
s = socket.socket(AF_INET, socket.SOCK_DGRAM); s.bind(('10.1.0.1', 7777)); s.setsockopt(0, 11, 1); s.connect((VIP, 54)); s.send(b'x' * 20)
quote(3, 3); print(errors(s))
s.send(b'x' * 20); quote(3, 1); print(errors(s))
s.send(b'x' * 20); quote(11, 0); print(errors(s))
s.send(b'x' * 20); quote(3, 4, struct.pack('!HH', 0, 1200)); print(errors(s))
print('an answer to a closed port:')
s.close(); f = Sniff('cl', 'rs1'); inject('rs1', pudp(R, 54, '10.1.0.1', 7777, b'late')); f.show()
print('from the client about an answer of the director itself:')
f = Sniff('cl', 'rs1'); inject('cl', pudp('10.1.8.5', 5, VIP2, 53, b'q')); f.show()
f = Sniff('cl', 'rs1'); inject('cl', picmp('10.1.8.5', VIP2, 3, 3, data=pudp(VIP2, 53, '10.1.8.5', 5, b'x' * 28))); f.show()
lnc_only('UDP'); time.sleep(2.5); ls('-Ln --stats')
P
