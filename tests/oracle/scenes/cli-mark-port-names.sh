. "$ORACLE_LIB/lib.sh"
note "port names of destinations of a mark service, and where the protocol is not known yet"
q ipvsadm -A -f 1; q ipvsadm -A -f 1 -6; q ipvsadm -A -t 10.0.0.1:80; q ipvsadm -A -u 10.0.0.1:80; q ipvsadm -A --sctp-service 10.0.0.1:80
for p in http https domain ntp syslog sip m2ua ssh nosuch; do
	t ipvsadm -a -f 1 -r 10.2.1.2:$p -m
	t ipvsadm -a -f 1 -6 -r "[2001:db8::9]:$p" -m
	t ipvsadm -a -r 10.2.2.2:$p -f 1 -m
	t ipvsadm -a -t 10.0.0.1:80 -r 10.2.3.2:$p -m
	t ipvsadm -a -u 10.0.0.1:80 -r 10.2.3.2:$p -m
	t ipvsadm -a --sctp-service 10.0.0.1:80 -r 10.2.3.2:$p -m
done
t ipvsadm -L
t ipvsadm -S
t ipvsadm -L --stats
t ipvsadm -Ln
t ipvsadm -A -f http
t ipvsadm -L -f 1 --stats
t ipvsadm -L -f 1 -6 --tun-info
t ipvsadm -Ln -f 1 --rate --nosort
t ipvsadm -Ln --exact --rate
