. "$ORACLE_LIB/lib.sh"
note "mh: destinations of the other family, behind tunnels, in the table of a service"
topo tun 3
q ipvsadm -A -u 10.0.0.1:53 -s mh
q ipvsadm -A -u '[2001:db8::1]:53' -s mh
py <<'P'
s = Sniff('cl', 'rs1', 'rs2', 'rs3')
port = [1000]
def took(wait=0.5):
    got = s.get(want=1, wait=wait)
    return got[0][0][2:] if got else '-'
def clients(n=60):
    out4, out6 = [], []
    for i in range(n):
        port[0] += 1
        inject('cl', pudp('10.1.8.%d' % (i * 4 + 2), port[0], VIP, 53, b'x')); out4.append(took())
        inject('cl', pudp('2001:db8:8::%x' % (i * 1009 + 2), port[0], VIP6, 53, b'x')); out6.append(took())
    print('  v4', ''.join(out4)); print('  v6', ''.join(out6))
def adm(c, r):
    for svc in ('-u 10.0.0.1:53', '-u [2001:db8::1]:53'):
        print(c, svc, r); print(sh('ipvsadm %s %s -r %s -i -w 1' % (c, svc, r)), end='')
adm('-a', '[2001:db8:2:1::100]:53'); adm('-a', '10.2.2.100:53'); clients()
adm('-a', '[2001:db8:2:3::100]:53'); clients()
P
