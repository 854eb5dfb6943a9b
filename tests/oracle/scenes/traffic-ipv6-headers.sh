. "$ORACLE_LIB/lib.sh"
note "IPv6 extension headers before UDP, TCP, SCTP and ESP, AH as one of them, in quotes of ICMPv6 too; IPv6 ESP"
topo nat 1
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:5353' -m
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:80' -g
q ipvsadm -A -u '[2001:db8::1]:500' -s rr
q ipvsadm -a -u '[2001:db8::1]:500' -r '[2001:db8:2:1::100]:500' -m
py <<'P'
C, R, V = '2001:db8:8::5', '2001:db8:2:1::100', VIP6
def line(d):
    p = d[14:]
    return '%s>%s nh=%d hlim=%d %s' % (inet_ntop(AF_INET6, p[8:24]), inet_ntop(AF_INET6, p[24:40]), p[6], p[7], p[40:].hex()) if p[0] >> 4 == 6 else show(p)
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt)
    got = s.get(0.2)
    for w, d in sorted(got, key=lambda x: x[0]): print('  %s: %s' % (w, line(d)))
    if not got: print('  (nothing)')
HOP, DST = b'\1\4\0\0\0\0', b'\1\4\0\0\0\0'
RT = b'\0\0\0\0\0\0'
def chain(heads, last, payload):
    """(number, content after the next header byte) in front of the payload."""
    out = payload
    nh = last
    for number, content in reversed(heads): out, nh = bytes((nh,)) + content + out, number
    return nh, out
AH = (51, b'\4\0\0' + struct.pack('!II', 77, 1) + bytes(12))
D = (60, b'\0' + DST)
def udp6(sport, dport, data=b'x', src=C, dst=V): return l4('udp', src, dst, sport, dport, data=data, fam=AF_INET6)
def tcp6(sport, dport, flags): return l4('tcp', C, V, sport, dport, flags, fam=AF_INET6)
def p6(heads, last, payload, src=C, dst=V): return ip6(src, dst, *chain(heads, last, payload))
step('UDP behind two headers of destination options', 'cl', p6([D, D], 17, udp6(1000, 53)))
step('answer with destination options', 'rs1', p6([D], 17, udp6(5353, 1000, src=R, dst=C), R, C))
step('UDP behind AH', 'cl', p6([AH], 17, udp6(1001, 53)))
step('TCP behind AH, direct routing', 'cl', p6([AH], 6, tcp6(1002, 80, 'S')))
step('TCP behind options and AH', 'cl', p6([D, AH, D], 6, tcp6(1003, 80, 'S')))
step('ESP without IKE', 'cl', p6([], 50, bytes(24)))
step('IKE', 'cl', p6([], 17, udp6(500, 500)))
step('ESP of that client', 'cl', p6([], 50, bytes(24)))
step('ESP behind destination options', 'cl', p6([D], 50, bytes(24)))
step('ESP behind AH', 'cl', p6([AH], 50, bytes(24)))
step('ESP from the server', 'rs1', p6([], 50, bytes(24), R, C))
seen = p6([D], 17, udp6(1000, 5353, dst=R), C, R)
ans = p6([D], 17, udp6(53, 1000, src=V, dst=C), V, C)
step('error of the client, options in the quote', 'cl', picmp6(C, V, 1, 4, data=ans))
step('error of the client, AH in the quote', 'cl', picmp6(C, V, 1, 4, data=p6([AH], 17, udp6(53, 1000, src=V, dst=C), V, C)))
step('error of the client about ESP', 'cl', picmp6(C, V, 1, 4, data=p6([], 50, bytes(24), V, C)))
frag = (44, b'\0\0\0' + bytes(4))
step('error of the client, an atomic fragment in the quote', 'cl', picmp6(C, V, 1, 4, data=p6([frag], 17, udp6(53, 1000, src=V, dst=C), V, C)))
first = (44, b'\0\0\1' + bytes(4))
step('error of the client, a first fragment in the quote', 'cl', picmp6(C, V, 1, 4, data=p6([first], 17, udp6(53, 1000, src=V, dst=C), V, C)))
later = (44, b'\0\0\x10' + bytes(4))
step('error of the client, a later fragment in the quote', 'cl', picmp6(C, V, 1, 4, data=p6([later], 17, udp6(53, 1000, src=V, dst=C), V, C)))
def icmp_behind(heads, kind, code, data, src=C, dst=V):
    m = struct.pack('!BBH4s', kind, code, 0, bytes(4)) + data
    ph = inet_pton(AF_INET6, src) + inet_pton(AF_INET6, dst) + struct.pack('!IHBB', len(m), 0, 0, 58)
    m = m[:2] + struct.pack('!H', csum(ph + m)) + m[4:]
    return p6(heads, 58, m, src, dst)
step('error behind destination options', 'cl', icmp_behind([D], 1, 4, p6([], 17, udp6(53, 1000, src=V, dst=C), V, C)))
lnc_only("UDP")
P
