. "$ORACLE_LIB/lib.sh"
note "the last IPv4 service goes while an IPv6 one stays, and the other way round; services added again"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:53' -m
py <<'P'
C = '10.1.8.5'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
def took(wait=0.3):
    """Who got the next packet: a server, or the client with the director's refusal (ICMP) or reset."""
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    proto = p[9] if p[0] >> 4 == 4 else p[6]
    if who == 'cl' and proto == 6 and not p[20 + 13 if p[0] >> 4 == 4 else 40 + 13] & 4: return 'cl'
    return who if who != 'cl' else {1: 'refused', 58: 'refused', 6: 'reset'}.get(proto, 'cl')
def send(pkt, at='cl'):
    inject(at, pkt); return took()
def syns(n, vip=VIP, dport=80, src=C):
    out = []
    for _ in range(n):
        port[0] += 1; out.append(send(ptcp(src, port[0], vip, dport, 'S')))
    return ' '.join(out)
def datagrams(n, vip=VIP, dport=53, src=C):
    out = []
    for _ in range(n):
        port[0] += 1; out.append(send(pudp(src, port[0], vip, dport, b'x')))
    return ' '.join(out)
C6, R6 = '2001:db8:8::5', '2001:db8:2:1::100'
def four(): return send(pudp(C, 1, VIP, 53, b'x')), send(pudp('10.2.1.100', 53, C, 1, b'y'), 'rs1')
def six(): return send(pudp(C6, 1, VIP6, 53, b'x')), send(pudp(R6, 53, C6, 1, b'y'), 'rs1')
def source(): inject('rs1', pudp('10.2.1.100', 53, C, 1, b'y')); s.show()
print(four(), six())
sh('ipvsadm -D -u 10.0.0.1:53'); print('IPv4 service deleted:', four(), six()); source()
sh("ipvsadm -A -u 10.0.0.1:54 -s rr"); print('another IPv4 service:', four()); source()
sh("ipvsadm -D -u 10.0.0.1:54; ipvsadm -D -u '[2001:db8::1]:53'"); print('none at all:', four(), six()); source()
sh("ipvsadm -A -u 10.0.0.1:53 -s rr; ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m"); print('IPv4 again:', four(), six()); source()
lnc()
P
