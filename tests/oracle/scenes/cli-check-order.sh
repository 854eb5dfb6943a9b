. "$ORACLE_LIB/lib.sh"
note "which of several mistakes is named"
q ipvsadm -A -t 10.0.0.1:80 -s rr
t ipvsadm -A -w x
t ipvsadm -A -t bogus -w x
t ipvsadm -A -w x -t bogus
t ipvsadm -A -t 10.0.0.2:80 -q bogus
t ipvsadm -A -t bogus -q
t ipvsadm -A -q -t bogus
t ipvsadm -A extra
t ipvsadm -A extra -w 5
t ipvsadm -A extra -w x
t ipvsadm -A extra -q
t ipvsadm -L extra -A
t ipvsadm -L -n extra -n
t ipvsadm -A -b bogus
t ipvsadm -A -b bogus extra
t ipvsadm -A -b bogus -w 5
t ipvsadm -L -b bogus
t ipvsadm -L -b sh-port
t ipvsadm -A -b sh-port
t ipvsadm -A -t 10.0.0.2:80 -b sh-port -w 1
t ipvsadm -A -t 10.0.0.2:0 -o
t ipvsadm -A -t 10.0.0.2:0 -w 5
t ipvsadm -A -t 10.0.0.2:0 -s bogus
t ipvsadm -A -u 10.0.0.2:0 -o
t ipvsadm -A -t 10.0.0.2:80 -o -s bogus
t ipvsadm -a -t 10.0.0.1:80
t ipvsadm -a -w 5
t ipvsadm -a -n
t ipvsadm -a -t 10.0.0.1:80 -n
t ipvsadm -a -r 10.2.1.2 -n
t ipvsadm -a -t 10.0.0.1:80 -r '[2001:db8::1]:80' --tun-port 5
t ipvsadm -a -t 10.0.0.1:80 -r '[2001:db8::1]:80' -m --tun-port 5
t ipvsadm -a -t 10.0.0.1:80 -r '[2001:db8::1]:80' -i --tun-port 5
t ipvsadm -a -t 10.0.0.1:80 -r 224.0.0.1 --tun-port 5
t ipvsadm -a -t 10.0.0.1:80 --tun-port 5
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -s rr -n --stats -c
t ipvsadm -L --stats -c -t 10.0.0.1:80
t ipvsadm -L -c --timeout --stats
t ipvsadm -L -s rr -c --timeout
t ipvsadm -L --timeout -c
t ipvsadm -L --daemon -c --timeout -t 10.0.0.1:80
t ipvsadm -L --daemon --timeout -t 10.0.0.1:80
t ipvsadm -L -c --persistent-conn --stats
t ipvsadm -L --timeout --persistent-conn --daemon
t ipvsadm --set 1 2 3 4 -n
t ipvsadm --set 1 2
t ipvsadm --set 1 2 -n
t ipvsadm --set x y -n
t ipvsadm --set 1 x 3 -n
t ipvsadm --set -n 1 2 3
t ipvsadm --set 1 -n 2 3
t ipvsadm --set -q 1
t ipvsadm --set 1 2 3 4 5
t ipvsadm --set x 2 3 4
t ipvsadm --set 1 2 3 -b bogus
t ipvsadm -L -t 10.0.0.9:80 extra
t ipvsadm -L -t 10.0.0.9:80 -w 1
t ipvsadm -L -t 10.0.0.1:0
t ipvsadm -Z -t 10.0.0.1:0
t ipvsadm -D -t 10.0.0.1:0
t ipvsadm -a -t 10.0.0.1:0 -r 10.2.1.2
t ipvsadm --start-daemon bogus --bogus
t ipvsadm --start-daemon bogus --syncid x
t ipvsadm --start-daemon bogus -n
t ipvsadm --stop-daemon bogus -n
t ipvsadm --stop-daemon master --syncid x
t ipvsadm --stop-daemon bogus extra
t ipvsadm -D
t ipvsadm -D -w 5
t ipvsadm -D -n
t ipvsadm -D -c -n
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -m -w 5 --tun-csum -x 5 -y 7
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gue --tun-type gre
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gue --tun-remcsum --tun-csum --tun-port 9
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gue --tun-remcsum --tun-nocsum --tun-port 9
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gue --tun-remcsum --tun-nocsum --tun-csum --tun-port 9
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gue --tun-remcsum --tun-nocsum --tun-csum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gre --tun-port 5 --tun-csum --tun-nocsum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gre --tun-remcsum --tun-csum --tun-nocsum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type ipip --tun-port 5 --tun-csum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type ipip --tun-remcsum --tun-csum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type ''
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type GRE
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-port x --tun-type y
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gre --tun-csum=1
t ipvsadm -Ln
