. "$ORACLE_LIB/lib.sh"
note "drop_packet: who is counted, how the modes follow free memory, and what a change does to the count"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -g
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:53' -m
q ipvsadm -A -t 10.0.0.1:81 -s rr
py <<'P'
s = Sniff('rs1', 'cl')
C, C6 = '10.1.8.5', '2001:db8:8::5'
n = 1000
def what(pkt):
    inject('cl', pkt)
    got = s.get(want=1, wait=0.12)
    return got[0][0] if got else 'drop'
def run(title, make, count=8):
    global n
    r = []
    for k in range(count):
        n += 1; r.append(what(make(n)))
    print('%-34s %s' % (title, ' '.join(r)))
syn = lambda p: ptcp(C, p, VIP, 80, 'S')
ack = lambda p: ptcp(C, p, VIP, 80, 'A')
udp4 = lambda p: pudp(C, p, VIP, 53, b'x')
udp6 = lambda p: pudp(C6, p, VIP6, 53, b'x')
def put(**values):
    for k, v in values.items(): sysctl('net.ipv4.vs.' + k, v)
put(am_droprate=3, drop_packet=3)
run('SYN, rate 3', syn)
run('UDP by DR goes on counting', udp4)
run('UDP over IPv6 too', udp6)
run('no service: not counted', lambda p: ptcp(C, p, VIP, 82, 'S'), 2)
run('TCP that begins nothing: not counted', ack, 2)
run('SYN', syn, 4)
run('service without destinations', lambda p: ptcp(C, p, VIP, 81, 'S'), 6)
put(drop_packet=0)
run('off', syn, 4)
put(drop_packet=3)
run('on again', syn, 6)
put(am_droprate=2)
time.sleep(1.3)
run('rate 2, a second later', syn, 8)
put(am_droprate=1)
time.sleep(1.3)
run('rate 1', syn, 4)
put(am_droprate=0)
time.sleep(1.3)
run('rate 0', syn, 4)
put(am_droprate=-1)
time.sleep(1.3)
run('rate -1', syn, 4)
put(drop_packet=0, am_droprate=10, amemthresh=2000000000)
put(drop_packet=1, drop_entry=1, secure_tcp=1)
print('memory short:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
run('all are dropped', syn, 4)
put(amemthresh=1)
time.sleep(1.3)
print('memory enough:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
run('none is dropped', syn, 4)
put(amemthresh=2000000000)
time.sleep(1.3)
print('memory short:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
put(drop_packet=0, drop_entry=0, secure_tcp=0)
print('off:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
put(drop_packet=2, drop_entry=2, secure_tcp=2)
print('2 is as 1:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
put(amemthresh=0)
time.sleep(1.3)
print('memory enough:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
put(drop_packet=2, drop_entry=2, secure_tcp=2)
print('2 is as 1:', *(k + '=' + sysctl('net.ipv4.vs.' + k) for k in ('drop_packet', 'drop_entry', 'secure_tcp')))
P
