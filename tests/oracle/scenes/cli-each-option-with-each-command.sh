. "$ORACLE_LIB/lib.sh"
# limit: 300
note "every option with every command"
opts=("-n" "-c" "-t 10.0.0.1:80" "-u 10.0.0.1:80" "--sctp-service 10.0.0.1:80" "-f 1" "-s rr" "-p 60" "-p" "-M 255.255.255.0" "-r 10.2.1.2" "-m" "-g" "-i" "-w 1" "-x 10" "-y 10" "--mcast-interface nosuch" "--timeout" "--daemon" "--stats" "--rate" "--thresholds" "--persistent-conn" "--nosort" "--sort" "--syncid 1" "--exact" "-X" "--ops" "--pe sip" "-b flag-1" "--mcast-group 224.0.0.9" "--mcast-port 99" "--mcast-ttl 2" "--sync-maxlen 100" "--tun-info" "--tun-type gre" "--tun-port 99" "--tun-nocsum" "--tun-csum" "--tun-remcsum" "-6")
for c in -A -E -D -C -L -Z -a -e -d -R -S "--set 1 2 3" "--start-daemon master" "--stop-daemon master"; do
	for o in "${opts[@]}"; do
		q ipvsadm -C
		t ipvsadm $c $o
	done
done
