. "$ORACLE_LIB/lib.sh"
note "lblcr: the set of an address grows while its servers are busy, and shrinks when it rests; lblc beside it"
topo nat 3
for s in lblcr lblc; do
	v=$([ $s = lblcr ] && echo 10.0.0.1 || echo 10.0.0.2)
	q ipvsadm -A -t $v:80 -s $s
	for i in 1 2 3; do q ipvsadm -a -t $v:80 -r 10.2.$i.100 -m -w $((i + 1)); done
done
py <<'P'
C = '10.1.8.5'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
live = []
def took(wait=0.3):
    got = s.get(want=1, wait=wait)
    if not got: return 'none'
    who, frame = got[0]; p = frame[14:]
    return who if who != 'cl' else {1: 'refused', 6: 'reset'}.get(p[9], 'cl')
def syns(n, vip=VIP):
    out = []
    for _ in range(n):
        port[0] += 1; inject('cl', ptcp(C, port[0], vip, 80, 'S')); out.append(took()); live.append((port[0], vip, out[-1]))
    return ' '.join(out)
def end(who, vip=VIP):
    for one in [x for x in live if x[1:] == (vip, who)]:
        live.remove(one)
        inject('cl', ptcp(C, one[0], vip, 80, 'A')); took()
        inject('cl', ptcp(C, one[0], vip, 80, 'R')); took()
def both(n): print('  lblcr:', syns(n)); print('  lblc: ', syns(n, VIP2))
def rest(n):
    # Sets shrink with age here alone: what comes between may take its time.
    for each in ('lblcr', 'lblc'): sysctl('net.ipv4.vs.' + each + '_expiration', 2)
    time.sleep(2.3); both(1)
    for each in ('lblcr', 'lblc'): sysctl('net.ipv4.vs.' + each + '_expiration', 86400)
    if n > 1: both(n - 1)
def adm(c):
    print(c)
    for v in (VIP, VIP2): print(sh('ipvsadm ' + c.replace('SVC', '-t %s:80' % v)), end='')
both(4); both(4); both(9)
print('rs3 idle'); end('rs3'); end('rs3', VIP2); both(5)
print('rest'); rest(1); both(4)
print('all idle')
for w in ('rs1', 'rs2', 'rs3'): end(w); end(w, VIP2)
both(5); rest(3); rest(3); rest(3)
both(12)
adm('-e SVC -r 10.2.3.100 -m -w 0'); both(3); rest(3)
adm('-d SVC -r 10.2.2.100'); both(3); rest(2); both(2)
adm('-a SVC -r 10.2.2.100 -m -w 9'); both(6)
adm('-e SVC -r 10.2.3.100 -m -w 7'); both(6); rest(6)
adm('-e SVC -r 10.2.2.100 -m -w 9 -x 2'); both(4)
adm('-d SVC -r 10.2.1.100'); adm('-a SVC -r 10.2.1.100 -m -w 30'); both(8)
ls()
P
