. "$ORACLE_LIB/lib.sh"
note "one-packet scheduling: schedulers, persistence, thresholds, no server, edits, TTL, IPv6"
topo nat 3
q ipvsadm -A -u 10.0.0.1:53 -s wrr -o
q ipvsadm -A -u 10.0.0.2:53 -s rr -o -p 100
q ipvsadm -A -u 10.0.0.3:53 -s lc -o
q ipvsadm -A -u '[2001:db8::1]:53' -s rr -o
for i in 1 2 3; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100:5353 -m -w $i; q ipvsadm -a -u 10.0.0.2:53 -r 10.2.$i.100 -m; q ipvsadm -a -u 10.0.0.3:53 -r 10.2.$i.100 -m -x 1; q ipvsadm -a -u '[2001:db8::1]:53' -r "[2001:db8:2:$i::100]:5353" -m; done
py <<'P'
C, D = '10.1.8.5', '10.1.8.6'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
def took(wait=0.3):
    """Who got the next packet: a server, or the client with the director's refusal (ICMP) or reset."""
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    if who != 'cl': return who
    v4 = p[0] >> 4 == 4
    proto, at = (p[9], 20) if v4 else (p[6], 40)
    if proto == 6: return 'reset' if p[at + 13] & 4 else 'cl %s' % (':%d' % struct.unpack('!H', p[at:at + 2]))
    return {1: 'refused', 58: 'refused'}.get(proto, 'cl :%d' % struct.unpack('!H', p[at:at + 2]))
def send(pkt, at='cl'):
    inject(at, pkt); return took()
def syn(src=C, dport=80, vip=VIP):
    port[0] += 1; return send(ptcp(src, port[0], vip, dport, 'S'))
def udg(src=C, dport=53, vip=VIP, data=b'x'):
    port[0] += 1; return send(pudp(src, port[0], vip, dport, data))
def syns(n, *a, **k): return ' '.join(syn(*a, **k) for _ in range(n))
def udgs(n, *a, **k): return ' '.join(udg(*a, **k) for _ in range(n))
def adm(c):
    out = sh('ipvsadm ' + c)
    if out: print('!', c, out, end='')
def one(vip=VIP, src=C, sport=2222, **k): return send(pudp(src, sport, vip, 53, b'question', **k))
print('wrr:', ' '.join(one() for _ in range(12)))
print('persistent:', ' '.join(one(VIP2) for _ in range(4)), 'D', ' '.join(one(VIP2, D) for _ in range(2))); lnc(); ls('-Ln --persistent-conn')
print('lc, threshold 1:', ' '.join(one(VIP3) for _ in range(6)))
print('IPv6:', ' '.join(one(VIP6, '2001:db8:8::5') for _ in range(6)))
print('answers:', send(pudp('10.2.1.100', 5353, C, 2222, b'y'), 'rs1'), send(pudp('10.2.3.100', 53, C, 2222, b'y'), 'rs3')); lnc()
print('ttl 1:', one(ttl=1), 'ttl 2:', one(ttl=2))
s.s['cl'].setblocking(True)
adm('-E -u 10.0.0.1:53 -s rr'); print('not one by one:', one(), one(), one()); lnc_only('10.0.0.1:')
adm('-E -u 10.0.0.1:53 -s rr -o'); print('one by one:', one(), one(), 'another port', one(sport=3), one(sport=3)); lnc_only('10.0.0.1:')
for i in 1, 2, 3: adm('-e -u 10.0.0.1:53 -r 10.2.%d.100:5353 -m -w 0' % i)
print('no server:', one(sport=4), 'persistent:', one(VIP2))
adm('-d -u 10.0.0.2:53 -r 10.2.3.100'); print('the server of the template deleted:', one(VIP2), one(VIP2)); lnc()
time.sleep(2.5); ls('-Ln --stats'); ls()
P
