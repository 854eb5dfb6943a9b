. "$ORACLE_LIB/lib.sh"
note "illegal options and options that exclude each other, both at once"
q ipvsadm -A -t 10.0.0.1:80 -s rr
t ipvsadm -L -c -t 10.0.0.1:80 -s rr
t ipvsadm -L -c -t 10.0.0.1:80 -w 1
t ipvsadm -L -c --timeout -w 1
t ipvsadm -L -c --timeout -s rr
t ipvsadm -L --timeout --daemon -w 1
t ipvsadm -L --timeout --daemon --mcast-port 5
t ipvsadm -L --timeout -t 10.0.0.1:80 -w 1 
t ipvsadm -L --timeout --daemon -o
t ipvsadm -L -c --stats -o
t ipvsadm -L --stats --timeout -t 10.0.0.1:80
t ipvsadm -L -c --stats -b bogus
t ipvsadm -L -c -b sh-port
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gue --tun-csum -o
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gre --tun-csum --tun-remcsum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type gre --tun-nocsum --tun-remcsum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i --tun-type ipip
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.3 -i --tun-type gre --tun-nocsum
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.3 -i --tun-type gue --tun-port 5 --tun-remcsum
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.3 -m --tun-type gue
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.9 -i --tun-type gue
t ipvsadm -A -t 10.0.0.1:80 -w -0
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.7 -m -w -0 -x -00 -y +0
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.8 -m -w - -x
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.8 -m -w '- 1'
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.8 -m -w '+ 1'
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.8 -m -w '--1'
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.8 -m -w $'\t\n\v\f\r3'
t ipvsadm -A -t 10.0.0.2:-0 -p
t ipvsadm -Ln --tun-info
