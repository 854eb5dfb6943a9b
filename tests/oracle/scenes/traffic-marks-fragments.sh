# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "fragments of marked datagrams: marked by address, and by port, which only the first one has"
topo nat 2
q ipvsadm -A -f 1 -s rr
q ipvsadm -a -f 1 -r 10.2.1.100 -m
q ipvsadm -A -f 2 -s rr
q ipvsadm -a -f 2 -r 10.2.1.100 -m
q ipvsadm -A -f 3 -s rr
q ipvsadm -a -f 3 -r 10.2.2.100 -g
q ipvsadm -A -f 4 -s rr
q ipvsadm -A -u 10.0.0.2:60 -s rr
q ipvsadm -a -u 10.0.0.2:60 -r 10.2.1.100 -m
mark_in 1 -d 10.0.0.1
mark_in 2 -p udp -d 10.0.0.2 --dport 53
mark_in 3 -d 10.0.0.3
mark_in 4 -p udp -d 10.0.0.2 --dport 54
py <<'P'
C = '10.1.8.5'
def pieces(vip, port, sport, ident, cuts=(1000,), size=1600):
    whole = l4('udp', C, vip, sport, port, data=b'x' * size)
    edges = [0, *cuts, len(whole)]
    return [ip4(C, vip, 17, whole[a:b], df=False, ident=ident, frag=a // 8, mf=b < len(whole)) for a, b in zip(edges, edges[1:])]
def step(title, *pkts):
    print(title); s = Sniff('cl', 'rs1', 'rs2')
    for p in pkts: inject('cl', p)
    s.show(0.15)
step('by address', *pieces(VIP, 53, 1000, 1))
step('by address, of a known connection', *pieces(VIP, 53, 1000, 2))
step('by address, out of order', *reversed(pieces(VIP, 53, 1001, 3)))
step('by address, three', *pieces(VIP, 53, 1002, 4, cuts=(600, 1200)))
step('by port', *pieces(VIP2, 53, 1003, 5))
step('by port, of a known connection', *pieces(VIP2, 53, 1003, 6))
step('by port, out of order', *reversed(pieces(VIP2, 53, 1004, 7)))
step('direct routing', *pieces(VIP3, 53, 1005, 8))
step('no destination', *pieces(VIP2, 54, 1006, 9))
step('by address and port of a service, not marked', *pieces(VIP2, 60, 1007, 10))
step('nobody', *pieces(VIP2, 61, 1008, 11))
step('one is missing', *pieces(VIP, 53, 1009, 12, cuts=(600, 1200))[:2])
lnc(); ls()
P
sleep 2.5
t ipvsadm -Ln --stats
