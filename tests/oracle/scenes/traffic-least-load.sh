. "$ORACLE_LIB/lib.sh"
note "lc and wlc with datagrams, held connections, weights edited, thresholds"
topo nat 3
for p in 53 54; do q ipvsadm -A -u 10.0.0.1:$p -s $([ $p = 53 ] && echo lc || echo wlc); done
for p in 53 54; do for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:$p -r 10.2.$i.100 -m -w $((i * i)); done; done
q ipvsadm -A -t 10.0.0.1:80
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.100 -m -w $((2 * i - 1)) -x $((9 - 2 * i)); done
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
def adm(c): return sh('ipvsadm ' + c)
print('lc:', datagrams(9)); print('wlc 1 4 9:', datagrams(28, dport=54))
adm('-e -u 10.0.0.1:54 -r 10.2.1.100 -m -w 100'); print('wlc 100 4 9:', datagrams(12, dport=54))
adm('-e -u 10.0.0.1:54 -r 10.2.3.100 -m -w 0'); print('wlc 100 4 0:', datagrams(6, dport=54))
adm('-e -u 10.0.0.1:54 -r 10.2.1.100 -m -w 0'); print('wlc 0 4 0:', datagrams(3, dport=54))
adm('-e -u 10.0.0.1:54 -r 10.2.2.100 -m -w 0'); print('wlc 0 0 0:', datagrams(2, dport=54))
adm('-e -u 10.0.0.1:54 -r 10.2.1.100 -m -w 65535'); adm('-e -u 10.0.0.1:54 -r 10.2.3.100 -m -w 2000000000'); print('wlc 65535 0 2000000000:', datagrams(9, dport=54))
print('wlc TCP 1 3 5, thresholds 7 5 3:', syns(17)); ls()
print('reset some:'); 
for p in range(1070, 1080): inject('cl', ptcp(C, p, VIP, 80, 'A')); took(); inject('cl', ptcp(C, p, VIP, 80, 'R')); took()
ls(); adm('-e -t 10.0.0.1:80 -r 10.2.2.100 -m -w 3'); print('rs2 without threshold:', syns(4))
P
