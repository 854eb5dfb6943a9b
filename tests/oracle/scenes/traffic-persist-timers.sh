. "$ORACLE_LIB/lib.sh"
note "templates at the end of their time: 60 s more while they have connections, and with the next one"
topo nat 2
q ipvsadm --set 0 0 300
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 2
q ipvsadm -A -u 10.0.0.2:53 -s rr -p 2
for i in 1 2; do q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.100 -m; done
for i in 1 2; do q ipvsadm -a -u 10.0.0.2:53 -r 10.2.$i.100 -m; done
py <<'P'
C, D = '10.1.8.5', '10.1.8.6'
s = Sniff('cl', 'rs1', 'rs2')
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
def lnc():
    """Times in words: a machine may be slow."""
    for f in sorted(conns(), key=lambda f: f[3:]):
        m, sec = map(int, f[1].split(':')); left = m * 60 + sec
        print('|', f[0], f[2], *f[3:], ('longer' if left > 61 else 'a minute' if left > 25 else 'short') if f[3].endswith(':0') else '')
print(send(pudp(C, 1, VIP, 53, b'x')), send(pudp(D, 1, VIP, 53, b'x')), send(pudp(C, 1, VIP2, 53, b'x'))); lnc()
time.sleep(2.6); print('later'); lnc()
print('known connection:', send(pudp(C, 1, VIP, 53, b'x')), 'another one:', send(pudp(D, 2, VIP, 53, b'x'))); lnc()
adm('-E -u 10.0.0.1:53 -s rr -p 200'); print('edited to 200:', send(pudp(D, 3, VIP, 53, b'x')), 'a new client:', send(pudp('10.1.8.7', 3, VIP, 53, b'x'))); lnc()
adm('-d -u 10.0.0.2:53 -r 10.2.%s.100' % ('2' if conns() and any(f[3] == '10.1.8.5:0' and f[4] == '10.0.0.2:53' and f[5] == '10.2.2.100:53' for f in conns()) else '1'))
print('its server deleted:', send(pudp(C, 2, VIP2, 53, b'x'))); time.sleep(2.6); lnc()
adm('--set 0 0 2'); print('short connections:', send(pudp(C, 4, VIP2, 53, b'x')), send(pudp(D, 4, VIP2, 53, b'x'))); time.sleep(2.6); lnc(); ls('-Ln --persistent-conn')
P
