. "$ORACLE_LIB/lib.sh"
note "destinations here and there in one service; clients here and outside; deletes, weights; how connections end"
topo nat 2
serve tcp:80 udp:53 dir:tcp:80 dir:udp:53 dir:tcp:8080 dir:udp:5353
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -u 10.0.0.1:53 -s rr
for r in 10.2.1.2 10.2.2.2 10.2.1.1:8080 127.0.0.1:8080; do q ipvsadm -a -t 10.0.0.1:80 -r $r -m; done
for r in 10.2.1.2 10.2.1.1:5353 127.0.0.1:5353; do q ipvsadm -a -u 10.0.0.1:53 -r $r -m; done
q ipvsadm -A -t 10.0.0.2:80 -s rr
q ipvsadm -a -t 10.0.0.2:80 -r 10.1.0.1 -g
q ipvsadm -A -t 10.0.0.3:80 -s rr
q ipvsadm -a -t 10.0.0.3:80 -r 10.0.0.3:80 -g
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r 2001:db8:2:1::2 -m
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::1]:8080' -m
q ipvsadm -a -t '[2001:db8::1]:80' -r '[::1]:8080' -m
py <<'P'
port = [20000]
def p(): port[0] += 1; return port[0]
def some(n=4, make=tcp, **k):
    out = []
    for _ in range(n):
        c = make(sport=p(), timeout=0.7, **k); out.append(c.info or c.who); c.close()
    print(' | '.join(out)); sys.stdout.flush()
print('here:'); some(); some(src='10.1.0.1'); some(3, udp, src='10.0.0.1'); some(2, ip=VIP2); some(2, ip=VIP3); some(3, ip=VIP6)
some(1, src='127.0.0.1'); some(1, src='127.0.0.1'); some(1, src='127.0.0.1'); some(1, src='127.0.0.1')
time.sleep(0.3); lnc()
ns('cl'); print('outside:'); some(src='10.1.4.1'); some(3, udp, src='10.1.4.1'); some(2, ip=VIP2, src='10.1.4.1'); some(2, ip=VIP3, src='10.1.4.1'); some(3, ip=VIP6, src='2001:db8:4::1')
a = tcp(VIP2, src='10.1.4.1', sport=30001); b = tcp(VIP3, src='10.1.4.1', sport=30002); b.reset(); ns(None)
time.sleep(0.3); lnc(); ls()
sh('ipvsadm -d -t 10.0.0.2:80 -r 10.1.0.1; ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.1:8080 -m -w 0')
a.s.settimeout(0.5); print(a.ask()); some(); ns('cl'); some(src='10.1.4.1'); ns(None)
time.sleep(2.5); ls('-Ln --stats')
P
