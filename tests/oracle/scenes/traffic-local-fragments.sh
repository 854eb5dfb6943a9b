. "$ORACLE_LIB/lib.sh"
note "big datagrams from and to the director's own ends"
topo nat 1
q ip addr del 10.0.0.3/32 dev lo
q ip route add 10.0.0.3/32 via 10.1.0.2
q ip route add 2001:db8::3/128 via 2001:db8:1::2
q ipvsadm -A -u 10.0.0.1:7 -s rr
q ipvsadm -a -u 10.0.0.1:7 -r 10.2.1.2 -m
q ipvsadm -A -u 10.0.0.2:7 -s rr
q ipvsadm -a -u 10.0.0.2:7 -r 10.2.1.1:7 -m
q ipvsadm -A -u 10.0.0.3:7 -s rr
q ipvsadm -a -u 10.0.0.3:7 -r 10.2.1.2:7 -m
q ipvsadm -A -u '[2001:db8::1]:7' -s rr
q ipvsadm -a -u '[2001:db8::1]:7' -r 2001:db8:2:1::2 -m
q ipvsadm -a -u '[2001:db8::1]:7' -r 2001:db8:2:1::1 -m
q ipvsadm -A -u '[2001:db8::3]:7' -s rr
q ipvsadm -a -u '[2001:db8::3]:7' -r 2001:db8:2:1::2 -m
py <<'P'
import threading, hashlib
def echo(where, ip):
    ns(where); s = socket.socket(AF_INET6 if ':' in ip else AF_INET, socket.SOCK_DGRAM); s.bind((ip, 7)); ns(None)
    def run():
        while True:
            d, a = s.recvfrom(65535); s.sendto(d, a)
    threading.Thread(target=run, daemon=True).start()
echo(None, '10.2.1.1'); echo('rs1', '10.2.1.2'); echo(None, '2001:db8:2:1::1'); echo('rs1', '2001:db8:2:1::2')
port = [3000]
def ask(ip, sizes, src=''):
    out = []
    for n in sizes:
        s = socket.socket(AF_INET6 if ':' in ip else AF_INET, socket.SOCK_DGRAM); s.settimeout(0.7)
        if '.' in ip: s.setsockopt(0, 10, 0)
        else: s.setsockopt(41, 23, 0)
        port[0] += 1; s.bind((src, port[0]))
        data = hashlib.sha512(str(n).encode()).digest() * (n // 64 + 1); data = data[:n]
        try: s.connect((ip, 7)); s.send(data); out.append('%d %s' % (n, 'whole' if s.recv(65535) == data else 'broken'))
        except OSError as e: out.append('%d lost' % n)
    print(ip, src, out); sys.stdout.flush()
sizes = [100, 2000, 9000, 60000]
ask(VIP2, sizes); ask(VIP3, sizes); ask(VIP3, sizes, '10.0.0.1'); ask('2001:db8::3', [100, 1400])
ns('cl'); ask(VIP2, sizes, '10.1.4.1'); ask(VIP, sizes, '10.1.4.1'); ask(VIP6, sizes + sizes, '2001:db8:4::1'); ns(None)
ask(VIP, [100, 1400], '10.1.0.1'); ask(VIP6, [100, 1400, 100, 1400])
time.sleep(2.5); ls('-Ln --stats')
P
