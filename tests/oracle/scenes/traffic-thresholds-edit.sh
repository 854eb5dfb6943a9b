. "$ORACLE_LIB/lib.sh"
note "upper and lower thresholds: reached, edited, lowered, with weight 0, after deleting and adding again"
topo nat 3
q ipvsadm --set 0 0 2
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.2.100 -m -x 4 -y 2
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
V = '-u 10.0.0.1:53'
def adm(c, n=4): sh('ipvsadm ' + c); print(c, ':', datagrams(n))
def on(server, n):
    """Keep n connections of that server alive."""
    mine = [f for f in conns() if f[5] == server + ':53'][:n]
    for f in mine: send(pudp(C, int(f[3].split(':')[1]), VIP, 53, b'x'))
print('four fit:', datagrams(10))
time.sleep(1.2); on('10.2.2.100', 2); time.sleep(1.4)
print('two left, that is not below the lower threshold of 2:', datagrams(3)); on('10.2.2.100', 1)
time.sleep(1.2); on('10.2.2.100', 1); time.sleep(1.4)
print('one left:', datagrams(4)); ls('-Ln --thresholds')
time.sleep(2.6); sh('ipvsadm --set 0 0 300'); print('full again:', datagrams(10))
adm('-e %s -r 10.2.2.100 -m -x 2 -y 1' % V); adm('-e %s -r 10.2.2.100 -m -x 3 -y 1' % V); adm('-e %s -r 10.2.2.100 -m -x 3 -y 2' % V)
adm('-e %s -r 10.2.2.100 -m -x 100' % V); adm('-e %s -r 10.2.2.100 -m -x 7' % V); adm('-d %s -r 10.2.2.100' % V); adm('-a %s -r 10.2.2.100 -m -x 7' % V)
ls('-Ln --thresholds')
adm('-e %s -r 10.2.2.100 -m -x 8' % V); adm('-e %s -r 10.2.2.100 -m -w 0' % V); adm('-e %s -r 10.2.2.100 -m -w 1' % V)
ls('-Ln --thresholds')
P
