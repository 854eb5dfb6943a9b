. "$ORACLE_LIB/lib.sh"
note "snat_reroute: the way of answers by rules on the virtual address, or on the server's; from outside and from here"
topo nat 2
serve dir:udp:5353
for i in 1 2; do q ip route add default via 10.2.2.2 table $((100 + i)); done
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
q ipvsadm -A -u 10.0.0.2:53 -s rr
q ipvsadm -a -u 10.0.0.2:53 -r 10.2.1.1:5353 -m
py <<'P'
C = '10.1.8.5'
def answers(title):
    print(title); s = Sniff('cl', 'rs1', 'rs2')
    inject('cl', pudp(C, 1, VIP, 53, b'q')); inject('rs1', pudp('10.2.1.100', 53, C, 1, b'a')); s.show()
    s = Sniff('cl', 'rs1', 'rs2'); inject('cl', pudp(C, 1, VIP2, 53, b'q')); s.show()
for on in (1, 0):
    sysctl('net.ipv4.vs.snat_reroute', on)
    for rule in ('from 10.0.0.0/24', 'from 10.2.1.0/24', 'iif s1', 'iif lo'):
        sh('ip rule add %s lookup 101' % rule); time.sleep(0.3)
        answers('snat_reroute %d, rule %s' % (on, rule))
        sh('ip rule del %s lookup 101' % rule)
P
