. "$ORACLE_LIB/lib.sh"
note "two connections with the same answers: the newest gets them; when it goes, the older one"
topo nat 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.100 -m
py <<'P'
C, R = '10.1.8.5', '10.2.1.100'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
step('to 10.0.0.1', 'cl', pudp(C, 2222, VIP, 53, b'x'))
sh('ipvsadm --set 0 0 2')
step('to 10.0.0.2', 'cl', pudp(C, 2222, VIP2, 53, b'x'))
step('answer', 'rs1', pudp(R, 53, C, 2222, b'y'))
sh('ipvsadm -d -u 10.0.0.2:53 -r 10.2.1.100')
step('answer, the newest one\'s server deleted', 'rs1', pudp(R, 53, C, 2222, b'y'))
step('to 10.0.0.2', 'cl', pudp(C, 2222, VIP2, 53, b'x'))
time.sleep(2.8)
step('answer, the newest gone', 'rs1', pudp(R, 53, C, 2222, b'y'))
lnc()
P
