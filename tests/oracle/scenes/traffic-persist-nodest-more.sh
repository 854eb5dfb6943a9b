. "$ORACLE_LIB/lib.sh"
note "expire_nodest_conn: what a deletion does to templates with and without connections, quiesced and full ones, outdated ones"
topo nat 2
q ipvsadm -A -t 10.0.0.1:80 -s rr -p 500
q ipvsadm -A -u 10.0.0.1:53 -s rr -p 500 -o
q ipvsadm -A -u 10.0.0.1:54 -s rr -p 500
for i in 1 2; do for s in '-t 10.0.0.1:80' '-u 10.0.0.1:53' '-u 10.0.0.1:54'; do q ipvsadm -a $s -r 10.2.$i.100 -m; done; done
py <<'P'
C = ['10.1.8.%d' % n for n in range(10)]
def adm(c):
    print('ipvsadm', c); out = sh('ipvsadm ' + c)
    if out: print('!', out, end='')
def begin():
    for c in C[1:3]: inject('cl', ptcp(c, 1000, VIP, 80, 'S'))
    for c in C[3:5]: inject('cl', pudp(c, 1000, VIP, 53, b'x'))
    for c in C[5:7]: inject('cl', pudp(c, 1000, VIP, 54, b'x'))
begin(); lnc()
sysctl('net.ipv4.vs.expire_quiescent_template', 1)
adm('-e -t 10.0.0.1:80 -r 10.2.2.100 -m -w 0')
for c in C[1:3]: inject('cl', ptcp(c, 1001, VIP, 80, 'S'))
lnc_only('65535', 'TCP')
adm('-d -t 10.0.0.1:80 -r 10.2.2.100'); lnc_only('TCP')
sysctl('net.ipv4.vs.expire_nodest_conn', 1)
adm('-d -u 10.0.0.1:53 -r 10.2.2.100'); time.sleep(0.3); lnc()
adm('-a -t 10.0.0.1:80 -r 10.2.2.100 -m'); adm('-a -u 10.0.0.1:53 -r 10.2.2.100 -m'); begin(); lnc()
adm('-d -u 10.0.0.1:54 -r 10.2.1.100'); time.sleep(0.3); lnc_only('UDP')
adm('-D -t 10.0.0.1:80'); time.sleep(0.3); lnc(); ls('-Ln --persistent-conn')
P
