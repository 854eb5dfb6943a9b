. "$ORACLE_LIB/lib.sh"
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -t '[2001:db8::1]:80' -s rr
for m in -m -g -i ""; do
t ipvsadm -a -t 10.0.0.1:80 -r '[2001:db8:2:1::2]:80' $m
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2:80 $m
done
t ipvsadm -e -t 10.0.0.1:80 -r '[2001:db8:2:1::2]:80' -m
t ipvsadm -e -t 10.0.0.1:80 -r '[2001:db8:2:1::2]:80' -i -w 5
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.9.2 -m
t ipvsadm -a -t 10.0.0.1:80 -r '2001:db8:2:5::2' -i --tun-type gue --tun-port 99
t ipvsadm -a -t '[2001:db8::1]:80' -r 9.2.1.2 -i --tun-type gre
t ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2:5::2]:99' -m
for o in -n "-n --stats" "-n --rate" "-n --thresholds" "-n --persistent-conn" "-n --tun-info" "-n --nosort -t 10.0.0.1:80" ""; do t ipvsadm -L $o; done
t ipvsadm -Sn
t ipvsadm -a -t 10.0.0.1:80 -r '[ff02::1]:80' -i
t ipvsadm -a -t 10.0.0.1:80 -r '[::]:80' -i
t ipvsadm -a -t '[2001:db8::1]:80' -r 224.0.0.1 -i
t ipvsadm -d -t 10.0.0.1:80 -r '[2001:db8:2:1::2]:80'
t ipvsadm -d -t '[2001:db8::1]:80' -r 10.2.1.2
t ipvsadm -d -t '[2001:db8::1]:80' -r 10.2.1.2
t ipvsadm -Ln

