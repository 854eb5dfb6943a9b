# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "what is marked changes amid connections"
topo nat 3
q ipvsadm -A -f 1 -s rr
q ipvsadm -a -f 1 -r 10.2.1.100 -m
q ipvsadm -A -f 2 -s rr
q ipvsadm -a -f 2 -r 10.2.2.100 -m
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.3.100 -m
py <<'P'
C = '10.1.8.5'
def step(title, where, pkt):
    print(title); s = Sniff('cl', 'rs1', 'rs2', 'rs3'); inject(where, pkt); s.show(0.15)
def marked(what):
    sh('iptables-legacy -t mangle -F PREROUTING')
    for each in what:
        sh('iptables-legacy -t mangle -A PREROUTING -i c0 ' + each)
step('no mark', 'cl', ptcp(C, 1000, VIP, 80, 'S'))
marked(['-p tcp -d 10.0.0.1 --dport 80 -j MARK --set-mark 1'])
step('known, now with mark 1', 'cl', ptcp(C, 1000, VIP, 80, 'A'))
step('new, mark 1', 'cl', ptcp(C, 1001, VIP, 80, 'S'))
step('new, mark 1, another port', 'cl', ptcp(C, 1001, VIP, 81, 'S'))
marked(['-d 10.0.0.1 -j MARK --set-mark 2'])
step('known, now with mark 2', 'cl', ptcp(C, 1001, VIP, 80, 'A'))
step('new, mark 2', 'cl', ptcp(C, 1002, VIP, 80, 'S'))
step('new, mark 2, another port', 'cl', ptcp(C, 1002, VIP, 82, 'S'))
marked(['-d 10.0.0.1 -j MARK --set-mark 3'])
step('new, mark 3 without a service', 'cl', ptcp(C, 1003, VIP, 80, 'S'))
step('new, mark 3 without a service, another port', 'cl', ptcp(C, 1003, VIP, 82, 'S'))
marked([])
step('known, no mark any more', 'cl', ptcp(C, 1002, VIP, 82, 'A'))
step('new, no mark', 'cl', ptcp(C, 1004, VIP, 80, 'S'))
step('new, no mark, another port', 'cl', ptcp(C, 1004, VIP, 82, 'S'))
marked(['-d 10.0.0.1 -j MARK --set-mark 0xffff'])
sh('ipvsadm -A -f 65535 -s rr'); sh('ipvsadm -a -f 65535 -r 10.2.1.100 -m')
step('new, mark 0xffff', 'cl', ptcp(C, 1005, VIP, 80, 'S'))
sh('ipvsadm -A -f 2147483646 -s rr'); sh('ipvsadm -a -f 2147483646 -r 10.2.2.100 -m')
marked(['-d 10.0.0.1 -j MARK --set-mark 0x7ffffffe'])
step('new, mark 0x7ffffffe', 'cl', ptcp(C, 1006, VIP, 80, 'S'))
marked(['-d 10.0.0.1 -j MARK --set-mark 1', '-d 10.0.0.1 -p tcp --dport 80 -j MARK --set-mark 2'])
step('the last rule that fits', 'cl', ptcp(C, 1007, VIP, 80, 'S'))
print(*sorted(" ".join(c[:1] + c[2:]) for c in conns()), sep="\n"); ls()
P
