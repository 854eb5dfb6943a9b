. "$ORACLE_LIB/lib.sh"
t ipvsadm -A -f 1 -s rr
t ipvsadm -A -f 1 -6 -s rr
t ipvsadm -A -6 -f 2
t ipvsadm -A -6
t ipvsadm -A -6 -t 10.0.0.1:80
t ipvsadm -A -t 10.0.0.1:80 -6
t ipvsadm -A -t 10.0.0.1:80 -6 -p -M 255.255.0.0
t ipvsadm -A -t '[2001:db8::1]:80' -6
t ipvsadm -A -f 3 -6 -p -M 64
t ipvsadm -A -f 4 -p -M 64 -6
t ipvsadm -A -f 5 -p -M 255.255.0.0 -6
t ipvsadm -A -f 6 -p -M 255.255.0.0
t ipvsadm -A -f 6 -6 -p -M 255.255.0.0
t ipvsadm -A -f 7 -6 -6
t ipvsadm -A -f 2147483646
t ipvsadm -A -f 4294967295 -6
t ipvsadm -a -f 1 -r 10.2.1.2
t ipvsadm -a -f 1 -r 10.2.1.2:80 -g
t ipvsadm -a -f 1 -r 10.2.1.2:81 -i
t ipvsadm -a -f 1 -r 10.2.1.2:82 -m
t ipvsadm -a -f 1 -r 10.2.1.2:http -m
t ipvsadm -a -f 1 -r 10.2.1.2:99999 -m
t ipvsadm -a -f 1 -6 -r '[2001:db8::9]:80' -m
t ipvsadm -a -f 1 -6 -r '2001:db8::9'
t ipvsadm -a -f 1 -6 -r 10.2.1.2
t ipvsadm -a -f 1 -r '[2001:db8::9]:80' -m
t ipvsadm -a -f 1 -r '[2001:db8::9]:80' -i
t ipvsadm -a -f 1 -r '[2001:db8::8]:80' -6
t ipvsadm -a -r '[2001:db8::7]:80' -f 1 -6
t ipvsadm -d -f 1 -r 10.2.1.2:80
t ipvsadm -d -f 1 -r 10.2.1.2:80
t ipvsadm -L -f 1
t ipvsadm -L -f 1 -6
t ipvsadm -L -6 -f 1
t ipvsadm -L -6
t ipvsadm -Ln -f 4294967295
t ipvsadm -Ln -f 4294967295 -6
t ipvsadm -Z -f 1 -6
t ipvsadm -Ln
t ipvsadm -L
t ipvsadm -Ln --stats
t ipvsadm -Sn
t ipvsadm -S
t ipvsadm -D -f 1 -6
t ipvsadm -D -f 1 -6
t ipvsadm -E -f 1 -s wrr -p 10 -o
t ipvsadm -E -f 99
t ipvsadm -Ln
