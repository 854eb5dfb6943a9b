. "$ORACLE_LIB/lib.sh"
note "a client on the director, the virtual address is not local: packets would leave by a route"
topo nat 2
serve tcp:80 udp:53
q ip addr del 10.0.0.3/32 dev lo
q ip route add 10.0.0.3/32 via 10.1.0.2
q ip route add 2001:db8::3/128 via 2001:db8:1::2
q ip route add 10.0.0.4/32 via 10.2.1.2
q ipvsadm -A -t 10.0.0.3:80 -s rr
q ipvsadm -A -u 10.0.0.3:53 -s rr
q ipvsadm -A -t '[2001:db8::3]:80' -s rr
q ipvsadm -A -u '[2001:db8::3]:53' -s rr
q ipvsadm -A -t 10.0.0.4:80 -s rr
q ipvsadm -A -u 10.0.0.4:53 -s rr
for i in 1 2; do
    q ipvsadm -a -t 10.0.0.3:80 -r 10.2.$i.2 -m; q ipvsadm -a -u 10.0.0.3:53 -r 10.2.$i.2 -m
    q ipvsadm -a -t '[2001:db8::3]:80' -r 2001:db8:2:$i::2 -m; q ipvsadm -a -u '[2001:db8::3]:53' -r 2001:db8:2:$i::2 -m
    q ipvsadm -a -t 10.0.0.4:80 -r 10.2.$i.2 -m
done
py <<'P'
port = [20000]
def p(): port[0] += 1; return port[0]
def four(make=tcp, n=4, ip='10.0.0.3', **k): print(' | '.join(make(ip, sport=p(), **k).info for _ in range(n)))
four(); four(udp); four(src='10.1.0.1'); four(src='10.0.0.1'); four(ip='10.0.0.4')
four(ip='2001:db8::3'); four(udp, ip='2001:db8::3'); four(src='2001:db8:2:1::1', ip='2001:db8::3')
print(udp('10.0.0.4').who in ('eperm', 'econnrefused'))
lnc(); ls()
P
