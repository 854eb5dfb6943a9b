. "$ORACLE_LIB/lib.sh"
note "direct routing: answers that the host drops, since they bear its own address, change nothing"
topo nat 1
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.100:80 -g
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100:53 -g
py <<'P'
C = '10.1.8.5'
s = Sniff('cl', 'rs1')
def st(): return ' '.join('%s:%s' % (x[3].split(':')[1], x[2]) for x in sorted(conns(), key=lambda x: x[3]))
def go(port, steps):
    for who, f in steps:
        if who == 'c': inject('cl', ptcp(C, port, VIP, 80, f))
        else: inject('rs1', ptcp(VIP if who == 'v' else '10.2.1.100', 80, C, port, f))
        got = s.get(want=1, wait=0.2)
        print(port, who, f, '->', ' / '.join('%s %s' % (w, show(d[14:])) for w, d in got) or 'nothing', '|', [x[2] for x in conns() if x[3].endswith(':%d' % port)])
go(1001, [('c', 'S'), ('v', 'SA'), ('c', 'A'), ('v', 'FA'), ('c', 'FA'), ('v', 'A')])
go(1002, [('c', 'S'), ('v', 'R'), ('c', 'A')])
go(1003, [('c', 'S'), ('v', 'PA'), ('c', 'FA'), ('v', 'FA'), ('c', 'A')])
go(1004, [('c', 'S'), ('r', 'SA'), ('c', 'A'), ('r', 'FA')])
go(1005, [('c', 'SA'), ('v', 'R'), ('c', 'A'), ('c', 'A'), ('c', 'FA')])
go(1006, [('c', 'S'), ('c', 'A'), ('v', 'R'), ('c', 'A'), ('c', 'A'), ('c', 'FA')])
inject('cl', pudp(C, 2000, VIP, 53, b'x')); time.sleep(.1); inject('rs1', pudp(VIP, 53, C, 2000, b'y')); s.show(want=2); lnc()
time.sleep(2.5); ls('-Ln --stats')
P
