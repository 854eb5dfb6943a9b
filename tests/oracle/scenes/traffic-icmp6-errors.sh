. "$ORACLE_LIB/lib.sh"
note "ICMPv6 errors of the client about answers, echo to the virtual address, unknown connections"
topo nat 1
q ipvsadm -A -u '[2001:db8::1]:53' -s rr
q ipvsadm -a -u '[2001:db8::1]:53' -r '[2001:db8:2:1::100]:5353' -m
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
q ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:1::100]:8080' -m
py <<'P'
C, R = '2001:db8:8::5', '2001:db8:2:1::100'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1'); inject(where, pkt); s.show()
step('UDP request', 'cl', pudp(C, 2222, VIP6, 53, b'question'))
step('TCP request', 'cl', ptcp(C, 2223, VIP6, 80, 'S'))
ans, syn = pudp(VIP6, 53, C, 2222, b'answer'), ptcp(VIP6, 80, C, 2223, 'SA')
step('port unreachable from the client about an answer', 'cl', picmp6(C, VIP6, 1, 4, data=ans))
step('too big from a router on the client side', 'cl', picmp6('2001:db8:8::99', VIP6, 2, 0, b'\0\0\x05\x14', data=ans))
step('time exceeded from a router on the client side, about TCP', 'cl', picmp6('2001:db8:8::99', VIP6, 3, 0, data=syn))
step('parameter problem', 'cl', picmp6(C, VIP6, 4, 0, data=ans))
step('error about an unknown connection', 'cl', picmp6(C, VIP6, 1, 4, data=pudp(VIP6, 53, C, 9999, b'answer')))
step('echo request: the director answers', 'cl', picmp6(C, VIP6, 128, 0, b'\x12\x34\0\1', data=b'ping'))
time.sleep(2.5); ls('-Ln --stats'); lnc()
P
