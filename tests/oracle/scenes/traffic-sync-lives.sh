# limit: 150
. "$ORACLE_LIB/lib.sh"
note "what becomes of connections that were heard of: packets, states, counts, sloppy beginnings, ends, edits"
topo nat 2
for p in t u; do
  q ipvsadm -A -$p 10.0.0.1:80 -s rr
  for i in 1 2; do q ipvsadm -a -$p 10.0.0.1:80 -r 10.2.$i.100 -m; done
done
q ipvsadm -A --sctp-service 10.0.0.1:80 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm -A -t 10.0.0.2:80 -s rr -p 300
for i in 1 2; do q ipvsadm -a -t 10.0.0.2:80 -r 10.2.$i.100 -m; done
q ipvsadm --start-daemon backup --mcast-interface c0
py <<'P'
C, R1, R2 = '10.1.8.5', '10.2.1.100', '10.2.2.100'
def v1(*conns):
    b = b''.join(conns); return struct.pack('!BBHBbH', 0, 5, 8 + len(b), len(conns), 1, 0) + b
def c4(cport, flags=0, state=1, daddr=R1, dport=80, timeout=900, proto=6, vport=80, vip=VIP):
    return struct.pack('!BBHIHHHHII', 0, proto, 36, flags, state, cport, vport, dport, 0, timeout) + inet_aton(C) + inet_aton(vip) + inet_aton(daddr)
def send(*conns): inject('cl', pudp('10.1.0.2', 8848, '224.0.0.81', 8848, v1(*conns), ttl=1)); time.sleep(0.3)
def c(port, f, vip=VIP): inject('cl', ptcp(C, port, vip, 80, f, seqn=1, ackn=1)); time.sleep(0.05)
def r(port, f, src=R1): inject('rs1' if src == R1 else 'rs2', ptcp(src, 80, C, port, f, seqn=1, ackn=1)); time.sleep(0.05)
def show(what, first, last, *row):
    print(what); lnc_only(*('10.1.8.5:%d ' % p for p in range(first, last + 1)))
    out = subprocess.run(['ipvsadm', '-Ln'], stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for n in row: print([l for l in out if '10.2.1.100' in l][n])
TCP, UDP, SCTP = 0, 2, 3
def sctp(port, *chunks): inject('cl', ip4(C, VIP, 132, struct.pack('!HHII', port, 80, 1, 0) + b''.join(struct.pack('!BBH', k, 0, 20) + bytes(16) for k in chunks))); time.sleep(.02)
send(*(c4(500 + k, 0, k, proto=132, timeout=205) for k in range(14))); show('each state of SCTP', 500, 513, SCTP)
for k in range(14): sctp(500 + k, 0)
show('data of the client', 500, 513, SCTP); sctp(504, 7); sctp(505, 6); sctp(508, 7); sctp(507, 14); show('shutdown, abort, complete', 504, 508)
send(c4(400, proto=17, state=0, timeout=255), c4(401, 0x100, proto=17, state=0, timeout=255)); show('UDP', 400, 401, UDP); inject('cl', pudp(C, 400, VIP, 80, b'x')); inject('rs1', pudp(R1, 80, C, 401, b'x')); time.sleep(.1); show('UDP packets', 400, 401, UDP)
send(*(c4(200 + k, 0, 1) for k in range(2))); c(200, 'FA'); r(201, 'FA'); show('FIN of either', 200, 201, TCP)
send(c4(200, 0, 1)); show('told again as established', 200, 201, TCP)
send(c4(300, 0x100, 1), c4(301, 0, 4)); c(300, 'A'); show('an inactive established one, an active one in FIN wait', 300, 301, TCP); c(300, 'FA'); c(301, 'A'); show('FIN and ACK', 300, 301, TCP)
send(*(c4(100 + k, 0x100 if k in (4, 5, 6, 7, 8, 9) else 0, k, timeout=405 + 10 * k) for k in range(0, 11))); show('each state of TCP', 100, 110, TCP)
for k in range(11): c(100 + k, 'A')
show('an ACK of the client', 100, 110, TCP)
for k in range(11): r(100 + k, 'A')
show('an ACK of the server', 100, 110, TCP)
send(c4(210), c4(211)); c(210, 'R'); r(211, 'R'); show('RST of either', 210, 211)
P
py <<'P'
C, R1, R2 = '10.1.8.5', '10.2.1.100', '10.2.2.100'
def v1(*conns):
    b = b''.join(conns); return struct.pack('!BBHBbH', 0, 5, 8 + len(b), len(conns), 1, 0) + b
def c4(cport, flags=0, state=1, daddr=R1, dport=80, timeout=900, proto=6, vport=80, vip=VIP):
    return struct.pack('!BBHIHHHHII', 0, proto, 36, flags, state, cport, vport, dport, 0, timeout) + inet_aton(C) + inet_aton(vip) + inet_aton(daddr)
def send(*conns): inject('cl', pudp('10.1.0.2', 8848, '224.0.0.81', 8848, v1(*conns), ttl=1)); time.sleep(0.3)
def c(port, f, vip=VIP): inject('cl', ptcp(C, port, vip, 80, f, seqn=1, ackn=1)); time.sleep(0.05)
q = lambda c: subprocess.run(c.split(), check=True)
s = Sniff('rs1', 'rs2')
q('ipvsadm -C'); print('all services go'); lnc_only('5:101 ', '5:200 '); c(101, 'A'); s.show()
q('ipvsadm -A -t 10.0.0.1:80 -s rr'); q('ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m'); print('and come again'); c(101, 'A'); s.show()
print('without and with sloppy_tcp, unknown connections'); c(700, 'A'); s.show(); sysctl('net.ipv4.vs.sloppy_tcp', 1); c(701, 'A'); c(702, 'FA'); c(703, 'R'); s.show(); lnc_only('5:700 ', '5:701 ', '5:702 ', '5:703 ')
q('ipvsadm -A -t 10.0.0.2:80 -s rr -p 300'); q('ipvsadm -a -t 10.0.0.2:80 -r 10.2.1.100 -m'); q('ipvsadm -a -t 10.0.0.2:80 -r 10.2.2.100 -m')
send(c4(0, 0x1000, 1, R2, vip=VIP2, timeout=77), c4(300, 0, 1, R2, vip=VIP2)); c(301, 'S', VIP2); s.show(); print('a template that was heard decides'); lnc_only('10.0.0.2'); ls('-Ln --persistent-conn')
send(c4(0, 0x1000, 1, R1, vip=VIP2, timeout=88)); c(302, 'S', VIP2); s.show(); print('told with another destination'); lnc_only('10.0.0.2')
send(c4(800, timeout=2), c4(801, timeout=2)); time.sleep(1); c(801, 'A'); time.sleep(2.5); print('times that pass'); lnc_only('5:800 ', '5:801 ')
q('ipvsadm --stop-daemon backup'); send(c4(900)); lnc_only('5:900 ', '5:801 ')
P
