. "$ORACLE_LIB/lib.sh"
# limit: 300
note "command lines put together by chance (seed 3)"
t ipvsadm --add-service -t vip.example:https -b flag-3,flag-2 --pe sip -s ''
t ipvsadm -e --tun-port 0 --tun-port 0 -r 10.2.1.4:0 -u 10.0.0.2
t ipvsadm --list --persistent-conn --sort --tun-info --sort
t ipvsadm -l --sort --stats --thresholds
t ipvsadm -L --timeout --timeout
t ipvsadm -E -t '[2001:db8::1]:80' --
t ipvsadm -l -n -n
t ipvsadm -A -f 1 -6 -o
t ipvsadm --add-service -t 10.0.0.1:53 -M x
t ipvsadm -E -u 10.0.0.1:53 -s bogus
t ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.2 --tun-nocsum -w x
t ipvsadm -a -f 2 -6 -r 10.2.1.4:0 -i -x 5
t ipvsadm --tun-nocsum -a -t 10.0.0.2 -r 10.2.1.2:80 --tun-remcsum
t ipvsadm -Z -f x -6
t ipvsadm flag-3,flag-2 -E -M x -u 10.0.0.3:http -o -b
t ipvsadm --add-server -r 10.2.1.2:http -g -i --sctp-service 10.0.0.3:http
t ipvsadm -L
t ipvsadm --add-service -t 10.0.0.2 --pe sip -o
t ipvsadm -D -f 2 -6
t ipvsadm -d -r 2001:db8:2::3 -t 2001:db8::2 -t 2001:db8::2
t ipvsadm -a -r 224.0.0.1 -x 5 --tun-csum -t '[2001:db8::1]:80' -w -1
t ipvsadm --add-server -f 0 -r 10.2.1.2 -y x -m -x 10 --tun-type x -r 10.2.1.2
t ipvsadm -E -t 10.0.0.2
t ipvsadm -a -r 10.2.1.2:80 --tun-csum -f x --tun-port 6080
t ipvsadm -e -t 10.0.0.1:80 -r 2001:db8:2::3 x
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -D -t vip.example:https
t ipvsadm -E -f 2 -p
t ipvsadm -a -t 10.0.0.2:0 -r 224.0.0.1 -y x
t ipvsadm -a -t 2001:db8::2 -r rs1.example:http --tun-type ipip --tun-csum -i --tun-nocsum
t ipvsadm -a -u '[2001:db8::1]:80' -r bogus --tun-csum -w 0 -i --tun-nocsum
t ipvsadm -a -t 2001:db8::2 -r bogus --tun-type gue
t ipvsadm -S -n
t ipvsadm -Ln --rate -u 10.0.0.1:53
t ipvsadm --add-server -f 1 -6 -r '[2001:db8:2::2]:80'
t ipvsadm -a -t vip.example:https -r rs1.example:http -i --tun-port 6080 -x 10
t ipvsadm --add-server -r rs1.example:http -t '[2001:db8::1]:80' --tun-remcsum --tun-nocsum
t ipvsadm -a --sctp-service 10.0.0.1:53 -r bogus --tun-nocsum
t ipvsadm --add-service -t '[2001:db8::1]:80' --pe bogus -M x -p 60
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2 -m
t ipvsadm -Z -f 1 -6
t ipvsadm -D --sctp-service 10.0.0.2
t ipvsadm --add-service -t '[2001:db8::1]:80' --pe ''
t ipvsadm --list --persistent-conn --thresholds --exact
t ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.2
t ipvsadm --add-service -M 64 -t bogus --pe sip -s bogus
t ipvsadm -E -t '[2001:db8::1]:80' -s '' -t '[2001:db8::1]:80'
t ipvsadm -D -f 2
t ipvsadm -A -t 2001:db8::2
t ipvsadm -D -t 10.0.0.2 -x 10
t ipvsadm -S
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-service -t 10.0.0.2
t ipvsadm -a -r 10.2.1.4:0 -y 3 --tun-type gre -m -t 10.0.0.1:80
t ipvsadm -E -s bogus -M 24 -M 129 -f 1
t ipvsadm -a -u '[2001:db8::1]:80' -r 10.2.1.4:0 -x x --tun-type gue --tun-remcsum
t ipvsadm -E -t '[2001:db8::1]:80' --pe sip -o
t ipvsadm 129 -E -t 2001:db8::2 -M 129 -b flag-3,flag-2 -p -M
t ipvsadm --add-server -u 10.0.0.1:80 -r 2001:db8:2::3 --tun-csum
t ipvsadm -l -n -n -f 1 -6
t ipvsadm -Ln -t 10.0.0.2:0
t ipvsadm -D -u 10.0.0.2:0 -u 10.0.0.2:0
t ipvsadm -E -t 2001:db8::2 -p --pe '' -s ''
t ipvsadm -Z -t 10.0.0.1:80
t ipvsadm -a -f 1 -i --tun-port 6080 --tun-nocsum -r 10.2.1.2:80 -x 10
t ipvsadm -e -r bogus --tun-type gue -r bogus -y 7 -t 10.0.0.2:0 --tun-remcsum
t ipvsadm -E -t 2001:db8::2 -b mh-fallback,mh-port
t ipvsadm 2001:db8:2::3 --add-server -t '[2001:db8::1]:80' -y 7 -r
t ipvsadm -a -r 10.2.1.2:http -6 -f 1
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm -L --syncid 4 --stats --rate
t ipvsadm -D -t 10.0.0.2
t ipvsadm -A -t 10.0.0.1:80 -b x -s none -o
t ipvsadm -a -g --tun-type ipip -r 10.2.1.3:8080 -y 7 -t 10.0.0.1:80 -x 10
t ipvsadm -l
t ipvsadm -E -u '[2001:db8::1]:80'
t ipvsadm -Ln -n -f 1 -6 --thresholds --persistent-conn
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server -u 10.0.0.1:53 -r 10.2.1.2:80
t ipvsadm -a -u 10.0.0.1:80 -r 10.2.1.3:8080 --tun-type gre
t ipvsadm -a -t 10.0.0.2 -r 10.2.1.3:8080 -i --tun-nocsum -r 10.2.1.3:8080
t ipvsadm 60 -E -t 10.0.0.1:80 -s rr -p
t ipvsadm -a -f 2 -6 -r 10.2.1.2:http -g -x 5 --tun-type ipip
t ipvsadm -A -u '[2001:db8::1]:80' --pe bogus
t ipvsadm -E -f 2 -6
t ipvsadm -D -f 1
t ipvsadm -a -t vip.example:https -r 2001:db8:2::3 --tun-csum -x x
t ipvsadm -E -b mh-fallback,mh-port -t 10.0.0.1:80
t ipvsadm -a -f x -r bogus
t ipvsadm --list -n
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2:http -y 7 --tun-type gue
t ipvsadm -A -t '[2001:db8::1]:80' -p 300 -s sh
t ipvsadm --add-server -u bogus -r 224.0.0.1 --tun-type gre
t ipvsadm -A -f 0 -6 -o
t ipvsadm -e -r 10.2.1.2:80 -t 10.0.0.1:53
t ipvsadm -L --timeout --persistent-conn
t ipvsadm -d -u vip.example:https -r 10.2.1.2:80
t ipvsadm --set 5 x 0
t ipvsadm --add-service -f x -6
t ipvsadm -A -f 1 -p -M 24 -b x
t ipvsadm -a -t 10.0.0.3:http -r 2001:db8:2::3 -m -x x
t ipvsadm -a -f 1 -r 10.2.1.3:8080 -y x --tun-csum --tun-port 6080 --tun-remcsum --tun-port 6080
t ipvsadm -a -u '[2001:db8::1]:80' -r rs1.example:http -y x
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -a -f 2 -r 10.2.1.2:80 --tun-port 0 -i
t ipvsadm --add-server -t 10.0.0.1:80 --tun-csum -r 10.2.1.2:http -w -1 --tun-remcsum --tun-port 0
t ipvsadm -E -u vip.example:https -b flag-3,flag-2 -s wlc -M 24
t ipvsadm -a -t 10.0.0.1:80 -r bogus --tun-remcsum -i -i
t ipvsadm -l --rate -n --tun-info -t 10.0.0.3:http
t ipvsadm -S -n
t ipvsadm -D --sctp-service 10.0.0.1:80
t ipvsadm -S -n
t ipvsadm bogus -e --sctp-service bogus -r bogus -y x --tun-remcsum -w -1 --tun-csum -r
t ipvsadm -D -t 10.0.0.2:0
t ipvsadm -a -t 10.0.0.2 -r 10.2.1.4:0
t ipvsadm -a -t 10.0.0.1:80 -r bogus -t 10.0.0.1:80
t ipvsadm -d -f x -r 10.2.1.3:8080
t ipvsadm -E -t 10.0.0.2:0 -s bogus --pe '' -o
t ipvsadm -E -t '[2001:db8::1]:80' --pe '' -s bogus -t '[2001:db8::1]:80'
t ipvsadm -d -t vip.example:https -r 224.0.0.1
t ipvsadm --add-service -f 2 -M 129
t ipvsadm -D --sctp-service '[2001:db8::1]:80' x x
t ipvsadm -a -w 100000 -r '[2001:db8:2::2]:80' -w 100000 -f 0 -6
t ipvsadm -D -u 10.0.0.1:53
t ipvsadm -a -u 10.0.0.1:80 -r 224.0.0.1 --tun-port 0 -y 7
t ipvsadm -D --sctp-service 10.0.0.2:0
t ipvsadm -E --pe sip -u 10.0.0.1:53
t ipvsadm -e -f x -r 224.0.0.1 -m -x 10 -y x
t ipvsadm -E --pe '' -b flag-3,flag-2 --sctp-service 10.0.0.1:80 -o
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server -t 10.0.0.2 -r 224.0.0.1 -g --tun-remcsum --tun-nocsum -i
t ipvsadm -A -u 10.0.0.1:53 -o -M 129 -b flag-1 -w 100000
t ipvsadm -E -t 10.0.0.2:0 -p 0 -s ''
t ipvsadm -A -f 1
t ipvsadm --add-service -f 0
t ipvsadm -a -t 10.0.0.1:53 -r 10.2.1.2:80
t ipvsadm -A -u 10.0.0.1:80
t ipvsadm -D -u 10.0.0.1:80
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.3:8080 --tun-type x -w 100000
t ipvsadm -l --sort --tun-info --exact
t ipvsadm -Ln --thresholds -n --bogus
t ipvsadm -a -u bogus -r rs1.example:http --tun-remcsum --tun-type gue
t ipvsadm -L -t 10.0.0.1:80 -t 10.0.0.1:80
t ipvsadm -d -t '[2001:db8::1]:80' -r 10.2.1.2 -r 10.2.1.2
t ipvsadm -e -t 10.0.0.3:http -r '[2001:db8:2::2]:80'
t ipvsadm --add-server -u 10.0.0.3:http -r 2001:db8:2::3 -i -w -1
t ipvsadm -Z -t 10.0.0.1:80 --tun-port 6080
t ipvsadm -d -f x -r rs1.example:http
t ipvsadm -D -t 10.0.0.2
t ipvsadm 2 -A -f
t ipvsadm -e -u 10.0.0.1:53 -r 2001:db8:2::3 -i --tun-nocsum
t ipvsadm -A -u '[2001:db8::1]:80'
t ipvsadm -a -- -t bogus -r 10.2.1.2:http
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm -L --persistent-conn --rate x x
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -e -t 10.0.0.3:http -r 2001:db8:2::3 -y x -t 10.0.0.3:http
t ipvsadm --add-server -f 0 -6 -r 2001:db8:2::3 --tun-csum -i -r 2001:db8:2::3
t ipvsadm -e -r rs1.example:http -f x -y 7
t ipvsadm -D -u '[2001:db8::1]:80'
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm -A -t '[2001:db8::1]:80' -b sh-port
t ipvsadm -D -f 1 --sort
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.3:8080 -i -w x --tun-remcsum --tun-type ipip
t ipvsadm -E -t vip.example:https -s mh --pe sip -o
t ipvsadm -a -t 10.0.0.2:0 -g --tun-type ipip -r 10.2.1.2:80
t ipvsadm flag-1 -A -f 1 -6 -b
t ipvsadm -E -t '[2001:db8::1]:80' -s rr
t ipvsadm -A -t '[2001:db8::1]:80'
t ipvsadm -A -p x -f 2 -s wlc
t ipvsadm -e -g -r 10.2.1.4:0 --tun-type gre -f 1 -6 -y 3 -i
t ipvsadm -E -f 2 -6 -s sh -p --pe bogus
t ipvsadm -L
t ipvsadm -e -r 224.0.0.1 -u '[2001:db8::1]:80'
t ipvsadm -d --sctp-service '[2001:db8::1]:80' -r 10.2.1.3:8080 -w 0
t ipvsadm -S -n
t ipvsadm -d -t 10.0.0.1:53 -r '[2001:db8:2::2]:80'
t ipvsadm -e -t '[2001:db8::1]:80' -r bogus --tun-remcsum --tun-type ipip --tun-port 0
t ipvsadm -a -t '[2001:db8::1]:80' -r bogus -w 0 --tun-type gre --tun-remcsum
t ipvsadm --add-server -t 2001:db8::2 -r '[2001:db8:2::2]:80'
t ipvsadm -a --sctp-service 10.0.0.1:80 -r rs1.example:http --tun-port 0 -y 7 --tun-csum -y 7
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -Ln -n --timeout
t ipvsadm -E -M 255.255.255.0 -u 10.0.0.1:53 -o
t ipvsadm -D -u 10.0.0.1:80
t ipvsadm -S -n
t ipvsadm -Ln -t 2001:db8::2
t ipvsadm -Ln --syncid 4 --thresholds -c
t ipvsadm -l -n
t ipvsadm -a -t 10.0.0.1:80 -r bogus -w -1
t ipvsadm -a -x 5 --sctp-service 10.0.0.2 -r 10.2.1.4:0 --tun-nocsum
t ipvsadm --set 0 x
t ipvsadm -Ln --sort --tun-info -t 10.0.0.2:0
t ipvsadm -a -t 10.0.0.2 -r 10.2.1.2 -m --tun-csum
t ipvsadm -a -f 1 -r 2001:db8:2::3 --tun-port 0 --tun-remcsum -i -w x
t ipvsadm -A --pe bogus -f x -6 -b mh-fallback,mh-port -M 64 --pe bogus
t ipvsadm -a -r 10.2.1.2 -y x -m -t '[2001:db8::1]:80' -i
t ipvsadm -D -u 10.0.0.1:80
t ipvsadm -E --tcp-service=10.0.0.1:53 --pe sip -M 64
t ipvsadm --add-server -u 10.0.0.1:80 -r rs1.example:http --tun-nocsum -x 10 -i -x 10
t ipvsadm -a --tun-type x -w x -u 10.0.0.3:http -w x -g --tun-nocsum -r 10.2.1.3:8080
t ipvsadm --add-server -t bogus -r rs1.example:http -y x -w 100000 --tun-csum --tun-remcsum
t ipvsadm 5 -a -r 10.2.1.3:8080 -t 10.0.0.2:0 -g -x
t ipvsadm -E -o -s wlc -t vip.example:https
t ipvsadm --add-server -f 0 -6 -w -1 --tun-csum --tun-remcsum -r 10.2.1.4:0 -x x
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.2:80
t ipvsadm -a -f 1 -6 -r '[2001:db8:2::2]:80' -g x
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -a -t 10.0.0.1:80 --tun-nocsum -r 10.2.1.4:0 --tun-csum
t ipvsadm -E -f 2 -p
t ipvsadm -E -f 0 -M x -p 0 -s rr
t ipvsadm --add-server -c -x x -y 3 --tun-nocsum -f 1 -r rs1.example:http
t ipvsadm -e -f 0 -r 10.2.1.2 -x x --tun-remcsum
t ipvsadm --list -t vip.example:https
t ipvsadm -A -u 10.0.0.1:80
t ipvsadm -d -t 10.0.0.2:0 -r 10.2.1.2:http -y x
t ipvsadm -a --sctp-service '[2001:db8::1]:80' -r 224.0.0.1 -i -i
t ipvsadm -D -t 10.0.0.1:80
t ipvsadm -E -p -u 10.0.0.1:53 -o -M 129
t ipvsadm --set 0 0
t ipvsadm -D -u bogus
t ipvsadm -d -t 10.0.0.2:0 -r 10.2.1.4:0 -x x
t ipvsadm -Ln -n --exact
t ipvsadm -E -f 1 -6 -b flag-3,flag-2
t ipvsadm -E -t 10.0.0.1:53
t ipvsadm --add-service -u '[2001:db8::1]:80' -u '[2001:db8::1]:80'
t ipvsadm -a -u 2001:db8::2 -r 2001:db8:2::3 --tun-remcsum -w -1 --tun-port 0 -n
t ipvsadm -E -f 2 -6 -b x -p 300
t ipvsadm -D -L -u bogus
t ipvsadm -E -M 129 -o -t '[2001:db8::1]:80'
t ipvsadm --list -t vip.example:https
t ipvsadm -A -t 10.0.0.1:80
t ipvsadm --add-service -t bogus
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -Ln --timeout -t 10.0.0.1:80
t ipvsadm -D -f 1 -6
t ipvsadm -A -t 10.0.0.1:53 -o -p -M 64
t ipvsadm -e --tun-type gre --bogus -t 10.0.0.2 -r 10.2.1.4:0
t ipvsadm -a -u bogus -r 224.0.0.1 --tun-port 6080 --tun-nocsum -x x
t ipvsadm -E -t 2001:db8::2
t ipvsadm -L --rate --sort -t '[2001:db8::1]:80'
t ipvsadm -E -f x -6 -b sh-port
t ipvsadm --add-server -x 5 -r 224.0.0.1 -i --tcp-service=2001:db8::2
t ipvsadm -d -t 10.0.0.1:80 -r 10.2.1.3:8080 -i
t ipvsadm -a -t 10.0.0.2 -r 224.0.0.1 --tun-remcsum --tun-port 0
t ipvsadm -a -r 10.2.1.3:8080 -y 3 -f 1 --tun-type gue -w 0 --tun-nocsum
t ipvsadm -a -f x -6 --tun-port 6080 -r 10.2.1.2:http -m
t ipvsadm -A -t 10.0.0.2:0 --pe '' -o -s ''
t ipvsadm --add-server -w 5 -M 255.255.255.0 -f 0 -r 10.2.1.4:0
t ipvsadm -d -r bogus -u 10.0.0.2
t ipvsadm -A -s none --sctp-service 2001:db8::2
t ipvsadm -a -t 10.0.0.1:53 -r '[2001:db8:2::2]:80'
t ipvsadm -L --timeout
t ipvsadm -a -t 10.0.0.3:http -r '[2001:db8:2::2]:80' --tun-nocsum
t ipvsadm -D -u 10.0.0.1:80
t ipvsadm -e -t 10.0.0.1:53 -r 2001:db8:2::3 -i -y 7 -i --tun-remcsum
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2:http -y 3 -i -m --tun-port 6080
t ipvsadm -A -f x -b flag-1
t ipvsadm -D -f 1 -6
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server -r rs1.example:http -f 0
t ipvsadm -d -f x -r 10.2.1.2:80 --tun-remcsum
t ipvsadm -l -n
t ipvsadm -E -t 10.0.0.1:80
t ipvsadm -d -f 1 -r rs1.example:http -m
t ipvsadm -a -t 10.0.0.2:0 -r rs1.example:http
t ipvsadm -a -t 2001:db8::2 -r '[2001:db8:2::2]:80'
t ipvsadm -A -t 10.0.0.2 -s bogus -M 64
t ipvsadm -d -u '[2001:db8::1]:80' -r bogus x
t ipvsadm -A --sctp-service 10.0.0.3:http -o -p 300 -M 64
t ipvsadm -o -E -f 0 -6 -b mh-fallback,mh-port -M 129
t ipvsadm -d -u 10.0.0.2 -r '[2001:db8:2::2]:80'
t ipvsadm -a -t '[2001:db8::1]:80' -r 224.0.0.1 -i
t ipvsadm --add-service -t 10.0.0.1:53 -M x -s none -o
t ipvsadm --add-service -b x -b x -t '[2001:db8::1]:80'
t ipvsadm -A -t '[2001:db8::1]:80' -p --bogus
t ipvsadm -D --bogus -t 10.0.0.1:80
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2 -r 10.2.1.2
t ipvsadm --set 0 0 5
t ipvsadm -D -t 10.0.0.1:80
t ipvsadm -l --stats --persistent-conn
t ipvsadm -A -6 -u 10.0.0.2:0 -s wlc -b sh-port
t ipvsadm -e -t '[2001:db8::1]:80' -r '[2001:db8:2::2]:80'
t ipvsadm -A -f x
t ipvsadm -A -s none -t 10.0.0.1:80
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --list --tun-info --exact --thresholds
t ipvsadm -Ln --thresholds
t ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.3:8080 --tun-nocsum --tun-csum --tun-csum
t ipvsadm -A -t 10.0.0.2
t ipvsadm -D -f 1 -6 -f 1 -6
t ipvsadm -E -t 10.0.0.1:80 --bogus
t ipvsadm -A -t 10.0.0.1:80
t ipvsadm -D -f x -6 --persistent-conn
t ipvsadm -E -t bogus
t ipvsadm -E -f 1 -6 -M x --pe sip
t ipvsadm -D -f x -6
t ipvsadm -D -u 10.0.0.1:80
t ipvsadm --add-server -t '[2001:db8::1]:80' -r bogus -y 3 --tun-type gue -x x --tun-remcsum
t ipvsadm -D -u 10.0.0.2:0
t ipvsadm -E -u 10.0.0.2:0 -b mh-fallback,mh-port -p -o
t ipvsadm -A -t 10.0.0.3:http -o -p 0
t ipvsadm --list --tun-info --timeout --sort --tcp-service=vip.example:https
t ipvsadm -E -t 10.0.0.1:80
t ipvsadm --add-service -M x -t 10.0.0.1:53 -o
t ipvsadm -Z -t '[2001:db8::1]:80'
t ipvsadm --list --exact
t ipvsadm --add-service -t 2001:db8::2 --pe bogus -b sh-port
t ipvsadm -E -M x -p 0 -s bogus -t 10.0.0.2:0
t ipvsadm -L --stats --exact -n
t ipvsadm -A -p -o -u 10.0.0.3:http
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -e --sctp-service '[2001:db8::1]:80' -r 10.2.1.4:0
t ipvsadm -A -M 255.255.255.0 -u 10.0.0.1:80
t ipvsadm --add-service -t '[2001:db8::1]:80' --pe bogus -o -b mh-fallback,mh-port
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm --add-service -t 10.0.0.1:53 -s mh -t 10.0.0.1:53
t ipvsadm -L --rate --exact --exact
t ipvsadm -a -r '[2001:db8:2::2]:80' -u 10.0.0.1:80 -i -u 10.0.0.1:80 -x x
t ipvsadm -S -n
t ipvsadm -l --timeout --persistent-conn --stats
t ipvsadm -E -t 10.0.0.1:80 -M 129 -o -s bogus
t ipvsadm -L
t ipvsadm -d -r 10.2.1.4:0 -f 2
t ipvsadm -A -t 10.0.0.1:80
t ipvsadm -a --tun-port 0 -t vip.example:https -r '[2001:db8:2::2]:80' --tun-nocsum
t ipvsadm -A -t 2001:db8::2 -s wlc -o --pe bogus --bogus
t ipvsadm -e --tun-nocsum -f 1 -6 -i -r 10.2.1.3:8080 --tun-remcsum --bogus -x x
t ipvsadm -a -u 10.0.0.1:80 -r 10.2.1.2:http -x 5 --tun-port 0 --tun-nocsum -y 3
t ipvsadm -S
t ipvsadm -A -f 0
t ipvsadm -A -f 0 -M 24 -o -s sh
t ipvsadm -D -t 10.0.0.3:http
t ipvsadm -a --tcp-service=bogus -r 2001:db8:2::3 -i -y 7 --tun-nocsum
t ipvsadm -D -t 10.0.0.2:0
t ipvsadm -Ln --timeout --stats --exact
t ipvsadm -d -u 10.0.0.2:0 -y x -r '[2001:db8:2::2]:80'
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -D -f x
t ipvsadm -L --stats -c --syncid 4
t ipvsadm --add-server -f 1 -r 10.2.1.2 -m
t ipvsadm --add-service -t 10.0.0.2 -M x -s '' -o -t 10.0.0.2
t ipvsadm -Z -t bogus
t ipvsadm -D -t '[2001:db8::1]:80'
t ipvsadm -a -t 10.0.0.1:80 -t 10.0.0.1:80 -r 10.2.1.3:8080 --tun-nocsum -m -i
t ipvsadm -Z -f 0
t ipvsadm -a -t 10.0.0.2:0 -r 10.2.1.2:http -x x -y 3 --tun-port 0 -w 100000
t ipvsadm -E -u 10.0.0.2 -o -p
t ipvsadm -S -n
t ipvsadm -a -t vip.example:https -r '[2001:db8:2::2]:80' -i -m --tun-nocsum --tun-remcsum
t ipvsadm -E -t 2001:db8::2 -b sh-port -o x
t ipvsadm -e --tun-info -r 10.2.1.4:0 -f 1
t ipvsadm -a -r 2001:db8:2::3 --sctp-service bogus -i
t ipvsadm -Ln -n --persistent-conn --timeout
t ipvsadm --add-server -r 10.2.1.3:8080 -u 10.0.0.3:http
t ipvsadm --add-service -f 2 -M 24 --pe '' -b sh-port
t ipvsadm -l --timeout --syncid 4 --thresholds
t ipvsadm -E -u 10.0.0.2 --pe '' -b flag-3,flag-2
t ipvsadm -E -b x -t '[2001:db8::1]:80' -s none
t ipvsadm -D -t bogus
t ipvsadm -A -t 10.0.0.1:80 -o -s bogus
t ipvsadm -L
t ipvsadm -6 -A -f 1
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -E -t '[2001:db8::1]:80' -M 129
t ipvsadm -Ln
t ipvsadm -D -u '[2001:db8::1]:80'
t ipvsadm -A -f 1
t ipvsadm -d -t bogus -r 224.0.0.1 --tun-type gue
t ipvsadm --add-service -u 10.0.0.2 -M x -o -p
t ipvsadm -E -p 300 -t 10.0.0.1:80 -L
t ipvsadm -E --sctp-service vip.example:https -b flag-1 -s mh
t ipvsadm -D -t 2001:db8::2
t ipvsadm -Z
t ipvsadm -e -t '[2001:db8::1]:80' -r 10.2.1.2:http --tun-nocsum -m --tun-port 6080
t ipvsadm -l --thresholds --stats --rate
t ipvsadm -S -n
t ipvsadm -E -t 2001:db8::2
t ipvsadm -E -f 0 -b x -p 0
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.4:0
t ipvsadm -e -r '[2001:db8:2::2]:80' -i -u 10.0.0.1:80 --tun-nocsum
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2:http --tun-remcsum --tun-nocsum
t ipvsadm -d -u '[2001:db8::1]:80' -r '[2001:db8:2::2]:80'
t ipvsadm -D -f 1 -6 -f 1 -6
t ipvsadm -A -u 10.0.0.1:53
t ipvsadm --add-service -t bogus --thresholds
t ipvsadm -D -t bogus
t ipvsadm -A -t 10.0.0.2:0
t ipvsadm -S -n
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -e -u 10.0.0.1:80 -r 10.2.1.3:8080 -i -g --
t ipvsadm -Z -t 10.0.0.2
t ipvsadm -a -t 10.0.0.1:53 -r rs1.example:http -i -m
t ipvsadm -m --add-server -f x -6 -r rs1.example:http -y x -i -g
t ipvsadm -e -f x -r 10.2.1.3:8080
t ipvsadm -A -u '[2001:db8::1]:80'
t ipvsadm -a --tun-remcsum -f 0 -r '[2001:db8:2::2]:80'
t ipvsadm -E -u 10.0.0.1:53 -g
t ipvsadm --add-service -t bogus -o -s sh
t ipvsadm -a -r 10.2.1.2:http --tun-type gre -t 2001:db8::2
t ipvsadm -l -n --timeout
t ipvsadm -e -i -t bogus -y 3 -i -r 2001:db8:2::3
t ipvsadm -d -r 10.2.1.2 -x 10 -t 10.0.0.1:80
t ipvsadm --add-service -t 10.0.0.3:http --pe bogus
t ipvsadm -d -t vip.example:https --tun-csum -r 10.2.1.2
t ipvsadm -A -t 10.0.0.1:80 --pe bogus -o
t ipvsadm -a -t 10.0.0.1:53 -r 224.0.0.1 -m -i -w 0
t ipvsadm -a -u 10.0.0.1:80 -r bogus -i --thresholds
t ipvsadm -Ln -n -t 10.0.0.3:http
t ipvsadm -A -t 10.0.0.1:80 --pe ''
t ipvsadm -A -u '[2001:db8::1]:80' -M 255.255.255.0 -p 0
t ipvsadm -A -u 10.0.0.1:80
t ipvsadm -e -t 10.0.0.3:http -r rs1.example:http -i
t ipvsadm -D -u 10.0.0.3:http -u 10.0.0.3:http
t ipvsadm -S
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -A -u 10.0.0.3:http -s ''
t ipvsadm --add-server -x x -f 2 -r 10.2.1.3:8080
t ipvsadm -a -f 2 -r 2001:db8:2::3 --tun-type gue
t ipvsadm -E -f 1
t ipvsadm -E -t 10.0.0.2:0
t ipvsadm -d -t '[2001:db8::1]:80' -r 10.2.1.2:80 -t '[2001:db8::1]:80'
t ipvsadm -E -t 10.0.0.2
t ipvsadm -Z -t '[2001:db8::1]:80'
t ipvsadm --add-service -t '[2001:db8::1]:80'
t ipvsadm -a -u 10.0.0.3:http -r 10.2.1.4:0
t ipvsadm -A -f 0
t ipvsadm -a -u 10.0.0.2:0 -r 10.2.1.2:http -i --tun-remcsum --tun-type gre -w 100000
t ipvsadm -A -u 10.0.0.3:http
t ipvsadm -A -t 10.0.0.3:http --pe '' -p -s none
t ipvsadm -S -n x
t ipvsadm -E -b x -o -f 0 --pe sip
t ipvsadm -E -t 10.0.0.1:80 -M 255.255.255.0 -b x -o
t ipvsadm -S -n
t ipvsadm mh-fallback,mh-port -A --sctp-service 10.0.0.2 -s rr -b
t ipvsadm -a --tun-port 0 -f 1 -6 --tun-nocsum --tun-type gue -r '[2001:db8:2::2]:80'
t ipvsadm --add-server -t 10.0.0.1:53 -y x -m --tun-type x -r 10.2.1.2:http
t ipvsadm -a -u 10.0.0.1:80 -r 224.0.0.1 --tun-nocsum --tun-csum -g -y 7
t ipvsadm -d --sctp-service 10.0.0.2 --tun-nocsum -6 -r 10.2.1.3:8080
t ipvsadm -D -u 10.0.0.1:53
t ipvsadm 10.0.0.1:80 -D -u
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -D -t 10.0.0.2
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.2:http --tun-port 6080
t ipvsadm -a -r 2001:db8:2::3 -g -f 1 -6 --tun-port 0 -6 -y 3
t ipvsadm -a -i -r 10.2.1.2:80 --tun-port 6080 -u 10.0.0.2
t ipvsadm -L -u '[2001:db8::1]:80' --timeout
t ipvsadm -E -t '[2001:db8::1]:80' --pe bogus
t ipvsadm -D -t bogus
t ipvsadm --set x 5
t ipvsadm -a -f 2 -6 -r 2001:db8:2::3 -g
t ipvsadm -d -t 10.0.0.1:80 -r 2001:db8:2::3 -y 7
t ipvsadm -E -f 1 -6
t ipvsadm --add-service -t 2001:db8::2 -o
t ipvsadm --add-service --pe sip -b flag-1 -t 10.0.0.2:0
t ipvsadm -a -u '[2001:db8::1]:80' -r 10.2.1.2 -g -w -1 --tun-port 0 --tun-remcsum
t ipvsadm -d -t '[2001:db8::1]:80' -r 224.0.0.1
t ipvsadm -E -u 10.0.0.1:53
t ipvsadm -a -t 10.0.0.2 -r '[2001:db8:2::2]:80' --tun-remcsum --tun-type gre
t ipvsadm -A -s wlc -b flag-3,flag-2 -u vip.example:https -o
t ipvsadm -d -f 2 -6 -r 10.2.1.2:http -r 10.2.1.2:http
t ipvsadm -E -t 10.0.0.2:0 -s rr --pe bogus
t ipvsadm -E -u 10.0.0.2:0 -b flag-1 -p 300 -u 10.0.0.2:0
t ipvsadm --list --rate --stats --tun-info
t ipvsadm -A -M 129 -L -t '[2001:db8::1]:80'
t ipvsadm -e -t '[2001:db8::1]:80' -r 224.0.0.1 -x x
t ipvsadm -D -u 10.0.0.1:80 -u 10.0.0.1:80
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -E -t vip.example:https -p 60 -M x
t ipvsadm --add-server --tun-csum -f 0 -r rs1.example:http -x 10
t ipvsadm -a -f x -r '[2001:db8:2::2]:80' --tun-port 0 --tun-csum -x 10 --tun-type ipip
t ipvsadm --list --syncid 4 -n --sort -t 2001:db8::2
t ipvsadm -L -c --timeout --thresholds --sctp-service bogus
t ipvsadm -E -u bogus -p 0 -b sh-port -M x
t ipvsadm -d -t 10.0.0.2:0 -r '[2001:db8:2::2]:80' --tun-nocsum
t ipvsadm -Z -u '[2001:db8::1]:80'
t ipvsadm -a -f x -r 10.2.1.2 --tun-port 0 -m
t ipvsadm -a -r 10.2.1.2:http -u '[2001:db8::1]:80' -w 5
t ipvsadm -e -u 10.0.0.1:80 -r 10.2.1.2:http -i -g -r 10.2.1.2:http
t ipvsadm -E -b x -o --pe '' -t 10.0.0.3:http
t ipvsadm -a -t vip.example:https -r 10.2.1.2 -g -y 3 -i
t ipvsadm '[2001:db8::1]:80' -A -p -u
t ipvsadm -e -u 10.0.0.1:53 -r 10.2.1.2 --tun-nocsum -y 3 --tun-type gre --tun-csum
t ipvsadm -A -p -M 255.255.255.0 -u 10.0.0.2
t ipvsadm -a --tun-type gre -t bogus --tun-remcsum -r '[2001:db8:2::2]:80' -y 3
t ipvsadm -E -t bogus -o --pe ''
t ipvsadm -Z -q
t ipvsadm --list -n
t ipvsadm --add-service -t 10.0.0.1:53 -o
t ipvsadm -A -o -M 24 -f 2 -s rr
t ipvsadm -l
t ipvsadm --tun-nocsum -a -r '[2001:db8:2::2]:80' --tun-port 0 -t vip.example:https -i -x 5
t ipvsadm -L --thresholds --stats --syncid 4 -t 10.0.0.3:http
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -E --sctp-service bogus -b mh-fallback,mh-port -o -s mh
t ipvsadm 10 --add-server -f 1 -6 -r 10.2.1.2:80 -x
t ipvsadm -E -f x -6 -o -b mh-fallback,mh-port
t ipvsadm --add-server -r 10.2.1.2 -f 2 --tun-port 6080
t ipvsadm -A -u 10.0.0.1:53
t ipvsadm --list --persistent-conn -n
t ipvsadm -E -s mh -f 0
t ipvsadm -L --stats --sort --
t ipvsadm -E -t 10.0.0.1:80 -o
t ipvsadm -a -t 10.0.0.1:80 -r bogus -x x
t ipvsadm --add-server -t 10.0.0.2:0 -r 10.2.1.4:0
t ipvsadm -a -t 10.0.0.3:http -r 10.2.1.3:8080 -m --tun-csum --tun-nocsum
t ipvsadm -a -t '[2001:db8::1]:80' -r '[2001:db8:2::2]:80' -x 10
t ipvsadm -l -n --exact --sort -u vip.example:https
t ipvsadm -D -f 2
t ipvsadm -a --tun-remcsum --tun-csum --tun-nocsum -r 10.2.1.4:0 -u 10.0.0.3:http -g
t ipvsadm -e '--tcp-service=[2001:db8::1]:80' -r 224.0.0.1 -g --tun-port 0
t ipvsadm -Z -t bogus
t ipvsadm --add-service -s wlc -t 10.0.0.3:http --pe '' -o
t ipvsadm -D --tcp-service=10.0.0.3:http
t ipvsadm -D -t 10.0.0.2:0
t ipvsadm -a -t bogus -r 2001:db8:2::3 -y 3 -i
t ipvsadm -e -u bogus -r 10.2.1.3:8080 -g --tun-csum
t ipvsadm -S
t ipvsadm -A -f 1 -M 129 --pe ''
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
