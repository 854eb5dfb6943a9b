. "$ORACLE_LIB/lib.sh"
note "what may start a TCP connection and what may not; source port 20"
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
for flags in ('S', 'SA', 'SF', 'SR', 'SRA', 'SFA', 'SPU', 'A', 'F', 'FA', 'R', 'RA', 'P', 'U', 'PA', '', 'FPU'):
    port[0] += 1; print('%-4s' % flags, send(ptcp(C, port[0], VIP, 80, flags)))
print('TCP from port 20:', send(ptcp(C, 20, VIP, 80, 'S')))
print('UDP from port 20:', send(pudp(C, 20, VIP, 53, b'x')))
print('UDP from port 0:', send(pudp(C, 0, VIP, 53, b'x')))
print('TCP from port 0:', send(ptcp(C, 0, VIP, 80, 'S')))
lnc(); ls()
P
