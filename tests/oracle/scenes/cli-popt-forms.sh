. "$ORACLE_LIB/lib.sh"
note "ways to write options and their arguments"
t ipvsadm -A -t=10.0.0.1:80 -s=rr
t ipvsadm -A --tcp-service= -s rr
t ipvsadm -A -t '' -s rr
t ipvsadm -At10.0.0.2:80 -srr
t ipvsadm -At=10.0.0.3:80 -s rr
t ipvsadm -A -t 10.0.0.4:80 -p=60
t ipvsadm -A -t 10.0.0.5:80 -p= -s rr
t ipvsadm -A -t 10.0.0.6:80 --persistent= -s rr
t ipvsadm -A -t 10.0.0.7:80 -p '' -s rr
t ipvsadm -A -t 10.0.0.8:80 -s rr -p
t ipvsadm -A -t 10.0.0.9:80 -op 60
t ipvsadm -A -u 10.0.0.10:80 -op 60
t ipvsadm -A -u 10.0.0.11:80 -po
t ipvsadm -A -u 10.0.0.12:80 -p - -s rr
t ipvsadm -A -u 10.0.0.13:80 -p -- 60
t ipvsadm -A -u 10.0.0.13:81 -p --
t ipvsadm -A -t 10.0.0.14:80 --scheduler=
t ipvsadm -A -t 10.0.0.15:80 --scheduler rr --
t ipvsadm -A -- -t 10.0.0.16:80
t ipvsadm -A -t -- -s rr
t ipvsadm -A -t -s rr
t ipvsadm -A -f -6
t ipvsadm -A -tcp-service 10.0.0.17:80
t ipvsadm -A -t 10.0.0.18:80 -stats
t ipvsadm -list
t ipvsadm -L -numeric
t ipvsadm -L --
t ipvsadm -L -
t ipvsadm -L ''
t ipvsadm -L -- -n
t ipvsadm -L -n -
t ipvsadm --list=1
t ipvsadm -L=n
t ipvsadm -Ln=
t ipvsadm -Ln=c
t ipvsadm --list --numeric=
t ipvsadm --numeric
t ipvsadm ''
t ipvsadm '' -L
t ipvsadm -L ' '
t ipvsadm -L --=x
t ipvsadm -L ---
t ipvsadm -L ---numeric
t ipvsadm -L -n6
t ipvsadm -LnX
t ipvsadm -ln
t ipvsadm -L --sort --sort
t ipvsadm -L -6 -6
t ipvsadm --set=1 2 3
t ipvsadm --set 1 2 3 --
t ipvsadm --set -- 1 2 3
t ipvsadm --start-daemon=master --mcast-interface nosuch
t ipvsadm --start-daemon= --mcast-interface nosuch
t ipvsadm --start-daemon '' --mcast-interface nosuch
t ipvsadm --start-daemon mas --mcast-interface nosuch
t ipvsadm --start-daemon MASTER
t ipvsadm --start-daemon masterx
t ipvsadm --stop-daemon=backup
t ipvsadm -Ln
