. "$ORACLE_LIB/lib.sh"
note "IPv6: TCP states, UDP, round robin, source hashing by address and port, no destination"
topo nat 3
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -A -u '[2001:db8::1]:53' -s sh
q ipvsadm -A -u '[2001:db8::1]:54' -s sh -b sh-port
q ipvsadm -A -u '[2001:db8::1]:55' -s wlc
for i in 1 2 3; do q ipvsadm -a -t '[2001:db8::1]:80' -r "[2001:db8:2:$i::100]:8080" -m; for p in 53 54; do q ipvsadm -a -u "[2001:db8::1]:$p" -r "[2001:db8:2:$i::100]:$p" -m -w $i; done; done
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
six = ['2001:db8:8::%x' % i for i in range(1, 40, 3)] + ['2001:db8:8:0:%x:%x::7' % (i * 777, i * 4099 & 0xffff) for i in range(8)]
def on(n, src): return '2001:db8:2:%s::100' % n[2], 8080, src
print('sh:', ' '.join('%s=%s' % (a[12:], datagrams(1, VIP6, src=a)) for a in six))
print('sh-port:', ' '.join('%s=%s' % (a[12:], datagrams(1, VIP6, 54, src=a)) for a in six[:12]), datagrams(8, VIP6, 54, src=six[0]))
print('rr:', syns(4, VIP6, src=six[0])); print('no destination:', datagrams(1, VIP6, 55, src=six[0]), '; no service:', datagrams(1, VIP6, 56, src=six[0]))
p = port[0] = 2000
for steps in (['oSA'], ['oSA', 'iA'], ['oSA', 'iA', 'iFA'], ['oSA', 'iA', 'oFA'], ['oSA', 'iA', 'oFA', 'iFA'], ['iR'], ['oRA']):
    p += 1; who = send(ptcp(six[1], p, VIP6, 80, 'S')); r = '2001:db8:2:%s::100' % who[2]
    for f in steps: send(ptcp(six[1], p, VIP6, 80, f[1:])) if f[0] == 'i' else send(ptcp(r, 8080, six[1], p, f[1:]), who)
    print(who, ' '.join(steps), [f[2] for f in conns() if f[3].endswith(':%d' % p)])
print('answer and request as seen:'); inject('cl', ptcp(six[1], 2002, VIP6, 80, 'PA', data=b'hello')); s.show()
who = [f[5] for f in conns() if f[3].endswith(']:2002')][0][12]
inject('rs' + who, ptcp('2001:db8:2:%s::100' % who, 8080, six[1], 2002, 'PA', data=b'hello yourself')); s.show(); ls()
P
