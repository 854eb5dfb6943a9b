. "$ORACLE_LIB/lib.sh"
note "clients on the director whose packets bear a firewall mark, and one of a service by address beside it"
topo nat 2
serve tcp:80 tcp:81 udp:53
q ipvsadm -A -f 5 -s rr
for i in 1 2; do q ipvsadm -a -f 5 -r 10.2.$i.2 -m; done
q ipvsadm -A -t 10.0.0.2:81 -s rr
q ipvsadm -a -t 10.0.0.2:81 -r 10.2.1.2 -m
py <<'P'
port = [20000]
def p(): port[0] += 1; return port[0]
def some(n=2, make=tcp, **k): print(' '.join(make(sport=p(), timeout=0.7, **k).who for _ in range(n))); sys.stdout.flush()
some(mark=5); some(mark=5, src='10.1.0.1'); some(make=udp, mark=5); some(ip=VIP2, port=81); some(ip=VIP2, port=81, mark=5); some(port=82); some(mark=6)
time.sleep(0.3); lnc(); ls()
P
