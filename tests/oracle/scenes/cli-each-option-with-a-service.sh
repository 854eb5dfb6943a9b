. "$ORACLE_LIB/lib.sh"
# limit: 300
note "every option with every command that has a service, and a server"
opts=("-n" "-c" "-t 10.0.0.1:80" "-f 1" "-s rr" "-s sh" "-p 60" "-p" "-M 255.255.255.0" "-r 10.2.1.2" "-m" "-i" "-w 1" "-x 10" "-y 10" "--mcast-interface nosuch" "--timeout" "--daemon" "--stats" "--rate" "--thresholds" "--persistent-conn" "--nosort" "--sort" "--syncid 1" "--exact" "--ops" "--pe sip" "-b flag-1" "-b sh-port" "--mcast-group 224.0.0.9" "--mcast-port 99" "--mcast-ttl 2" "--sync-maxlen 100" "--tun-info" "--tun-type gre" "--tun-port 99" "--tun-nocsum" "--tun-csum" "--tun-remcsum" "-6")
for c in "-A -u 10.0.0.1:80" "-E -u 10.0.0.1:81" "-D -u 10.0.0.1:81" "-L -u 10.0.0.1:81" "-Z -u 10.0.0.1:81" "-a -u 10.0.0.1:81 -r 10.2.1.1" "-e -u 10.0.0.1:81 -r 10.2.1.2" "-d -u 10.0.0.1:81 -r 10.2.1.2" "-A -f 3"; do
	for o in "${opts[@]}"; do
		q ipvsadm -C; q ipvsadm -A -u 10.0.0.1:81; q ipvsadm -a -u 10.0.0.1:81 -r 10.2.1.2
		t ipvsadm $c $o
	done
done
