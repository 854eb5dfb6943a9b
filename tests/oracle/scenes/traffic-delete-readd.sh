. "$ORACLE_LIB/lib.sh"
note "deleting a server with connections in several states, packets meanwhile, adding it again"
topo nat 3
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -u 10.0.0.1:53 -s rr
for i in 1 2; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m; q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m; done
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
R2 = '10.2.2.100'
def tcp_(p, *flags):
    for f in flags: inject('rs2', ptcp(R2, 80, C, p, f[1:])) if f[0] == 'o' else inject('cl', ptcp(C, p, VIP, 80, f[1:])); took()
print('1:', send(ptcp(C, 1, VIP, 80, 'S'))); tcp_(1, 'oSA', 'iA')
print('2:', send(ptcp(C, 2, VIP, 80, 'S')))
print('3:', send(ptcp(C, 3, VIP, 80, 'S'))); tcp_(3, 'oSA', 'iA', 'iFA', 'oFA')
print('4:', send(ptcp(C, 4, VIP, 80, 'S')))
print('5:', send(ptcp(C, 5, VIP, 80, 'S')))
print('6:', send(pudp(C, 6, VIP, 53, b'x')))
sh('ipvsadm -d -t 10.0.0.1:80 -r 10.2.2.100; ipvsadm -d -u 10.0.0.1:53 -r 10.2.2.100')
print('deleted'); ls(); lnc()
print('ACK:', send(ptcp(C, 1, VIP, 80, 'A')), ' SYN:', send(ptcp(C, 1, VIP, 80, 'S')), ' RST:', send(ptcp(C, 1, VIP, 80, 'R')), ' UDP:', send(pudp(C, 6, VIP, 53, b'x')))
print('answers:', send(ptcp(R2, 80, C, 1, 'A'), 'rs2'), send(pudp(R2, 53, C, 6, b'y'), 'rs2')); s.show()
print('FIN of the server:', send(ptcp(R2, 80, C, 5, 'FA'), 'rs2')); lnc_only(':5 ')
print('SYN of the one in TIME_WAIT:', send(ptcp(C, 3, VIP, 80, 'S')))
lnc()
sh('ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.100 -m -w 3; ipvsadm -a -u 10.0.0.1:53 -r 10.2.2.100 -m')
print('added again'); ls(); print('ACK:', send(ptcp(C, 1, VIP, 80, 'A')), ' UDP:', send(pudp(C, 6, VIP, 53, b'x')), ' new:', syns(3))
sh('ipvsadm -d -t 10.0.0.1:80 -r 10.2.2.100; ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.100:81 -m')
print('added with another port:', send(ptcp(C, 1, VIP, 80, 'A')), syns(2)); ls()
sh('ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.100:80 -m'); print('and with its own:', send(ptcp(C, 1, VIP, 80, 'A')))
time.sleep(2.5); ls('-Ln --stats')
P
