. "$ORACLE_LIB/lib.sh"
note "messages that are not as they should be"
topo nat 2
q ipvsadm -A -t 10.0.0.1:80 -s rr
for i in 1 2; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; done
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:80' -m
q ipvsadm --start-daemon backup --mcast-interface c0
py <<'P'
C, R = '10.1.8.5', '10.2.1.100'
def head(n, length, sid=5, ver=1, spare=0, first=0): return struct.pack('!BBHBbH', first, sid, 8 + length, n, ver, spare)
def v1(*conns, n=None, **k):
    b = b''
    for c in conns: b += bytes(-len(b) % 4) + c
    return head(len(conns) if n is None else n, len(b), **k) + b
def c4(cport, flags=0, state=1, daddr=R, dport=80, timeout=900, proto=6, vport=80, vip=VIP, opt=b'', kind=0, size=None, ver=0):
    return struct.pack('!BBHIHHHHII', kind, proto, (36 + len(opt) if size is None else size) | ver << 12, flags, state, cport, vport, dport, 0, timeout) + inet_aton(C) + inet_aton(vip) + inet_aton(daddr) + opt
def c6(cport, flags=0, state=1, opt=b'', kind=1, size=None):
    return struct.pack('!BBHIHHHHII', kind, 6, 72 + len(opt) if size is None else size, flags, state, cport, 80, 80, 0, 900) + b''.join(socket.inet_pton(AF_INET6, a) for a in ('2001:db8:8::5', VIP6, '2001:db8:2:1::100')) + opt
def v0(*conns, n=None):
    b = b''.join(conns); return struct.pack('!BBH', len(conns) if n is None else n, 5, 4 + len(b)) + b
def c0_(cport, flags=0, state=1, proto=6, opt=b''):
    return struct.pack('!BBHHH4s4s4sHH', 0, proto, cport, 80, 80, inet_aton(C), inet_aton(VIP), inet_aton(R), flags, state) + opt
def o(t, d, n=None): return bytes((t, len(d) if n is None else n)) + d
def listed():
    """Timers to the minute: how long the scene takes so far does not count."""
    out = subprocess.run(['ipvsadm', '-Lnc'], stdout=subprocess.PIPE, text=True).stdout
    print(maskconn(re.sub(r' (\d\d):(\d\d) ', lambda m: ' %02d:00 ' % (int(m[1]) + (m[2] != '00')), out)), end='')
def try_(what, *messages):
    for m in messages: inject('cl', pudp('10.1.0.2', 8848, '224.0.0.81', 8848, m, ttl=1))
    time.sleep(0.3); print(what); listed()
    q = subprocess.run(['ipvsadm', '-Ln', '--sort'], stdout=subprocess.PIPE, text=True).stdout.splitlines()
    print('\n'.join(l for l in q if '10.2.1.100' in l))
try_('count too large', v1(c4(1), n=3))
try_('count too small, and a rest', v1(c4(2), c4(3), n=1), v1(c4(4), n=1)[:2] + struct.pack('!H', 8 + 36 + 20) + v1(c4(4))[4:] + b'x' * 20)
try_('empty', v1(), b'', b'\0', v1()[:7])
try_('another version of the entry: it ends the message', v1(c4(5), c4(6, ver=1), c4(7)))
try_('of an unknown type: it ends the message', v1(c4(8), c4(9, kind=2), c4(10)))
try_('too short for its type', v1(c4(11), c4(12, size=30), c4(13)), v1(c4(14), c4(15, size=0), c4(16)))
try_('longer than the message', v1(c4(17), c4(18, size=200)))
try_('unknown protocol, unknown state: left out', v1(c4(19, proto=99), c4(20), c4(21, state=11), c4(22, proto=17, state=1), c4(23, proto=132, state=14), c4(24)))
try_('a template of a mark', v1(c4(0, 0x1000, 1, proto=0, vport=0, vip='0.0.0.9'), c4(25)))
try_('options: no length, too long, twice, sequences', v1(c4(26, opt=o(0x45, b'ab', 0)), c4(27)), v1(c4(28, opt=o(0x45, b'ab', 9)), c4(29)), v1(c4(30, opt=o(1, bytes(24)) * 2), c4(31)), v1(c4(32, 0x200, opt=o(1, bytes(24))), c4(33, opt=o(1, bytes(23))), c4(34)))
try_('one byte of an option', v1(c4(35, opt=b'\x45'), c4(36)))
try_('optional ones of known kinds', v1(c4(37, opt=o(0x41, bytes(24))), c4(38, opt=o(0x41, bytes(5))), c4(39)))
try_('options of odd sizes', v1(c4(40, opt=o(0x45, b'abc')), c4(41, opt=o(0x45, b'a')), c4(42)))
try_('IPv6, with other bits in the type', v1(c6(43), c6(44, kind=3), c6(45, kind=0), c6(46, size=60), c6(47)))
try_('header of an unknown version, or with a rest: version 0 of no connections', v1(c4(48), ver=2), v1(c4(49), spare=1))
try_('version 0', v0(c0_(50), c0_(51, state=12), c0_(52, proto=99), c0_(53)), v0(c0_(54), n=2), v0(c0_(55, 0x200, opt=bytes(24)), c0_(56)), v0(c0_(57), c0_(58, 0x600)))
try_('flags that are none of its business', v1(c4(60, 0xffff0000 | 0x2000 | 0x10 | 0x40)))
try_('timeouts', v1(c4(61, timeout=0), c4(62, 0x100, 4, timeout=0), c4(63, timeout=30), c4(0, 0x1000, 0, timeout=0, vport=82)))
lnc_only(':61 ', ':62 ', ':63 ', ':82 ')
P
