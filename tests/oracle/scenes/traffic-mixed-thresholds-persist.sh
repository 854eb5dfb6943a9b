# SPDX-License-Identifier: Apache-2.0
. "$ORACLE_LIB/lib.sh"
note "thresholds, persistence, direct routing, tunnel, port reuse, marks, sh, mh, edits of the method"
topo tun 2
q ipvsadm -A -t 10.0.0.1:80 -s sh -b sh-fallback -p 100 -M 255.255.255.0
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100 -g -x 3 -y 2
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.2.100 -i -x 2
q ipvsadm -A -f 3 -s mh -b mh-fallback,mh-port
q ipvsadm -a -f 3 -r 10.2.1.100 -m -x 2
q ipvsadm -a -f 3 -r 10.2.2.100 -i -x 3 -y 1 --tun-type gre
mark_in 3 -d 10.0.0.2
py <<'P'
def lnc(*words):
    """All connections, or those with one of the words; without the seconds: the scene is long."""
    for l in sorted(' '.join([f[0], *f[2:]]) for f in conns()):
        if not words or any(w in l for w in words): print('| ' + l)
s = Sniff('cl', 'rs1', 'rs2')
def took(pkt):
    inject('cl', pkt); got = s.get(0.3, 1)
    return ', '.join('%s %s' % (w, show(d[14:])[:60]) for w, d in got) or 'none'
def stand(): lnc(); ls('-Ln --persistent-conn'); ls('-Ln --thresholds')
for net in (4, 5):
    for n in range(4): print('SYN of net %d:' % net, took(ptcp('10.1.%d.%d' % (net, n + 5), 1000, VIP, 80, 'S')))
stand()
for n in range(4): print('FIN of net 4:', took(ptcp('10.1.4.%d' % (n + 5), 1000, VIP, 80, 'FA')))
for n in range(3): print('SYN again of net 4:', took(ptcp('10.1.4.%d' % (n + 5), 1000, VIP, 80, 'S')))
for n in range(3): print('SYN of others:', took(ptcp('10.1.%d.5' % (n + 6 if n < 2 else 8), 1000, VIP, 80, 'S')))
stand()
print(sh('ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.100 -i -x 0'), end='')
for n in range(2): print('the method changed, net 4:', took(ptcp('10.1.4.%d' % (n + 5), 1001, VIP, 80, 'S')), '|', took(ptcp('10.1.4.%d' % (n + 5), 1000, VIP, 80, 'A')))
print(sh('ipvsadm -E -t 10.0.0.1:80 -s lblcr'), end='')
for n in range(3): print('no persistence now:', took(ptcp('10.1.4.5', 1010 + n, VIP, 80, 'S')))
stand()
print(sh('ipvsadm -E -t 10.0.0.1:80 -s lc -p 50'), end='')
for n in range(3): print('persistence again:', took(ptcp('10.1.4.5', 1020 + n, VIP, 80, 'S')))
for n in range(8): print('by mark:', took(ptcp('10.1.8.5', 2000 + n, VIP2, 80, 'S')))
stand()
for n in range(8): print('by mark, RST:', took(ptcp('10.1.8.5', 2000 + n, VIP2, 80, 'R')))
for n in range(4): print('by mark, SYN again:', took(ptcp('10.1.8.5', 2000 + n, VIP2, 80, 'S')))
for n in range(2): print('by mark, UDP:', took(pudp('10.1.8.5', 2000 + n, VIP2, 80, b'x')))
print(sh('ipvsadm -E -f 3 -s mh -b mh-port -p 60'), end='')
for n in range(3): print('persistent by mark:', took(ptcp('10.1.8.%d' % (6 + n), 2000, VIP2, 80 + n, 'S')), '|', took(pudp('10.1.8.%d' % (6 + n), 2000, VIP2, 53, b'x')))
print(sh('ipvsadm -D -f 3'), end='')
for n in range(2): print('the service is deleted:', took(ptcp('10.1.8.5', 2000 + n, VIP2, 80, 'A')))
stand()
time.sleep(2.5); ls('-Ln --stats')
P
