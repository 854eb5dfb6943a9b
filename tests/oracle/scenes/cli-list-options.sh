. "$ORACLE_LIB/lib.sh"
note "options of the listing, alone and together"
q ipvsadm -A -t 10.0.0.1:80 -s wrr -p 60
for r in 10.2.3.2 10.2.1.2 10.2.2.2; do q ipvsadm -a -t 10.0.0.1:80 -r $r -m -w 3 -x 9 -y 1; done
q ipvsadm -A -f 3; q ipvsadm -a -f 3 -r 10.2.1.2 -i --tun-type gue --tun-port 65535 --tun-remcsum -w 1000000; q ipvsadm -a -f 3 -r 10.2.1.3 -i --tun-type gre --tun-csum -w 123456
fmt=(--stats --rate --thresholds --persistent-conn --tun-info --exact --nosort --sort -c --timeout --daemon "--syncid 3")
for a in "${fmt[@]}"; do for b in "${fmt[@]}"; do t ipvsadm -Ln -t 10.0.0.1:80 $a $b; done; done
for a in "${fmt[@]}"; do t ipvsadm -Ln -f 3 $a; t ipvsadm -L $a -t 10.0.0.1:http; t ipvsadm -L -f 9 $a; done
t ipvsadm -Ln --tun-info
t ipvsadm -Ln --persistent-conn
t ipvsadm -Ln --syncid 256
t ipvsadm -L --mcast-ttl 5
