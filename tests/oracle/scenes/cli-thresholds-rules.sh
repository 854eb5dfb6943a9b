. "$ORACLE_LIB/lib.sh"
q ipvsadm -A -t 10.0.0.1:80 -s rr
n=1
for x in "-x 10" "-y 10" "-x 10 -y 5" "-x 10 -y 10" "-x 10 -y 11" "-x 0 -y 0" "-x 0 -y 1" "-x 2147483647 -y 2147483647" "-y 5 -x 10" "--u-threshold=7 --l-threshold=3"; do n=$((n+1)); t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.$n -m $x; done
t ipvsadm -Ln --thresholds
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.2 -m -x 20 -y 30
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.2 -m -y 3
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.2 -m -x 30 -y 30
t ipvsadm -Ln --thresholds
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.2 -m
t ipvsadm -Ln --thresholds
note "which error comes first"
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -m -x 1 -y 2
t ipvsadm -a -t 10.0.0.1:81 -r 10.2.1.2 -m -x 1 -y 2
t ipvsadm -a -t 10.0.0.1:80 -r 224.0.0.1 -m -x 1 -y 2
t ipvsadm -a -t 10.0.0.1:81 -r 224.0.0.1 -m -x 1 -y 2
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.99 -m -x 1 -y 2
t ipvsadm -e -t 10.0.0.1:80 -r 224.0.0.1 -m
t ipvsadm -d -t 10.0.0.1:80 -r 224.0.0.1
t ipvsadm -d -t 10.0.0.1:80 -r 0.0.0.0
t ipvsadm -e -t 10.0.0.1:80 -r '[2001:db8::9]:80' -i -x 1 -y 2
t ipvsadm -A -t 10.0.0.1:80 -s bogus
t ipvsadm -A -t 10.0.0.1:80 --pe bogus
t ipvsadm -A -t 10.0.0.1:82 -s bogus --pe bogus
t ipvsadm -E -t 10.0.0.1:82 -s bogus
t ipvsadm -E -t 10.0.0.1:80 --pe bogus
