# limit: 150
. "$ORACLE_LIB/lib.sh"
note "mh: the entries that weights give, the last weight that was not 0, ports, IPv6, fallback"
topo nat 4
q ipvsadm -A -u 10.0.0.1:53 -s mh
q ipvsadm -A -u '[2001:db8::1]:53' -s mh
py <<'P'
s = Sniff('cl', 'rs1', 'rs2', 'rs3', 'rs4')
port = [1000]
def took(wait=0.3):
    got = s.get(want=1, wait=wait)
    if not got: return '-'
    who, frame = got[0]; p = frame[14:]
    if who != 'cl': return who[2:]
    time.sleep(0.003)  # within the limit of ICMP errors
    return {1: 'x', 58: 'x'}.get(p[9] if p[0] >> 4 == 4 else p[6], '?')
def clients(n=60, fixed=0):
    out4, out6 = [], []
    for i in range(n):
        port[0] = port[0] % 60000 + 1
        inject('cl', pudp('10.1.8.%d' % (i * 4 + 2), fixed or port[0], VIP, 53, b'x')); out4.append(took())
        inject('cl', pudp('2001:db8:8::%x' % (i * 1009 + 2), fixed or port[0], VIP6, 53, b'x')); out6.append(took())
    print('  v4', ''.join(out4)); print('  v6', ''.join(out6))
def adm(c, n=60):
    print(c)
    for svc, rs in (('-u 10.0.0.1:53', '10.2.%s.100'), ('-u [2001:db8::1]:53', '[2001:db8:2:%s::100]')):
        print(sh('ipvsadm ' + re.sub(r'RS(\d)', lambda m: '-r %s:53' % (rs % m[1]), c.replace('SVC', svc))), end='')
    if n: clients(n)
adm('-a SVC RS1 -m -w 0', 5); adm('-a SVC RS2 -m', 0); adm('-a SVC RS3 -m -w 2', 0); adm('-a SVC RS4 -m -w 4')
adm('-e SVC RS1 -m -w 3'); adm('-e SVC RS1 -m -w 0'); adm('-e SVC RS4 -m -w 0')
adm('-d SVC RS1', 20); adm('-a SVC RS1 -m -w 0'); adm('-e SVC RS1 -m -w 6')
adm('-e SVC RS2 -m -w 100', 0); adm('-e SVC RS3 -m -w 1000', 0); adm('-e SVC RS4 -m -w 7')
adm('-e SVC RS3 -m -w 2000000000'); adm('-e SVC RS3 -m -w 64'); adm('-e SVC RS3 -m -w 63'); adm('-e SVC RS3 -m -w 2')
adm('-E SVC -s mh -b mh-port'); clients(30, 4000); clients(30, 4001)
adm('-E SVC -s mh -b mh-port,mh-fallback', 0); adm('-e SVC RS2 -m -w 0'); clients(30, 4000)
adm('-E SVC -s mh -b mh-fallback'); adm('-e SVC RS4 -m -w 0 -x 9', 30); adm('-e SVC RS1 -m -w 6 -x 3', 30); adm('-e SVC RS3 -m -w 0', 30)
adm('-d SVC RS1', 5); adm('-d SVC RS2', 5); adm('-d SVC RS3', 5); adm('-d SVC RS4', 5)
adm('-a SVC RS4 -m -w 0', 5); adm('-e SVC RS4 -m -w 5', 10)
P
