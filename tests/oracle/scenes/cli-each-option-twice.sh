. "$ORACLE_LIB/lib.sh"
note "every option twice, and in two spellings"
q ipvsadm -A -t 10.0.0.1:80
for c in -L "-A -t 10.0.0.2:80" "-a -t 10.0.0.1:80 -r 10.2.1.2" "--start-daemon master"; do
for o in -n -c "-s rr" -p "-p 5" "-M 255.255.0.0" "-r 10.2.1.3" -m -g -i "-w 1" "-x 1" "-y 1" "--mcast-interface lo" --timeout --daemon --stats --rate --thresholds --persistent-conn --nosort --sort "--syncid 1" --exact --ops "--pe sip" "-b flag-1" "--mcast-group 224.0.0.9" "--mcast-port 99" "--mcast-ttl 2" "--sync-maxlen 100" --tun-info "--tun-type gre" "--tun-port 99" --tun-nocsum --tun-csum --tun-remcsum -6; do
	t ipvsadm $c $o $o
done; done
t ipvsadm -L -n --numeric
t ipvsadm -A -t 10.0.0.2:80 -s rr --scheduler wlc
t ipvsadm -A -t 10.0.0.2:80 -u 10.0.0.2:80
t ipvsadm -A -t 10.0.0.2:80 -f 2
t ipvsadm -A -f 2 --sctp-service 10.0.0.2:80
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -m -g
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -i -m
t ipvsadm -A -t 10.0.0.2:80 -t bogus
t ipvsadm -A -t bogus -t 10.0.0.2:80
t ipvsadm -A -t 10.0.0.2:80 -p x -p y
t ipvsadm -A -t 10.0.0.2:80 -p 5 -p y
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 -w 1 -w x
t ipvsadm -Ln
