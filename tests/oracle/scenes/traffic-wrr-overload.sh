. "$ORACLE_LIB/lib.sh"
note "weighted round robin when servers reach their upper threshold, all of them too, and come back"
topo nat 3
q ipvsadm --set 0 0 2
q ipvsadm -A -u 10.0.0.1:53 -s wrr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m -w 3 -x 4
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.2.100 -m -w 1 -x 3
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.3.100 -m -w 2 -x 5
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
print('till all are full:', datagrams(14))
time.sleep(2.8)
print('all free again:', datagrams(14))
sh('ipvsadm -e -u 10.0.0.1:53 -r 10.2.1.100 -m -w 3 -x 9')
print('rs1 raised:', datagrams(3))
time.sleep(2.8)
sh('ipvsadm -e -u 10.0.0.1:53 -r 10.2.2.100 -m -w 1')
print('free again, rs2 without threshold:', datagrams(16))
P
