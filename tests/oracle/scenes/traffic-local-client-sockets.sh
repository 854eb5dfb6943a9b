. "$ORACLE_LIB/lib.sh"
note "sockets on the director: TCP and UDP, IPv4 and IPv6, several servers, weights, deletes, no destination"
topo nat 3
serve tcp:80 udp:53
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
for i in 1 2 3; do
    q ipvsadm -a -t 10.0.0.1:80 -r 10.2.$i.2 -m; q ipvsadm -a -u 10.0.0.1:53 -r 10.2.$i.2 -m
    q ipvsadm -a -t '[2001:db8::1]:80' -r 2001:db8:2:$i::2 -m; q ipvsadm -a -u '[2001:db8::1]:53' -r 2001:db8:2:$i::2 -m
done
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -A -t '[2001:db8::1]:81' -s rr
q ipvsadm -A -u '[2001:db8::1]:54' -s rr
py <<'P'
port = [20000]
def p(): port[0] += 1; return port[0]
def four(make=tcp, n=4, **k): print(' '.join(make(sport=p(), **k).who for _ in range(n)))
def six(make=tcp, n=4, **k): four(make, n, ip=VIP6, **k)
print('without bind:', [c.info.rsplit(':', 1)[0] for c in (tcp(), udp())])
print('without bind:', [c.info.rsplit(':', 1)[0] for c in (tcp(VIP6), udp(VIP6))])
four(); four(src='10.1.0.1'); four(udp); six(); six(src='2001:db8:2:2::1'); six(udp)
print(tcp(src='127.0.0.1', sport=p(), timeout=1).who, udp(src='127.0.0.1', sport=p(), timeout=1).who)
a, b, c = (tcp(sport=p()) for _ in range(3)); print(a.who, b.who, c.who)
sh('ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.2 -m -w 0; ipvsadm -d -t 10.0.0.1:80 -r 10.2.2.2')
for x in (a, b, c): x.s.settimeout(0.5); print(x.ask())
four()
sh('ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.2 -m'); b.s.settimeout(2); print(b.ask()); four()
def refused(c): return 'refused' if c.who in ('econnrefused', 'eperm') else c.who  # UDP: the kernel's send() fails at once
print('no destination:', refused(tcp(VIP2)), refused(udp(VIP2)), refused(tcp(VIP6, 81)), refused(udp(VIP6, 54)))
sh('ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.2:81 -m; ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.2:54 -m'); print('nobody listens there:', tcp(VIP2).who, udp(VIP2).who)
sh("ipvsadm -a -t '[2001:db8::1]:81' -r '[2001:db8:2:1::2]:81' -m; ipvsadm -a -u '[2001:db8::1]:54' -r '[2001:db8:2:1::2]:54' -m"); print('nobody listens there:', tcp(VIP6, 81).who)
ns('cl'); print('a client outside, the same time:', seq(4)); ns(None)
sh('ipvsadm -D -t 10.0.0.1:80'); print('service deleted:', tcp().who)
ls()
P
