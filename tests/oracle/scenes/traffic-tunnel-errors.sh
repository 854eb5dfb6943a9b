. "$ORACLE_LIB/lib.sh"
note "ICMP errors about an ipip packet: short and long quotes, the MTU of the path, what is not ours; errors about answers"
topo tun 1
q ipvsadm -A -u 10.0.0.1:61 -s rr
q ipvsadm -a -u 10.0.0.1:61 -r 10.2.1.100:61 -i
q ipvsadm -A -u 10.0.0.1:62 -s rr
q ipvsadm -a -u 10.0.0.1:62 -r 10.2.1.100:62 -g
py <<'P'
C, C6 = '10.1.8.5', '2001:db8:8::5'
n=61
def show1(title, where, pkt):
    print(title); s=Sniff('cl','rs1'); inject(where, pkt); s.show()
def outer(size, **k):
    s = Sniff('cl','rs1'); inject('cl', pudp(C, 2222, VIP, n, b'x'*size, **k)); return [d[14:] for w,d in s.get(0.3,1)][0]
out = outer(500, df=False)
for l in (20, 40, 47, 48, 49, 60):
    show1('quote %d' % l, 'rs1', picmp('10.2.1.2','10.2.1.1',3,1,data=out[:l]))
show1('no df frag needed', 'rs1', picmp('10.2.1.2','10.2.1.1',3,4,struct.pack('!HH',0,900),data=out[:100]))
show1('then 1000', 'cl', pudp(C, 2222, VIP, n, b'x'*1000))
show1('source quench', 'rs1', picmp('10.2.1.2','10.2.1.1',4,0,data=out[:100]))
show1('redirect', 'rs1', picmp('10.2.1.2','10.2.1.1',5,1,data=out[:100]))
show1('param problem', 'rs1', picmp('10.2.1.2','10.2.1.1',12,0,data=out[:100]))
show1('net unreachable with mtu', 'rs1', picmp('10.2.1.2','10.2.1.1',3,0,struct.pack('!HH',7,900),data=out[:100]))
out = outer(500)
show1('mtu 300', 'rs1', picmp('10.2.1.2','10.2.1.1',3,4,struct.pack('!HH',0,300),data=out[:100]))
show1('then 504', 'cl', pudp(C, 2222, VIP, n, b'x'*504))
show1('then 505', 'cl', pudp(C, 2222, VIP, n, b'x'*505))
show1('larger mtu does not raise it', 'rs1', picmp('10.2.1.2','10.2.1.1',3,4,struct.pack('!HH',0,1400),data=out[:100]))
show1('then 505', 'cl', pudp(C, 2222, VIP, n, b'x'*505))
show1('without df', 'cl', pudp(C, 2222, VIP, n, b'x'*505, df=False))
show1('DR to the same address', 'cl', pudp(C, 2222, VIP, 62, b'x'*1000))
b=bytearray(picmp('10.2.1.2','10.2.1.1',3,1,data=out[:100])); b[22]^=1; show1('bad sum', 'rs1', bytes(b))
show1('not to us','rs1', picmp('10.2.1.2','10.1.0.2',3,1,data=out[:100]))
show1('to another address of ours','rs1', picmp('10.2.1.2','10.1.0.1',3,1,data=out[:100]))
show1('from the client side', 'cl', picmp('10.1.8.9','10.2.1.1',3,1,data=out[:100]))
show1('mtu 0', 'rs1', picmp('10.2.1.2','10.2.1.1',3,4,struct.pack('!HH',0,0),data=out[:100]))
fake = bytearray(out); fake[16:20]=inet_aton('10.2.1.99')
show1('about another server', 'rs1', picmp('10.2.1.2','10.2.1.1',3,1,data=bytes(fake[:100])))
fake = ip4('10.2.1.1','10.2.1.100',4, pudp(C, 9999, VIP, 61, b'x'*100))
show1('no such connection', 'rs1', picmp('10.2.1.2','10.2.1.1',3,1,data=fake[:100]))
show1('whole quote', 'rs1', picmp('10.2.1.2','10.2.1.1',3,1,data=out))
show1('ttl 1 error', 'rs1', picmp('10.2.1.2','10.2.1.1',3,1,data=out[:100],ttl=1))
time.sleep(2.5); ls('-Ln --stats')
# ttl and DR answers in the statistics
show1('DR ttl 1','cl', pudp(C, 2222, VIP, 62, b'x', ttl=1))
show1('DR too big','cl', pudp(C, 2223, VIP, 62, b'x', ttl=1))
show1('tun ttl 1','cl', pudp(C, 2222, VIP, 61, b'x', ttl=1))
time.sleep(2.5); ls('-Ln --stats')
show1('ICMP about an answer, ttl 1', 'cl', picmp(C,VIP,3,3,data=pudp(VIP, 61, C, 2222, b'y'*100)[:60], ttl=1))
show1('ICMP about an answer, large', 'cl', picmp(C,VIP,3,3,data=pudp(VIP, 61, C, 2222, b'y'*1400), ttl=9))
time.sleep(2.5); ls('-Ln --stats')
P
