. "$ORACLE_LIB/lib.sh"
note "UDP timers: --set counts from the next packet on; answers restart the timer; expiry"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s rr
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m; done
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
print(datagrams(3)); lnc()
print(sh('ipvsadm --set 0 0 30; ipvsadm -L --timeout'), end=''); lnc()
print('packet of the first, answer to the second:', send(pudp(C, 1001, VIP, 53, b'x')), send(pudp('10.2.2.100', 53, C, 1002, b'y'), 'rs2')); lnc(); ls()
sh('ipvsadm --set 0 0 2'); print('third:', send(pudp(C, 1003, VIP, 53, b'x')), 'new:', datagrams(1)); lnc_only(':1001', ':1002')
time.sleep(1.2); print('after 1.2 s, answer to the third:', send(pudp('10.2.1.100', 53, C, 1003, b'y'), 'rs1'))
time.sleep(1.3); lnc(); ls()
time.sleep(1.2); lnc(); ls()
print('an answer too late goes on as it is:'); inject('rs1', pudp('10.2.1.100', 53, C, 1003, b'y')); s.show()
print('the port again:', send(pudp(C, 1003, VIP, 53, b'x')))
P
