. "$ORACLE_LIB/lib.sh"
q ipvsadm -A -t 10.0.0.1:80 -s rr
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group 224.0.0.300
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group 224.1
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group 239.255.255.255
t ipvsadm -L --daemon
t ipvsadm --stop-daemon master --mcast-ttl 3
t ipvsadm --stop-daemon master --syncid 300
t ipvsadm --stop-daemon master
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group 240.0.0.1
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group 223.255.255.255
t ipvsadm -L --daemon
t ipvsadm --stop-daemon master
t ipvsadm --start-daemon backup --mcast-interface lo --mcast-group FF05::99 --sync-maxlen 2000
t ipvsadm -L --daemon
t ipvsadm --start-daemon backup --mcast-interface lo
t ipvsadm -a -t 10.0.0.1:80 -r '[2001:db8::5]:80' -i
t ipvsadm --stop-daemon backup
t ipvsadm -a -t 10.0.0.1:80 -r '[2001:db8::5]:80' -i
t ipvsadm --start-daemon backup --mcast-interface lo
t ipvsadm -L --daemon
q ipvsadm -C
t ipvsadm --start-daemon backup --mcast-interface lo --syncid 010
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group ''
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group :
t ipvsadm --start-daemon master --mcast-interface lo --mcast-group '224.0.0.81 '
t ipvsadm --start-daemon master --mcast-interface ''
t ipvsadm --start-daemon master --mcast-interface lo
t ipvsadm -L --daemon
t ipvsadm -C
t ipvsadm -L --daemon
t ipvsadm -L --timeout
