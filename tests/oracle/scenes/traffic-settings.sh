. "$ORACLE_LIB/lib.sh"
note "conn_reuse_mode, expire_nodest_conn and sloppy_tcp"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -u 10.0.0.1:53 -s rr
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m; done
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
print('sloppy_tcp=1'); sysctl('net.ipv4.vs.sloppy_tcp', 1)
for flags in ('S', 'A', 'F', 'FA', 'R', 'RA', 'P', '', 'SR'): port[0] += 1; print('  %-3s' % flags, send(ptcp(C, port[0], VIP, 80, flags)))
lnc(); sysctl('net.ipv4.vs.sloppy_tcp', 0)
print('expire_nodest_conn=1'); sysctl('net.ipv4.vs.expire_nodest_conn', 1)
for p in (1, 2, 3, 4, 5, 6): print('  SYN', p, send(ptcp(C, p, VIP, 80, 'S')))
print('  UDP', datagrams(3)); first = port[0] - 2
sh('ipvsadm -e -t 10.0.0.1:80 -r 10.2.3.100 -m -w 0; ipvsadm -d -t 10.0.0.1:80 -r 10.2.2.100; ipvsadm -d -u 10.0.0.1:53 -r 10.2.3.100; ipvsadm -d -u 10.0.0.1:53 -r 10.2.2.100')
print('  rs3 weight 0, rs2 deleted')
for p in (1, 2, 3): print('  ACK', p, send(ptcp(C, p, VIP, 80, 'A')))
for p in (4, 5, 6): print('  SYN', p, send(ptcp(C, p, VIP, 80, 'S')))
print('  UDP', ' '.join(send(pudp(C, p, VIP, 53, b'x')) for p in (first, first + 1, first + 2)))
time.sleep(0.1); lnc(); ls()
P
