# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "several marks and services by address on the same addresses: TCP, UDP and ICMP errors, real sockets, counters"
topo nat 3
serve tcp:80 tcp:443 tcp:8080 udp:53 udp:54
q ipvsadm -A -f 10 -s rr
for i in 1 2 3; do q ipvsadm -a -f 10 -r 10.2.$i.2 -m; done
q ipvsadm -A -f 11 -s wrr
q ipvsadm -a -f 11 -r 10.2.1.2 -m -w 2
q ipvsadm -a -f 11 -r 10.2.2.2 -m -w 1
q ipvsadm -A -f 12 -s sh
for i in 1 2 3; do q ipvsadm -a -f 12 -r 10.2.$i.2:8080 -m; done
q ipvsadm -A -t 10.0.0.1:8080 -s rr
for i in 2 3; do q ipvsadm -a -t 10.0.0.1:8080 -r 10.2.$i.2:8080 -m; done
q ipvsadm -A -u 10.0.0.1:54 -s rr
q ipvsadm -a -u 10.0.0.1:54 -r 10.2.3.2 -m
q iptables-legacy -t mangle -A PREROUTING -i c0 -d 10.0.0.1 -p tcp -m multiport --dports 80,443 -j MARK --set-mark 10
mark_in 10 -d 10.0.0.1 -p udp --dport 53
mark_in 11 -d 10.0.0.2 -p tcp
mark_in 12 -d 10.0.0.3 -s 10.1.4.0/24
py <<'P'
ns('cl')
print('mark 10, 80:', seq(4, VIP, 80), '443:', seq(2, VIP, 443), 'udp 53:', seq(3, VIP, 53, proto='udp'))
print('mark 11, 80:', seq(4, VIP2, 80), '443:', seq(3, VIP2, 443))
print('mark 12:', ' '.join(tcp(VIP3, 80, src='10.1.4.%d' % i).close().who for i in range(1, 13)))
print('not of mark 12:', tcp(VIP3, 80, src='10.1.5.1').who)
print('by address:', seq(3, VIP, 8080), seq(2, VIP, 54, proto='udp'))
print('nobody:', seq(1, VIP, 81), seq(1, VIP2, 53, proto='udp'))
h = [tcp(VIP, 80, src='10.1.4.9', sport=20001), tcp(VIP2, 443, src='10.1.4.9', sport=20002), tcp(VIP3, 80, src='10.1.4.9', sport=20003)]
print([each.info for each in h])
ns(None)
lnc_only(':2000')
ls()
sh('ipvsadm -D -f 10')
ns('cl')
print('mark 10 without service, 80:', seq(1, VIP, 80), '8080:', seq(1, VIP, 8080))
print('known:', h[1].ask(), h[2].ask())
ns(None)
ls()
P
sleep 2.5
t ipvsadm -Ln --stats
