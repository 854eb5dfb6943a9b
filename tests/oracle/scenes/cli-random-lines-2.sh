. "$ORACLE_LIB/lib.sh"
# limit: 300
note "command lines put together by chance (seed 2)"
t ipvsadm -Z x
t ipvsadm -A -u vip.example:https -o
t ipvsadm -l
t ipvsadm -A -t 10.0.0.1:80 -M 64
t ipvsadm --list --sort --thresholds
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.2:http -x 10 --tun-nocsum --tun-type x --tun-csum
t ipvsadm -l --rate --syncid 4 --exact
t ipvsadm --add-server -r 2001:db8:2::3 -u 10.0.0.1:80
t ipvsadm -A --tcp-service=10.0.0.2 -p -b flag-1 -p
t ipvsadm -A -f 1 -6
t ipvsadm --add-service -t 10.0.0.2:0 -s rr
t ipvsadm --add-service --tcp-service=10.0.0.1:80 -o --pe ''
t ipvsadm -A -u '[2001:db8::1]:80' --pe bogus -M 24 -p 0
t ipvsadm -A -t 10.0.0.1:53 --pe ''
t ipvsadm -d -r '[2001:db8:2::2]:80' -f x -w 100000
t ipvsadm -A --tcp-service=10.0.0.1:80 -s none
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm --list -n --exact
t ipvsadm --list -t 10.0.0.1:53 -t 10.0.0.1:53
t ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2::2]:80'
t ipvsadm flag-3,flag-2 -E -t 10.0.0.1:80 -s rr -b
t ipvsadm -a --sctp-service 2001:db8::2 -r '[2001:db8:2::2]:80' --tun-type ipip -i
t ipvsadm -l -c --stats --tun-info
t ipvsadm '[2001:db8::1]:80' --add-service -t
t ipvsadm -S -n
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -E -t bogus -b flag-3,flag-2
t ipvsadm --set 0 0 x --
t ipvsadm -E --sctp-service '[2001:db8::1]:80' -M 255.255.255.0 --pe '' -b sh-port
t ipvsadm -l --exact --tun-info -c --bogus
t ipvsadm --add-service --tcp-service=10.0.0.2:0 -b flag-3,flag-2 --pe sip --pe sip
t ipvsadm -e --sctp-service 10.0.0.1:80 -r 2001:db8:2::3
t ipvsadm --list --exact --tun-info -t '[2001:db8::1]:80'
t ipvsadm -D -f 2 -6
t ipvsadm -a -t bogus -r 224.0.0.1 -i -w x --tun-remcsum --tun-type gre
t ipvsadm -a --tun-remcsum -r 224.0.0.1 -g --tun-port 0 -i -q -u 10.0.0.2:0
t ipvsadm -E -o -p -t 2001:db8::2
t ipvsadm -D -f 2 -6
t ipvsadm -l --syncid 4 --sort
t ipvsadm -l
t ipvsadm -Ln -c --persistent-conn -c
t ipvsadm -d -x 5 -t 10.0.0.1:53 -r 10.2.1.3:8080
t ipvsadm -E -t 10.0.0.2:0
t ipvsadm --list --rate -c --thresholds
t ipvsadm --set 0 0 x 0
t ipvsadm -e -r 224.0.0.1 -f 0 -6 -g --tun-remcsum --tun-type gre -m
t ipvsadm -a -t 10.0.0.2 -r 224.0.0.1
t ipvsadm -A -u 10.0.0.2 --
t ipvsadm -Ln --tun-info -n -t 10.0.0.1:80
t ipvsadm -e -f x -r 10.2.1.3:8080 -g -i -i --tun-nocsum
t ipvsadm -D -f x -6
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-service -u 10.0.0.1:80 -p 300 --bogus
t ipvsadm -A -f x -6 -s wlc
t ipvsadm --list --stats -c
t ipvsadm --add-server -t 10.0.0.3:http -r 10.2.1.2:80 -m -i
t ipvsadm --list --syncid 4 -f 0
t ipvsadm -D -f 1 -6
t ipvsadm -a -r 10.2.1.4:0 --tun-csum -w 5 -m --tun-info -u 10.0.0.3:http -g
t ipvsadm -a -t vip.example:https -r 224.0.0.1
t ipvsadm -Ln --stats --syncid 4
t ipvsadm -d -t 10.0.0.1:53 -r 10.2.1.4:0
t ipvsadm -e -t 10.0.0.2:0 -r 10.2.1.4:0
t ipvsadm -E -t bogus -s none -M 24
t ipvsadm -A -t 10.0.0.1:80 -b sh-port -t 10.0.0.1:80
t ipvsadm --add-service -u 10.0.0.1:53 -o --tun-csum --tun-csum
t ipvsadm -l
t ipvsadm --add-service -f 1 -6 -b flag-3,flag-2 -s bogus -M 255.255.255.0
t ipvsadm -a -r 10.2.1.2 -x 5 -i -w 0 --tun-remcsum -t 10.0.0.1:80
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2:80 -w 100000 --tun-csum -i -m
t ipvsadm -e --sctp-service 10.0.0.1:80 -r bogus --tun-port 0
t ipvsadm -a -f 2 -6 -r 10.2.1.3:8080 --tun-nocsum
t ipvsadm -a -t 10.0.0.1:53 -r 10.2.1.2 -y 7 --tun-csum -n -m
t ipvsadm --add-service -t 10.0.0.3:http -o -s none
t ipvsadm -e -u 2001:db8::2 -r 10.2.1.2:80 --tun-type ipip --tun-csum -x 5
t ipvsadm --set 0 0 0
t ipvsadm --add-server -t vip.example:https -r 10.2.1.2 --tun-type gue
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -o -E -f x --pe sip -p
t ipvsadm --add-server -f 1 -r bogus -i
t ipvsadm -e -i --tun-csum -t 10.0.0.3:http -r 10.2.1.2:80 -x 10 --tun-remcsum
t ipvsadm -Ln -n
t ipvsadm --list
t ipvsadm -D -t 10.0.0.2 -t 10.0.0.2
t ipvsadm -e -t 10.0.0.1:80 -r rs1.example:http -i
t ipvsadm -E -u bogus -M 129 -s none
t ipvsadm -A -u 2001:db8::2
t ipvsadm -a -t 10.0.0.2:0 -r 10.2.1.2 -g -w 0
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.4:0 --tun-port 6080 -t '[2001:db8::1]:80' -m
t ipvsadm -A -f 2 x
t ipvsadm --add-service -s wlc -u bogus
t ipvsadm -a -t 10.0.0.1:53 -r 10.2.1.2 -y x --tun-type ipip
t ipvsadm -Z --tcp-service=10.0.0.2:0
t ipvsadm -d -t 10.0.0.1:53 -r bogus
t ipvsadm -a -g -m --tun-csum -t '[2001:db8::1]:80' -r 10.2.1.2:80
t ipvsadm -Ln -c -n --rate -c
t ipvsadm -E -f 2 -6 -M 64 --pe ''
t ipvsadm -a -r 224.0.0.1 -f 2 --tun-csum -f 2 --tun-type x
t ipvsadm --list --stats -c
t ipvsadm -Ln
t ipvsadm -L --exact -n --persistent-conn
t ipvsadm -Ln --exact --rate
t ipvsadm -E -t '[2001:db8::1]:80' -b x -s sh -i
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -L -n --persistent-conn
t ipvsadm -A --tcp-service=10.0.0.1:80 -s rr --pe sip -p 300
t ipvsadm -- -d -t 10.0.0.1:80 -r 10.2.1.2:80
t ipvsadm -E -t 10.0.0.1:53
t ipvsadm -e -m --tun-remcsum -y x -t 10.0.0.2:0 --tun-port 0 -r 10.2.1.3:8080 -m
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.4:0 --tun-csum
t ipvsadm -E -M 129 -t 10.0.0.2:0 -b mh-fallback,mh-port
t ipvsadm -a -u '[2001:db8::1]:80' -r '[2001:db8:2::2]:80' -y x --tun-csum --tun-remcsum -g
t ipvsadm -A -t 10.0.0.2 -p 60 -o -M x
t ipvsadm -6 -E -M 255.255.255.0 -f 1
t ipvsadm -A -t vip.example:https -b flag-1 -s rr --pe sip
t ipvsadm --set 0 5 x
t ipvsadm -D -t 10.0.0.1:80
t ipvsadm -A -t 10.0.0.3:http
t ipvsadm --set x x
t ipvsadm -a -t 10.0.0.1:53 -r 2001:db8:2::3
t ipvsadm --list
t ipvsadm -Z -t 10.0.0.1:53
t ipvsadm -D -t 10.0.0.2
t ipvsadm -a --tun-type gue --tun-remcsum -x x -f 1 -r '[2001:db8:2::2]:80' -i
t ipvsadm -A -s sh -o -f 2 --pe bogus
t ipvsadm -Ln --rate
t ipvsadm -D -u vip.example:https
t ipvsadm --add-service -t vip.example:https -b flag-1 -M 64 -p 300
t ipvsadm -e -t 10.0.0.2 -r 10.2.1.2:http -i -g -w -1 --tun-csum
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -d -f x -r 10.2.1.2:80 -y 7
t ipvsadm -A -f x -p
t ipvsadm -E -t 10.0.0.1:53 -M 24
t ipvsadm -d -t '[2001:db8::1]:80' -r 10.2.1.2:80 -g
t ipvsadm -a -m --tun-type ipip -r rs1.example:http --sctp-service '[2001:db8::1]:80' -w x --tun-port 0
t ipvsadm -D -t 10.0.0.2:0
t ipvsadm -A -f 1 -6 -p 0
t ipvsadm 10.0.0.1:53 -A -t
t ipvsadm --list -n --stats
t ipvsadm -D -f 0
t ipvsadm --list -t 10.0.0.3:http
t ipvsadm -Ln --exact -t 10.0.0.1:53 --rate
t ipvsadm -E --tcp-service=2001:db8::2 -p 0 -M x
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm -a -r 2001:db8:2::3 --tun-nocsum -i -u '[2001:db8::1]:80' -w 100000 -i
t ipvsadm -E -t 10.0.0.2 -o -M 64
t ipvsadm -D -t 10.0.0.2
t ipvsadm -A -t 10.0.0.1:80
t ipvsadm -a -t bogus --tun-remcsum -i -r 10.2.1.2:80
t ipvsadm -L --thresholds
t ipvsadm --add-server -t bogus -r rs1.example:http -w -1
t ipvsadm -a -t '[2001:db8::1]:80' -r rs1.example:http --tun-remcsum -g --tun-nocsum -r rs1.example:http
t ipvsadm --add-server -u vip.example:https -r '[2001:db8:2::2]:80' --tun-nocsum --tun-port 0 --tun-type gre -y x
t ipvsadm -A -t 2001:db8::2 -M x --tun-type gre
t ipvsadm -A -t 10.0.0.2:0
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2:http -i -i
t ipvsadm -e -r 10.2.1.2:http -t 2001:db8::2
t ipvsadm -E -t 2001:db8::2
t ipvsadm -E -t '[2001:db8::1]:80' -o -b sh-port -M 129
t ipvsadm -E --sctp-service '[2001:db8::1]:80'
t ipvsadm -a -t vip.example:https -r 10.2.1.2:80
t ipvsadm --add-server -t '[2001:db8::1]:80' --tun-type x --tun-nocsum -r 10.2.1.2:80
t ipvsadm -D -t vip.example:https
t ipvsadm -A -t 2001:db8::2
t ipvsadm --add-service -f x -M 64 -b flag-1
t ipvsadm -a -t 10.0.0.3:http -r 2001:db8:2::3 -m -w -1 -y 3
t ipvsadm -A -b sh-port -f x -o -s wlc -q
t ipvsadm -A -t 2001:db8::2 -M x
t ipvsadm -l --persistent-conn --tun-info
t ipvsadm -A -t 10.0.0.1:80 -o -o
t ipvsadm --add-service -t 10.0.0.2 -s none -b flag-3,flag-2 -M 24
t ipvsadm -d -f 1 -r rs1.example:http -g
t ipvsadm --add-service -u vip.example:https
t ipvsadm -D -f 0
t ipvsadm -E -t 10.0.0.1:80 -p -o -b flag-3,flag-2
t ipvsadm -Ln --sort -c --persistent-conn
t ipvsadm --add-service -f 1 -6 -f 1 -6
t ipvsadm -D --sctp-service '[2001:db8::1]:80'
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.2:http -m -g --tun-nocsum -y 7
t ipvsadm --add-server -f 1 -r rs1.example:http
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -l --tun-info --exact --sort
t ipvsadm -e -u '[2001:db8::1]:80' -r 10.2.1.3:8080 -w x
t ipvsadm -a -t bogus -r 10.2.1.4:0 --tun-csum -g
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.2:80
t ipvsadm -E -f 2 -b x
t ipvsadm -L -n --thresholds
t ipvsadm -a -t 10.0.0.1:53 -r bogus -i -w -1 --tun-type gue
t ipvsadm -a -r bogus -t 10.0.0.3:http
t ipvsadm -A -t '[2001:db8::1]:80'
t ipvsadm -Ln -n -c --thresholds -t '[2001:db8::1]:80'
t ipvsadm -A -t '[2001:db8::1]:80' -p
t ipvsadm -A -s '' -u 10.0.0.2 -b mh-fallback,mh-port
t ipvsadm --add-service -u vip.example:https -b sh-port -p 60 -o
t ipvsadm --set 0 0
t ipvsadm -E -t '[2001:db8::1]:80' --pe sip -s bogus -p 300
t ipvsadm -d --tun-nocsum -f 1 -r '[2001:db8:2::2]:80'
t ipvsadm -a --tcp-service=vip.example:https -r rs1.example:http
t ipvsadm -d -r 10.2.1.2:80 -t '[2001:db8::1]:80' --tun-port 0
t ipvsadm -A -t 2001:db8::2 --pe '' -s ''
t ipvsadm -Ln --persistent-conn --timeout
t ipvsadm -d -f 1 -r 10.2.1.2:http -6
t ipvsadm -E -u vip.example:https -p 60
t ipvsadm -d -t vip.example:https -r 10.2.1.2
t ipvsadm -d --sctp-service 10.0.0.2:0 -r '[2001:db8:2::2]:80' -x 5
t ipvsadm -e -u 10.0.0.1:53 -r 10.2.1.4:0 --tun-nocsum --tun-csum -x x
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm --add-server -t 10.0.0.1:80 -r '[2001:db8:2::2]:80' -y 3
t ipvsadm -d -r 2001:db8:2::3 -t 10.0.0.2:0
t ipvsadm -d -t vip.example:https -r bogus
t ipvsadm -a -f 1 -r 10.2.1.2 --tun-csum -i
t ipvsadm -a --sctp-service 10.0.0.2 -r 10.2.1.3:8080 -i --tun-type ipip
t ipvsadm -A -o -p 0 -t '[2001:db8::1]:80' -b flag-1
t ipvsadm -a -u 10.0.0.3:http -r 10.2.1.4:0 --tun-csum -x 10 --tun-nocsum
t ipvsadm --set 0 0 0
t ipvsadm -E -f 2 -6 --pe bogus
t ipvsadm -D -t 10.0.0.2:0 --tun-csum
t ipvsadm -D -u 10.0.0.1:53
t ipvsadm --list -n
t ipvsadm -Z -f 0 -6
t ipvsadm -l --syncid 4 --sort --timeout
t ipvsadm --add-server -g -r 10.2.1.2:http --tun-remcsum -t '[2001:db8::1]:80' -t '[2001:db8::1]:80'
t ipvsadm --add-server --tun-nocsum -r bogus -t 2001:db8::2 -w 5 -g --tun-remcsum
t ipvsadm -E -t 10.0.0.1:80
t ipvsadm --set 5 x
t ipvsadm -E -t '[2001:db8::1]:80' -o -s ''
t ipvsadm -e -u 10.0.0.1:80 -r 2001:db8:2::3 --tun-csum --tun-port 6080
t ipvsadm -d -t 10.0.0.2 -r '[2001:db8:2::2]:80'
t ipvsadm -E -t '[2001:db8::1]:80' -o
t ipvsadm -i -d -t 2001:db8::2 -r 10.2.1.2:80
t ipvsadm --tun-remcsum --add-server -t 2001:db8::2 -r 10.2.1.2:http -m -i
t ipvsadm -E --pe '' -s bogus -t 10.0.0.2:0 -p 300
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -d -r bogus -f 1
t ipvsadm -a -u '[2001:db8::1]:80' -r bogus
t ipvsadm -A -t vip.example:https -s wlc -p 300 --pe ''
t ipvsadm --list
t ipvsadm -E -t 10.0.0.1:80 -s bogus -M x -o
t ipvsadm -Ln -6
t ipvsadm -a -u '[2001:db8::1]:80' -r 10.2.1.3:8080 -g
t ipvsadm -l --persistent-conn --rate --sort
t ipvsadm --add-service -t 10.0.0.1:53
t ipvsadm -A -t 10.0.0.1:80 --pe ''
t ipvsadm -Ln --sort --syncid 4 --tun-info -u 10.0.0.2:0
t ipvsadm -e -u 10.0.0.3:http -r '[2001:db8:2::2]:80'
t ipvsadm -l
t ipvsadm -A -M 64 -t '[2001:db8::1]:80'
t ipvsadm -A -t '[2001:db8::1]:80' -o -M 255.255.255.0 -p 300
t ipvsadm -A --tcp-service=10.0.0.2 -s mh -p -M 129
t ipvsadm -e -r bogus --tun-type gue -t '[2001:db8::1]:80' -i
t ipvsadm -E -f 1 -p -q
t ipvsadm -a -f 2 -r 10.2.1.2 --tun-remcsum --tun-port 6080 --tun-type gre --bogus
t ipvsadm -a -y x --tun-nocsum -x x -g -r 2001:db8:2::3 -t 10.0.0.2
t ipvsadm -a -t 10.0.0.2:0 -r 10.2.1.2:80 -i -i
t ipvsadm -e -t bogus -r 10.2.1.2:http -w -1
t ipvsadm --add-server -t 2001:db8::2 -r 10.2.1.2:http
t ipvsadm -E -t 10.0.0.1:53
t ipvsadm -a -f 0 -6 --tun-port 6080 -r rs1.example:http
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-service -u 10.0.0.2:0 -p
t ipvsadm -a -y 7 --tun-csum -r rs1.example:http -u 10.0.0.1:80
t ipvsadm --add-service -t 10.0.0.1:80 -p 300 --tun-remcsum
t ipvsadm -A --sctp-service '[2001:db8::1]:80'
t ipvsadm --add-server -t 10.0.0.1:53 -r 2001:db8:2::3 -i --tun-remcsum --tun-csum --tun-port 0
t ipvsadm -E -u vip.example:https
t ipvsadm -a -u '[2001:db8::1]:80' -r rs1.example:http
t ipvsadm -A -u 10.0.0.1:80 -M 64 -b x
t ipvsadm -A -u 10.0.0.1:80 --pe bogus -s bogus -o
t ipvsadm -a -t 10.0.0.2:0 -r bogus -g -m --tun-nocsum --tun-csum
t ipvsadm -E -t '[2001:db8::1]:80' -o --pe sip
t ipvsadm -d -u '[2001:db8::1]:80' -r bogus --tun-type ipip
t ipvsadm -E -f x
t ipvsadm -Z -t 10.0.0.2:0
t ipvsadm --add-server -t 10.0.0.3:http -r bogus --tun-port 0 -i
t ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.2 -i --tun-remcsum -w x -q
t ipvsadm --add-service -u 10.0.0.2:0 -q
t ipvsadm -e -t 10.0.0.2:0 -r 10.2.1.2 --tun-type gue
t ipvsadm -e -i -r bogus -t 10.0.0.1:80 -g -i
t ipvsadm -A -f 1
t ipvsadm -E -6 -t 10.0.0.3:http
t ipvsadm -d -t 10.0.0.1:80 -r 10.2.1.2:80
t ipvsadm -d -u 10.0.0.1:53 -r rs1.example:http -i
t ipvsadm -E -f 0 -6 --pe sip -M 24 -s sh --bogus
t ipvsadm -A -t '[2001:db8::1]:80'
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server -t 10.0.0.1:53 -r 2001:db8:2::3 -L
t ipvsadm --list --timeout
t ipvsadm --add-server -f x -r 2001:db8:2::3 --tun-remcsum -y 3 -w x x
t ipvsadm -a -g -r 224.0.0.1 --tun-remcsum -m -t 10.0.0.1:80
t ipvsadm -Ln -c --thresholds
t ipvsadm -a --sctp-service vip.example:https -r 2001:db8:2::3 --tun-nocsum
t ipvsadm --add-service -u 10.0.0.2:0 -s mh -o
t ipvsadm --list --tun-info
t ipvsadm --list --stats --bogus
t ipvsadm -A -t 2001:db8::2 -p 0 -M 24
t ipvsadm --list -n --timeout --rate
t ipvsadm -L
t ipvsadm -A -t 10.0.0.1:80
t ipvsadm -a --tun-remcsum -r 10.2.1.2 --tcp-service=10.0.0.1:80 -o -i
t ipvsadm -a -t vip.example:https -r 224.0.0.1 --tun-remcsum
t ipvsadm -i -e -f 0 -r '[2001:db8:2::2]:80' -m -w 5
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm --add-service -u '[2001:db8::1]:80' --pe sip -o
t ipvsadm -a -f x -r 10.2.1.2:http -g --tun-port 6080 -y 3 -w x
t ipvsadm -a -f 2 -r 10.2.1.4:0 --tun-nocsum --tun-csum --tun-port 6080 -y 7
t ipvsadm --set 5 5
t ipvsadm -a -r 10.2.1.4:0 -y 3 -i -L -t 2001:db8::2 -i
t ipvsadm -L --stats -n
t ipvsadm -A -o -u 10.0.0.3:http --pe bogus
t ipvsadm -Z
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -a -f 1 -r 10.2.1.2:80 --tun-remcsum
t ipvsadm -L -n
t ipvsadm -E --pe '' -b mh-fallback,mh-port -o --sctp-service 10.0.0.2:0
t ipvsadm -E -t 2001:db8::2 -o -M 24 --pe bogus
t ipvsadm --add-server -r 10.2.1.3:8080 -f 1
t ipvsadm -a -t vip.example:https -r 10.2.1.2:80 --tun-type gre
t ipvsadm -D -f x
t ipvsadm --set 5 x x
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.4:0 --tun-csum -t 10.0.0.1:80
t ipvsadm -a -t '[2001:db8::1]:80' -r bogus --tun-port 6080 -t '[2001:db8::1]:80'
t ipvsadm -a -t 10.0.0.3:http -r '[2001:db8:2::2]:80' -i -y 7
t ipvsadm -d -u bogus -r 10.2.1.2 -i
t ipvsadm -A -u '[2001:db8::1]:80' -o -p -M x
t ipvsadm -A -o --tcp-service=10.0.0.3:http -p 300 --pe bogus
t ipvsadm -a -t '[2001:db8::1]:80' -r bogus -i -w 0
t ipvsadm -L --syncid 4 --rate
t ipvsadm -E -u 10.0.0.1:80
t ipvsadm gre -a -t bogus -r 224.0.0.1 -y 3 --tun-csum -m --tun-type
t ipvsadm -D -u 10.0.0.1:80 -c
t ipvsadm -A -t '[2001:db8::1]:80' --pe sip -6
t ipvsadm -A --pe sip -b flag-1 -t 10.0.0.1:80
t ipvsadm -a -u vip.example:https -g -i -r 224.0.0.1 -i --tun-remcsum
t ipvsadm -a -t 2001:db8::2 -r 2001:db8:2::3 --tun-remcsum --tun-type x
t ipvsadm --add-server --tcp-service=vip.example:https -r rs1.example:http -y 3 -w 5 -x 10 --tun-csum -x 10
t ipvsadm --add-server -r 10.2.1.4:0 -y x --sctp-service 2001:db8::2 -w 100000 -g -m
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -Ln --tun-info --rate --thresholds --rate
t ipvsadm -E -u '[2001:db8::1]:80' -s sh -b flag-3,flag-2 -o
t ipvsadm --add-server -t 2001:db8::2 -r bogus --tun-csum --tun-nocsum -i
t ipvsadm --list --tun-info --syncid 4
t ipvsadm -E -u '[2001:db8::1]:80' -p 0 --pe sip -b flag-3,flag-2 --pe sip
t ipvsadm -L --exact
t ipvsadm -L --rate -t bogus
t ipvsadm -e -t 2001:db8::2 -r 10.2.1.2:80 -g -x 5 --tun-nocsum
t ipvsadm -D -t 10.0.0.3:http
t ipvsadm -a -r 10.2.1.2 -t 10.0.0.1:80
t ipvsadm -A --sctp-service 10.0.0.2:0 --tun-type ipip
t ipvsadm --set 0 0
t ipvsadm --add-service -t '[2001:db8::1]:80'
t ipvsadm --list
t ipvsadm -D -t 2001:db8::2
t ipvsadm -L -- --exact -u 10.0.0.1:53 -c --persistent-conn --persistent-conn
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm -D -f 1
t ipvsadm --set x x 5
t ipvsadm -E -t '[2001:db8::1]:80' -M 64 -b flag-1
t ipvsadm --list -u '[2001:db8::1]:80'
t ipvsadm -E -t 10.0.0.3:http -s wlc -M 24
t ipvsadm --add-server -f 1 -r 10.2.1.2:80 -i --tun-nocsum -w -1
t ipvsadm -L --sort --tun-info --persistent-conn
t ipvsadm -a --tun-csum -r bogus -y x --tun-type ipip -f 2 -6 --tun-nocsum
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -d -t '[2001:db8::1]:80' -r rs1.example:http -t '[2001:db8::1]:80'
t ipvsadm -Z --tcp-service=bogus
t ipvsadm -E -M 24 -p -t 10.0.0.1:80 -o
t ipvsadm -a -t bogus -r 10.2.1.2 --tun-port 0 -g --tun-nocsum
t ipvsadm -A --pe '' -f 1 -6
t ipvsadm --add-server -f 1 -r 224.0.0.1 -w 0
t ipvsadm -E --pe '' -M 64 -s rr -u 10.0.0.3:http
t ipvsadm -e --tun-remcsum -r 224.0.0.1 -f 0
t ipvsadm -e -f 2 -6 -r '[2001:db8:2::2]:80'
t ipvsadm -l x
t ipvsadm -a -f 1 -6 -r rs1.example:http --tun-remcsum
t ipvsadm --add-server -u 10.0.0.1:53 -r '[2001:db8:2::2]:80' -y 7 -x 5 -g
t ipvsadm -e -t 10.0.0.1:80 -r 10.2.1.2:80
t ipvsadm --add-service -f 1
t ipvsadm --add-service -t '[2001:db8::1]:80'
t ipvsadm -S -n
t ipvsadm --add-server -t '[2001:db8::1]:80' -r 10.2.1.2:http --tun-nocsum
t ipvsadm -e --tun-port 0 -r 10.2.1.2 -u '[2001:db8::1]:80'
t ipvsadm --add-server -t 10.0.0.1:80 -r 2001:db8:2::3 --tun-type x -w 5 --bogus
t ipvsadm -l --thresholds -n -c -t 10.0.0.1:53 -t 10.0.0.1:53
t ipvsadm --add-server -u 10.0.0.1:80 -r 10.2.1.2
t ipvsadm -D -f x
t ipvsadm -A -t 2001:db8::2 -s wlc --pe ''
t ipvsadm -A -s mh -M x -t 10.0.0.1:53
t ipvsadm -A -u 10.0.0.2:0 -M x -s none -p 300
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-service -f x -6 -s mh -b mh-fallback,mh-port --pe sip
t ipvsadm -a -r '[2001:db8:2::2]:80' --tun-csum -w 0 --tun-port 6080 -u 10.0.0.1:53 -i
t ipvsadm -a -t 10.0.0.2:0 -r '[2001:db8:2::2]:80'
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm -a -u 10.0.0.1:53 --tun-type gre -m -r bogus
t ipvsadm -E -u bogus -p 300 -M 64 --pe sip --bogus --tun-type gue
t ipvsadm --add-service -u 10.0.0.1:80 -u 10.0.0.1:80
t ipvsadm --add-server -t 10.0.0.2 --tun-remcsum -i -r bogus
t ipvsadm -Z -f 0 -6 -f 0 -6
t ipvsadm --add-service -t 2001:db8::2 --tun-csum
t ipvsadm --add-service -u 2001:db8::2 -p
t ipvsadm -a -r 224.0.0.1 -q -t 10.0.0.1:80
t ipvsadm -E -t 2001:db8::2 -M 255.255.255.0 -s wlc -o
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm -e -t 2001:db8::2 -r 10.2.1.2:80 -y 7 -x x --tun-remcsum
t ipvsadm -g --add-server --tun-csum --tun-nocsum -r '[2001:db8:2::2]:80' -f 1 -i
t ipvsadm --add-server -f x -6 -r 10.2.1.3:8080 --tun-nocsum -g --tun-csum
t ipvsadm -d -f 2 -r rs1.example:http -g
t ipvsadm --add-server -t 10.0.0.2 --tun-port 0 -r rs1.example:http
t ipvsadm -a -t 10.0.0.3:http -r '[2001:db8:2::2]:80' -i
t ipvsadm --add-server -t 10.0.0.2 -r 2001:db8:2::3 -x 5 --tun-remcsum -m -y x
t ipvsadm --add-service -t bogus -s ''
t ipvsadm -d --tun-type gre -t 10.0.0.1:53 -r 10.2.1.4:0
t ipvsadm -e -f 1 -r 10.2.1.2:http --tun-port 0 --tun-type gre -y 7
t ipvsadm -l
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -a -r rs1.example:http --tun-csum -g -f 1
t ipvsadm -e -i -i -r rs1.example:http -y 7 -m -f 1
t ipvsadm -A -t 10.0.0.1:53 -p 0 -o -b flag-1
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.4:0 --tun-remcsum
t ipvsadm -a -t bogus -r 10.2.1.3:8080 --tun-remcsum -m -y 3
t ipvsadm -A -u bogus --pe bogus
t ipvsadm -Ln --timeout -t 10.0.0.3:http
t ipvsadm -a --tun-type gue -i -r 10.2.1.2:http -t 10.0.0.1:80
t ipvsadm -a --tun-csum --sctp-service 10.0.0.1:80 -r 10.2.1.2:http -w x -y x --tun-port 0
t ipvsadm -l
t ipvsadm -A -f 2
t ipvsadm -g -a -f 2 -r '[2001:db8:2::2]:80'
t ipvsadm --add-server -r 10.2.1.4:0 -x 5 --tun-csum -m -f 1 -6
t ipvsadm -e -u bogus -r 10.2.1.4:0 --tun-remcsum
t ipvsadm --add-server -t 10.0.0.3:http --tun-remcsum -r 10.2.1.3:8080
t ipvsadm -D -f 1
t ipvsadm -a -t vip.example:https -r rs1.example:http --tun-nocsum
t ipvsadm -A -o --sctp-service '[2001:db8::1]:80'
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.4:0 -y x
t ipvsadm -E --sctp-service vip.example:https
t ipvsadm -p -A -t bogus -s bogus
t ipvsadm -A -u 10.0.0.1:80 -p -M 24 -s rr
t ipvsadm -e -t 2001:db8::2 -r 10.2.1.2 -g -x x --tun-type x --tun-port 0 --bogus -r 10.2.1.2
t ipvsadm -a -u 10.0.0.1:80 -r 10.2.1.3:8080 -r 10.2.1.3:8080
t ipvsadm -A -f 1 -b x -p 300
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -A --sctp-service bogus
t ipvsadm -E -t 10.0.0.2 -b flag-3,flag-2 --pe bogus -o
t ipvsadm -E -f 0 -o -b flag-1
t ipvsadm -A -t 10.0.0.2:0
t ipvsadm -a -r 2001:db8:2::3 -f 1
t ipvsadm -E -t bogus
t ipvsadm -a -t bogus -r '[2001:db8:2::2]:80' -w 100000 -g --bogus
t ipvsadm --add-server -t 10.0.0.1:80 -r 10.2.1.2:http
t ipvsadm -e -f 1 -r 10.2.1.3:8080 -i --tun-nocsum -i --tun-csum
t ipvsadm -A -t 10.0.0.2:0 -o -s '' -M 24
t ipvsadm --add-service --sctp-service bogus -s mh -b flag-3,flag-2 --pe sip
t ipvsadm -e -u vip.example:https -r 224.0.0.1 -w 0 --tun-remcsum -i
t ipvsadm -Ln -n
t ipvsadm --add-server -y x -r 10.2.1.3:8080 --tun-type ipip -w x -u 10.0.0.3:http
t ipvsadm -Ln --tun-info
t ipvsadm --list -n
t ipvsadm -a -f x -r rs1.example:http --tun-remcsum --tun-port 0 --tun-csum -w 5
t ipvsadm -a -f 1 -r '[2001:db8:2::2]:80' --tun-remcsum -i -i
t ipvsadm --set x 5 0 x
t ipvsadm -e -t 10.0.0.2 -r 224.0.0.1 -y x -i --tun-remcsum --tun-port 0
t ipvsadm -a -t 10.0.0.2:0 -r 10.2.1.3:8080 -x 10 --tun-type gue -y 3
t ipvsadm -L --thresholds --syncid 4 --exact
t ipvsadm -a -t 10.0.0.2:0 -r 10.2.1.2:80 -w 5 --tun-port 0
t ipvsadm --add-server -u '[2001:db8::1]:80' -r rs1.example:http --tun-nocsum --tun-port 6080 --tun-type gue -m
t ipvsadm --add-service -t 10.0.0.1:53 -p 60
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -a -r 10.2.1.4:0 -f 1 -x 10 -i -y x
t ipvsadm -A -t 2001:db8::2 -o --pe '' -n
t ipvsadm -a -t 2001:db8::2 -r 2001:db8:2::3
t ipvsadm -d -t 10.0.0.1:80 -r rs1.example:http
t ipvsadm --add-service -f 2 -6 -s mh --tun-type gue -o
t ipvsadm -a --tun-remcsum -t 10.0.0.2:0 -m -w 100000 -r 10.2.1.2:80
t ipvsadm -e -u 10.0.0.1:53 -r 10.2.1.4:0 -g --tun-type gre --tun-nocsum
t ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.2:80 -x x -m
t ipvsadm -a -y x --sctp-service 10.0.0.1:80 -x x -r bogus -g -L
t ipvsadm -L --sort --sctp-service 10.0.0.1:80
t ipvsadm -a -i -x 5 -m -t 10.0.0.3:http -y 3 -r rs1.example:http
t ipvsadm -Ln
t ipvsadm -L --syncid 4 -c --timeout -f 1
t ipvsadm --set x 0 0
t ipvsadm -E -t 10.0.0.1:53 -o -s wlc
t ipvsadm -e -u 10.0.0.1:80 -r 2001:db8:2::3 --tun-csum -i
t ipvsadm -E -M 64 --pe bogus -t '[2001:db8::1]:80' -p 300
t ipvsadm 224.0.0.1 -a -t 10.0.0.1:80 -x 10 -r
t ipvsadm -a -g -t bogus -r 10.2.1.2:80
t ipvsadm -D -u 2001:db8::2
t ipvsadm -a -f x -r 10.2.1.2 -m --tun-type ipip --tun-remcsum
t ipvsadm --set x 5 0 x
t ipvsadm -A -M 64 -u vip.example:https -o -b x
t ipvsadm --add-service -u '[2001:db8::1]:80' -p
t ipvsadm --add-server -f x -6 -r 10.2.1.2:http --tun-type ipip --tun-port 6080
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -a -f 0 -r 10.2.1.2:80 --tun-type ipip
t ipvsadm -a --tun-type x -m -r 10.2.1.4:0 -t 10.0.0.2 -w 100000
t ipvsadm -L x
t ipvsadm --add-service -t 10.0.0.2 -o -M 24
t ipvsadm -A -t '[2001:db8::1]:80' -M 129
t ipvsadm --list --persistent-conn -n -t 10.0.0.2
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm --add-service -t '[2001:db8::1]:80' --pe bogus
t ipvsadm -E -u vip.example:https --pe sip -M x
t ipvsadm --add-server -u 10.0.0.1:80 -r 10.2.1.2:http --
t ipvsadm -E -f 1 --pe sip
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.4:0 -y x --tun-csum
t ipvsadm --add-server -u bogus -r 10.2.1.2 -w 5 --tun-nocsum --tun-port 0 -y 3
t ipvsadm -L --persistent-conn -n
t ipvsadm -a -f 0 -r 10.2.1.2:http
t ipvsadm -d -t 10.0.0.1:80 -r 10.2.1.4:0 -L
t ipvsadm -a -t bogus -r 10.2.1.4:0
t ipvsadm -Ln --stats -c --sort
t ipvsadm -a -r 10.2.1.2 -x 10 --tun-remcsum -t 10.0.0.2:0
t ipvsadm -a -t 10.0.0.1:80 -r 2001:db8:2::3 -w 0 -i
t ipvsadm -A -f 2 -6 -b flag-3,flag-2 -o
t ipvsadm -A -u 10.0.0.1:80 --pe '' -s mh -M x -L -L
t ipvsadm -a -u 10.0.0.2:0 -r '[2001:db8:2::2]:80'
t ipvsadm -A -s mh --tcp-service=10.0.0.2:0
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
