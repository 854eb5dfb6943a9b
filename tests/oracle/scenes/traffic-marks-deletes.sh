# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "services by mark come, go and are edited amid connections"
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
marked(['-d 10.0.0.1 -j MARK --set-mark 1', '-d 10.0.0.1 -p tcp --dport 80 -j MARK --set-mark 2'])
step('mark 1', 'cl', ptcp(C, 1001, VIP, 81, 'S'))
step('mark 2', 'cl', ptcp(C, 1007, VIP, 80, 'S'))
sh('ipvsadm -D -f 2')
step('its service is deleted: known', 'cl', ptcp(C, 1007, VIP, 80, 'A'))
step('its service is deleted: new', 'cl', ptcp(C, 1008, VIP, 80, 'S'))
step('its service is deleted: answer', 'rs2', ptcp('10.2.2.100', 80, C, 1007, 'SA'))
sh('ipvsadm -A -f 2 -s rr'); sh('ipvsadm -a -f 2 -r 10.2.2.100 -m')
step('it is there again: known', 'cl', ptcp(C, 1007, VIP, 80, 'A'))
sh('ipvsadm -a -f 2 -r 10.2.3.100:90 -m')
step('another destination', 'cl', ptcp(C, 1009, VIP, 80, 'S'))
sh('ipvsadm -d -f 2 -r 10.2.3.100:90')
step('it is gone: known', 'cl', ptcp(C, 1009, VIP, 80, 'A'))
sh('ipvsadm -e -f 2 -r 10.2.2.100 -m -w 0')
step('nobody takes it', 'cl', ptcp(C, 1010, VIP, 80, 'S'))
sh('ipvsadm -D -f 1'); sh('ipvsadm -D -f 2')
step('no mark service left, known', 'cl', ptcp(C, 1001, VIP, 81, 'A'))
step('no mark service left, new', 'cl', ptcp(C, 1011, VIP, 80, 'S'))
step('no mark service left, new, another port', 'cl', ptcp(C, 1011, VIP, 81, 'S'))
sh('ipvsadm -C')
step('no service left, known', 'cl', ptcp(C, 1001, VIP, 81, 'A'))
sh('ipvsadm -A -f 1 -s rr'); sh('ipvsadm -a -f 1 -r 10.2.1.100 -m')
step('a mark again, known', 'cl', ptcp(C, 1001, VIP, 81, 'A'))
marked([])
step('not marked, known', 'cl', ptcp(C, 1001, VIP, 81, 'A'))
print(*sorted(" ".join(c[:1] + c[2:]) for c in conns()), sep="\n"); ls()
P
