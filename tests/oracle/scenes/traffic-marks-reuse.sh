# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "ports used again under a mark, and the least loaded server chosen while connections end"
topo nat 3
q ipvsadm -A -f 1 -s wlc
for i in 1 2 3; do q ipvsadm -a -f 1 -r 10.2.$i.100 -m; done
q ipvsadm -A -t 10.0.0.2:80 -s lc
for i in 1 2 3; do q ipvsadm -a -t 10.0.0.2:80 -r 10.2.$i.100 -m; done
mark_in 1 -d 10.0.0.1 -p tcp
py <<'P'
C = '10.1.8.5'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
def where(pkt):
    inject('cl', pkt); r = s.get(want=1, wait=0.3)
    return r[0][0] if r else 'none'
def done(vip, port, rs):
    inject('cl', ptcp(C, port, vip, 80, 'A')); s.get(want=1, wait=0.3)
    inject('cl', ptcp(C, port, vip, 80, 'FA')); s.get(want=1, wait=0.3)
    inject(rs, ptcp('10.2.%s.100' % rs[2:], 80, C, port, 'FA')); s.get(want=1, wait=0.3)
    inject('cl', ptcp(C, port, vip, 80, 'A')); s.get(want=1, wait=0.3)
for vip in (VIP, VIP2):
    print(vip)
    first = [where(ptcp(C, 1000 + i, vip, 80, 'S')) for i in range(7)]
    print(*first)
    for i in (0, 2, 4):
        done(vip, 1000 + i, first[i])
    print('again:', *[where(ptcp(C, 1000 + i, vip, 80, 'S')) for i in (0, 2, 4)])
    print('open ones again:', *[where(ptcp(C, 1000 + i, vip, 80, 'S')) for i in (1, 3, 5)])
    print('new:', *[where(ptcp(C, 1100 + i, vip, 80, 'S')) for i in range(6)])
    ls()
lnc()
P
