. "$ORACLE_LIB/lib.sh"
# limit: 300
note "command lines put together by chance (seed 1)"
t ipvsadm -o -A -b flag-1 -p 0 -p 0 -t 2001:db8::2
t ipvsadm -a -f 0 -r 224.0.0.1
t ipvsadm -e -f 1 -r 10.2.1.2:http
t ipvsadm -S -n
t ipvsadm -S -n
t ipvsadm --add-server -t bogus -r 2001:db8:2::3
t ipvsadm -a -t 10.0.0.3:http -r bogus --tun-csum -y x -i --tun-remcsum
t ipvsadm -d -t 10.0.0.3:http -r 10.2.1.2:http
t ipvsadm --add-service -t 10.0.0.1:80 -M 129 --pe bogus -p 0 --tun-port 6080
t ipvsadm -A -f 1 -6
t ipvsadm -D -t 10.0.0.3:http
t ipvsadm -e -q --sctp-service 2001:db8::2 -r rs1.example:http
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.3:8080
t ipvsadm --add-service -t bogus
t ipvsadm -A -f 1 -6
t ipvsadm -A -u 10.0.0.2:0 -p 0 --pe sip -s wlc
t ipvsadm -d -t '[2001:db8::1]:80' -r bogus -w 0
t ipvsadm -a --tun-port 0 -u '[2001:db8::1]:80' --tun-nocsum -u '[2001:db8::1]:80' -r 10.2.1.2:http
t ipvsadm --add-service -f 1 -6
t ipvsadm --add-service '--tcp-service=[2001:db8::1]:80'
t ipvsadm --add-service -f 0 -6 --pe sip
t ipvsadm -L -6 -o
t ipvsadm -D -u 10.0.0.2
t ipvsadm --list --exact --rate
t ipvsadm -E -t 10.0.0.1:80
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -d -f 0 -r '[2001:db8:2::2]:80'
t ipvsadm -D -t vip.example:https
t ipvsadm -6 --add-service -f 1
t ipvsadm -A -t 10.0.0.1:80 x
t ipvsadm --add-service '--tcp-service=[2001:db8::1]:80'
t ipvsadm -l
t ipvsadm -a -i -r 10.2.1.2:http -i -f x
t ipvsadm -d -t bogus -r rs1.example:http
t ipvsadm -E -p 0 -u vip.example:https
t ipvsadm -E -f 2 -6 -b x -o -p 300
t ipvsadm --add-service -u '[2001:db8::1]:80' --pe sip
t ipvsadm -d -t 10.0.0.1:80 -r bogus -i
t ipvsadm -e --sctp-service '[2001:db8::1]:80' -r 224.0.0.1 -i --tun-port 6080 -m --tun-nocsum
t ipvsadm --add-service -f 1 -o
t ipvsadm -e -f 1 -r 10.2.1.2:http -g --tun-nocsum -w -1 -r 10.2.1.2:http
t ipvsadm --add-service -t 10.0.0.3:http -p 300
t ipvsadm -Ln --persistent-conn --tun-info
t ipvsadm --add-service --sctp-service bogus -b flag-1 -p 300
t ipvsadm -E -t bogus -M 255.255.255.0 --pe '' -o
t ipvsadm --add-server -f x -6 -r rs1.example:http --tun-port 0 -y x -w 100000 -i
t ipvsadm --add-service -u 10.0.0.1:80 -b flag-1 -p 300 -M 64
t ipvsadm -D -u '[2001:db8::1]:80'
t ipvsadm -a -r 10.2.1.2:http -t 2001:db8::2
t ipvsadm --add-service --sctp-service 10.0.0.2
t ipvsadm -l -f x -f x
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -D -t vip.example:https
t ipvsadm --add-server -t vip.example:https -r 10.2.1.4:0
t ipvsadm -E -t 10.0.0.1:53 --pe bogus
t ipvsadm -A -b flag-1 -s sh -f 0 -6 -p
t ipvsadm -A -u 2001:db8::2 -M 129 -b sh-port -s rr
t ipvsadm -E -t vip.example:https -p 300 -o -M 255.255.255.0 -t vip.example:https
t ipvsadm 224.0.0.1 -d -t 10.0.0.2:0 -r
t ipvsadm --add-service -t '[2001:db8::1]:80' -p 0 -s rr x
t ipvsadm -a -t 10.0.0.1:53 -r 10.2.1.3:8080 --tun-nocsum -i
t ipvsadm -A -u vip.example:https -M x
t ipvsadm --add-server -f 0 -r 10.2.1.2:80 --tun-remcsum --tun-csum
t ipvsadm --list -t bogus
t ipvsadm -a -p -r 10.2.1.2:http -g -f 0 -6 -w -1
t ipvsadm -Ln --thresholds --exact
t ipvsadm --set 0 x 5
t ipvsadm -E -f x -6 -f x -6 -M 24 -b mh-fallback,mh-port
t ipvsadm -E -f 0
t ipvsadm --set x x x
t ipvsadm -a -u 10.0.0.2 -r 10.2.1.2 -w 5
t ipvsadm -A -f 1 -M 255.255.255.0 -f 1
t ipvsadm --list
t ipvsadm -a -t 10.0.0.1:53 -r 2001:db8:2::3 -i --tun-type x -g -w 5 --
t ipvsadm --list --rate
t ipvsadm -E -f x --pe '' -o
t ipvsadm -a -u vip.example:https -r 10.2.1.3:8080 -i -w 100000 -m -y 3
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -L
t ipvsadm -E -f 0 -6 -p -b sh-port -s sh
t ipvsadm -e -g -i -t 2001:db8::2 --tun-remcsum -r 224.0.0.1
t ipvsadm -A -t vip.example:https
t ipvsadm --add-service -u 10.0.0.1:53
t ipvsadm -A -u 10.0.0.1:80 -s bogus -o -M 129
t ipvsadm --add-server -t bogus -r '[2001:db8:2::2]:80' --tun-remcsum --tun-port 0 -w 100000
t ipvsadm -D --sctp-service '[2001:db8::1]:80'
t ipvsadm -D -f 2
t ipvsadm -a -u vip.example:https -y 7 -r 10.2.1.2:http
t ipvsadm -A --sctp-service vip.example:https -p 300 --pe '' -s wlc
t ipvsadm -l -n
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.2 --tun-csum -i
t ipvsadm -d -t 10.0.0.1:80 -r 2001:db8:2::3 -i
t ipvsadm -A -t 10.0.0.2:0 --pe bogus -s rr
t ipvsadm -E -t bogus -s '' -M 64
t ipvsadm -d -t '[2001:db8::1]:80' -r '[2001:db8:2::2]:80' -t '[2001:db8::1]:80'
t ipvsadm --add-service -t bogus -o -p 60
t ipvsadm -D -L -u vip.example:https
t ipvsadm --list --rate --thresholds -f 0
t ipvsadm -A -t bogus
t ipvsadm -d -t 10.0.0.1:80 -r rs1.example:http
t ipvsadm -a --tun-csum -i -r 2001:db8:2::3 --tun-remcsum -u vip.example:https
t ipvsadm -a -r 224.0.0.1 -x x -w x -u '[2001:db8::1]:80'
t ipvsadm -a --tcp-service=10.0.0.1:80 -r bogus
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -A -t '[2001:db8::1]:80' -b x
t ipvsadm -e -u vip.example:https -r rs1.example:http -i --tun-remcsum -q -u vip.example:https
t ipvsadm -d -f 1 -r 10.2.1.3:8080 --tun-info
t ipvsadm -e -f x -r 224.0.0.1 --tun-nocsum --tun-nocsum
t ipvsadm --add-service -t 10.0.0.2:0 -p -s bogus -b flag-3,flag-2
t ipvsadm -e -t 10.0.0.1:80 -r rs1.example:http -r rs1.example:http
t ipvsadm -A -f 1 --pe '' -o -p 0
t ipvsadm -A -f x -6 -M 24 -p 0 -f x -6
t ipvsadm sip --add-service -u 10.0.0.2:0 -b flag-3,flag-2 -p 300 --pe
t ipvsadm -e -u vip.example:https -r bogus --tun-nocsum
t ipvsadm -e -t 10.0.0.2 -r 10.2.1.4:0 --tun-remcsum -i
t ipvsadm -a -f x -r bogus --tun-type gue -w 0
t ipvsadm -E -u 10.0.0.2:0 --pe ''
t ipvsadm --add-server -r 10.2.1.2:80 -u 10.0.0.1:80 --tun-csum
t ipvsadm -Ln --persistent-conn --timeout --rate
t ipvsadm -e -f x -r 2001:db8:2::3 -g
t ipvsadm --add-service -M 24 -p --pe sip -t bogus
t ipvsadm -A -f 1
t ipvsadm -l --rate --thresholds --tun-info -q -n
t ipvsadm -a -r 2001:db8:2::3 -- -w -1 --tun-port 6080 -t vip.example:https -m -y x
t ipvsadm -d -f x -6 -r 10.2.1.3:8080 -x 5
t ipvsadm -a -f 1 -r 10.2.1.2
t ipvsadm --add-service -t 10.0.0.2 -s wlc -o
t ipvsadm -a -i -f 1 -r 2001:db8:2::3 --tun-port 6080
t ipvsadm --add-service --sctp-service 10.0.0.1:53 -b flag-3,flag-2 -p 60 --pe ''
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -L -L -L
t ipvsadm -D -t bogus
t ipvsadm -Z -u 10.0.0.2:0
t ipvsadm -A -f x -b mh-fallback,mh-port --pe sip -M x
t ipvsadm -d -f x -r bogus --tun-csum
t ipvsadm -D -u 10.0.0.3:http
t ipvsadm -a -u '[2001:db8::1]:80' -r 10.2.1.3:8080 -y 7 -m -g
t ipvsadm -a -t vip.example:https -r 10.2.1.2 --tun-remcsum
t ipvsadm -e -u 10.0.0.2:0 -r 10.2.1.2 --tun-port 0
t ipvsadm -Ln -n --sort --stats
t ipvsadm -L --tun-info --syncid 4 -t '[2001:db8::1]:80'
t ipvsadm -E -f 1 -s rr -o
t ipvsadm -E -f 1 -6 -p 60 -f 1 -6
t ipvsadm -A -t bogus -M 129 -s rr
t ipvsadm -Ln --persistent-conn
t ipvsadm -A -u 10.0.0.1:80 -p 0
t ipvsadm -Ln -n
t ipvsadm -A -t 10.0.0.1:80
t ipvsadm -a --sctp-service 10.0.0.3:http -r 10.2.1.4:0 -x 10 --tun-remcsum
t ipvsadm -A -f 0 --pe ''
t ipvsadm -l --persistent-conn --tun-info
t ipvsadm -A -f 2 -6 -p 300
t ipvsadm -d -t 2001:db8::2 -r 10.2.1.2:80
t ipvsadm -a -r 10.2.1.2:http -u '[2001:db8::1]:80' --tun-nocsum --tun-port 0
t ipvsadm -l --sort --persistent-conn --tcp-service=10.0.0.2:0 --sort
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -a --tun-port 0 -r 10.2.1.2:80 -t 10.0.0.2:0 --tun-csum
t ipvsadm -A -s wlc --tcp-service=10.0.0.2
t ipvsadm -L --timeout --syncid 4 --stats
t ipvsadm -E -u 10.0.0.1:80 -o --pe bogus
t ipvsadm --set x 5 x
t ipvsadm -A -f 2 -6 -o -M x
t ipvsadm -E --tcp-service=vip.example:https --pe '' -M 64 -b mh-fallback,mh-port
t ipvsadm -E -t 2001:db8::2 -s bogus -s bogus
t ipvsadm -Ln --persistent-conn -n --syncid 4
t ipvsadm -a -t 10.0.0.1:53 -r 10.2.1.2:http --tun-type ipip -g
t ipvsadm -E -t vip.example:https --pe sip
t ipvsadm -A -f 1 -6 -p --pe bogus
t ipvsadm -a -t 10.0.0.2 -r 10.2.1.2 -g -y 7
t ipvsadm -a -f 1 -6 -r 10.2.1.2:80
t ipvsadm -d -t vip.example:https -r rs1.example:http -y 7
t ipvsadm -D -u 10.0.0.1:53
t ipvsadm -L -n --tun-info --rate
t ipvsadm --list --thresholds -f x -6
t ipvsadm -e -t 10.0.0.2 -r 2001:db8:2::3 -x 10 -w x -y x -m
t ipvsadm -D -t 2001:db8::2
t ipvsadm --set x x x 0
t ipvsadm -d -L -r 10.2.1.4:0 -f 2 -6
t ipvsadm --add-server -f 2 -r '[2001:db8:2::2]:80' -x 10
t ipvsadm -D -f 2 -6
t ipvsadm -E -t '[2001:db8::1]:80' -s none
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server -i -f x -r 10.2.1.4:0
t ipvsadm -l -n
t ipvsadm 64 --add-service -t 10.0.0.2 -M
t ipvsadm -a --sctp-service 10.0.0.2:0 -r 10.2.1.2 -m -w 100000
t ipvsadm -a -t vip.example:https -r 10.2.1.2:http --tun-nocsum -w x -i
t ipvsadm -a -t 10.0.0.2 -r 10.2.1.4:0 -m
t ipvsadm --add-service -t '[2001:db8::1]:80' -o -p
t ipvsadm -E -t bogus --pe bogus -s rr
t ipvsadm -A -t 10.0.0.1:80 -b flag-1 -s '' -o
t ipvsadm --add-service -f 0 -p 300 --pe bogus -o
t ipvsadm -A -q -f 2 -6
t ipvsadm -e -u 10.0.0.1:53 -r bogus
t ipvsadm -Z -t bogus
t ipvsadm --add-server -t 10.0.0.1:53 -r 224.0.0.1 --tun-csum -y 7 --tun-type gue -i
t ipvsadm -E -f x -s none
t ipvsadm -l --syncid 4
t ipvsadm -E --sctp-service bogus
t ipvsadm -e -r 10.2.1.2:http --tun-nocsum -t 2001:db8::2 --tun-csum --bogus
t ipvsadm -A -t '[2001:db8::1]:80' -M 24 --pe '' -p -t '[2001:db8::1]:80'
t ipvsadm --list -n -c --stats -6
t ipvsadm -Z -t 10.0.0.2
t ipvsadm -A -t 10.0.0.2 -s mh -o -b mh-fallback,mh-port
t ipvsadm -E -u '[2001:db8::1]:80' --pe sip -s '' -p 60
t ipvsadm --add-service --pe bogus -t 2001:db8::2 -b flag-3,flag-2
t ipvsadm -E -u 10.0.0.1:53
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -A -s bogus -b flag-3,flag-2 -u bogus
t ipvsadm -E --pe bogus -t vip.example:https
t ipvsadm -A -f 1 -6
t ipvsadm -E -u '[2001:db8::1]:80' -b mh-fallback,mh-port
t ipvsadm -a -m --tun-csum -f 1 -r 2001:db8:2::3
t ipvsadm -A -f x -6 -b flag-1 -p 0 --pe sip
t ipvsadm -D -t 10.0.0.1:80
t ipvsadm -d -f 0 -r 10.2.1.2:80 -L
t ipvsadm -E -b flag-1 -t 10.0.0.1:80 -p 0 -s sh
t ipvsadm -d -r 10.2.1.3:8080 -t 2001:db8::2
t ipvsadm -E -t 10.0.0.3:http --pe bogus -M x
t ipvsadm -d -t 10.0.0.1:80 -r 2001:db8:2::3
t ipvsadm -L -t '[2001:db8::1]:80'
t ipvsadm --add-service -t vip.example:https -p 300 --pe sip
t ipvsadm -A -f 1 -o --pe sip -p 300
t ipvsadm -e -r rs1.example:http -x x -f x -6 -y 7
t ipvsadm -a -f 0 -r 10.2.1.4:0 -x 10 --tun-port 6080 -g
t ipvsadm -E -o -s sh --sctp-service 10.0.0.2:0 -b flag-3,flag-2
t ipvsadm -E -t 2001:db8::2 -o -s rr -b flag-3,flag-2
t ipvsadm -a -x x -x x -t '[2001:db8::1]:80' -r 10.2.1.4:0
t ipvsadm -E -t bogus -s ''
t ipvsadm -A -b x -u '[2001:db8::1]:80' --pe bogus -o -b x
t ipvsadm -e -y 7 --tun-port 6080 -r rs1.example:http -w 100000 -t '[2001:db8::1]:80'
t ipvsadm --set 5 0
t ipvsadm --add-service --sctp-service 2001:db8::2 x
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -a -f 0 -r 224.0.0.1 -g -i
t ipvsadm -e -u 10.0.0.2 -r 10.2.1.3:8080
t ipvsadm -A -t 10.0.0.1:53
t ipvsadm -a -r 10.2.1.3:8080 --tun-nocsum --tcp-service=10.0.0.3:http
t ipvsadm -E -t vip.example:https -o --pe bogus
t ipvsadm --list -n -t 10.0.0.3:http
t ipvsadm -l -n --persistent-conn --tun-info --sctp-service '[2001:db8::1]:80'
t ipvsadm -A -u 2001:db8::2 --pe '' -s sh
t ipvsadm --add-server --tun-csum -y 3 -- -r 10.2.1.2:80 -t 10.0.0.1:53 -g
t ipvsadm --add-service -s none -t 10.0.0.3:http -b x
t ipvsadm -d -u vip.example:https -r 224.0.0.1 -y 7
t ipvsadm -A -o -f 1
t ipvsadm -a -t '[2001:db8::1]:80' -r 10.2.1.3:8080 -g -m
t ipvsadm --add-service -t 10.0.0.2 --pe '' -o
t ipvsadm -a -f x -6 -r rs1.example:http -6 --tun-remcsum
t ipvsadm -D -t 10.0.0.1:80
t ipvsadm --add-server -f 1 -r rs1.example:http
t ipvsadm --add-service -t 10.0.0.2:0
t ipvsadm -d -t 10.0.0.3:http -r 10.2.1.2 --tun-remcsum
t ipvsadm -A -f x -6 -s rr --pe sip -M 255.255.255.0
t ipvsadm -D -t 10.0.0.3:http
t ipvsadm -E -f x -s bogus -p 300
t ipvsadm -D -t 10.0.0.1:80
t ipvsadm --add-server -t '[2001:db8::1]:80' -r bogus -x 5 --tun-csum
t ipvsadm -D --sctp-service 10.0.0.1:80
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -a -t vip.example:https -r 10.2.1.2
t ipvsadm -a --tun-nocsum -t 10.0.0.1:53 -r 10.2.1.3:8080 -i -w 100000
t ipvsadm -a -r 10.2.1.2:http -t 10.0.0.3:http -w 5 --tun-remcsum --tun-type ipip --tun-csum
t ipvsadm -a -r 10.2.1.2 -u '[2001:db8::1]:80' -y x -w 0 --tun-remcsum -m
t ipvsadm -A -u 10.0.0.1:80 -b mh-fallback,mh-port
t ipvsadm -A -t bogus
t ipvsadm -e -r 10.2.1.2:http -u vip.example:https
t ipvsadm --list
t ipvsadm -D -t 10.0.0.3:http
t ipvsadm -E -u 10.0.0.2
t ipvsadm -E -t 10.0.0.2:0
t ipvsadm -E -u 10.0.0.1:53
t ipvsadm -e -u 10.0.0.2:0 -r 10.2.1.3:8080 -g
t ipvsadm -a -i --tun-remcsum -f 2 -r bogus
t ipvsadm -E -t 10.0.0.1:53
t ipvsadm -D -f 0
t ipvsadm -E -f 1 --pe bogus
t ipvsadm -L --thresholds -n
t ipvsadm -D -f 0
t ipvsadm -E -f x -s mh -o -b flag-3,flag-2
t ipvsadm --add-service --pe sip -t '[2001:db8::1]:80' -o
t ipvsadm -D -t bogus -L
t ipvsadm -A --sctp-service vip.example:https -M 64 -p -s wlc
t ipvsadm -E -p -t 10.0.0.1:80
t ipvsadm -D -u '[2001:db8::1]:80'
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -D -f x -6
t ipvsadm --add-service -f 1 -s ''
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.4:0 --tun-type gre --tun-port 6080 -w -1 -i
t ipvsadm -a --tun-nocsum -r 224.0.0.1 -t 10.0.0.1:80
t ipvsadm -A -t 10.0.0.1:80 -p -s sh -o
t ipvsadm -S -6 -n
t ipvsadm 6080 -e -t 10.0.0.3:http -r 10.2.1.2:http --tun-remcsum -g --tun-port
t ipvsadm -e -f 2 -6 -r 10.2.1.2:http --tun-nocsum -w x
t ipvsadm -Ln -n --sort
t ipvsadm -e --sctp-service bogus -x x -r 10.2.1.2
t ipvsadm -E -t 10.0.0.3:http --pe bogus --pe bogus
t ipvsadm -A -t 10.0.0.1:53 -b mh-fallback,mh-port -t 10.0.0.1:53
t ipvsadm -A -p 0 -s '' -t vip.example:https
t ipvsadm -D -t vip.example:https -t vip.example:https
t ipvsadm -D -f 1 -6
t ipvsadm --set 5 x x x
t ipvsadm -A -u 10.0.0.3:http -s bogus -p
t ipvsadm -E -M 64 -o --tcp-service=2001:db8::2
t ipvsadm --set x 5 5
t ipvsadm -l --syncid 4 -t '[2001:db8::1]:80'
t ipvsadm --add-service -u 10.0.0.1:80 --pe sip -M 129 -p 60
t ipvsadm -E -t '[2001:db8::1]:80' -o --pe ''
t ipvsadm -E -p -b mh-fallback,mh-port --pe '' -t 10.0.0.3:http --
t ipvsadm -E --pe sip -M x -t 10.0.0.2 -b flag-3,flag-2
t ipvsadm -p -A -t '[2001:db8::1]:80'
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -Z -t 10.0.0.2 -t 10.0.0.2
t ipvsadm -E -f 0 -6
t ipvsadm --list --tun-info --persistent-conn -t 10.0.0.1:53
t ipvsadm -Ln --stats --rate -t bogus
t ipvsadm -E --sctp-service vip.example:https -p -M 129 -o
t ipvsadm -L --rate --tun-info
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm -a -f x -r 10.2.1.2 -i --tun-port 0 --tun-nocsum --tun-type ipip --tun-type ipip
t ipvsadm --set x 0 x
t ipvsadm -L
t ipvsadm -l -c -y 3 --sctp-service 10.0.0.2:0
t ipvsadm -l --syncid 4 --rate -n
t ipvsadm -a -f 2 -r 224.0.0.1
t ipvsadm 24 -E -u 10.0.0.2:0 -b sh-port -M
t ipvsadm -S -n
t ipvsadm --add-service --pe sip -u '[2001:db8::1]:80' -o -s rr
t ipvsadm -d -t 10.0.0.1:80 -r 10.2.1.3:8080 --tun-type ipip
t ipvsadm -E -t '[2001:db8::1]:80' -s mh
t ipvsadm -E -t 10.0.0.2 -s bogus -p
t ipvsadm -d -r rs1.example:http --tcp-service=bogus
t ipvsadm -A -u 2001:db8::2 -s mh
t ipvsadm --add-server -u 2001:db8::2 -r '[2001:db8:2::2]:80' -i --tun-nocsum -i
t ipvsadm -E -t 10.0.0.1:53
t ipvsadm --list -c --sort
t ipvsadm -A -f 1 --pe bogus
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server --tun-type gue --tun-port 6080 -x 5 -r 10.2.1.2:80 -f 0 -6
t ipvsadm -D -u 10.0.0.1:53 -u 10.0.0.1:53
t ipvsadm -A -b x --pe bogus -t 10.0.0.2:0
t ipvsadm --add-service -u 10.0.0.1:80
t ipvsadm -E -M 64 -t 10.0.0.3:http
t ipvsadm -E -u 10.0.0.1:80
t ipvsadm -a -t 2001:db8::2 -r 10.2.1.2:http --tun-port 6080
t ipvsadm -A -f 1 -o
t ipvsadm --add-server -u '[2001:db8::1]:80' -r 10.2.1.2 --tun-nocsum
t ipvsadm -Ln -n -n
t ipvsadm -E -s bogus -u '[2001:db8::1]:80'
t ipvsadm -A -u '[2001:db8::1]:80' -o -s none -p 60
t ipvsadm --set 5 x 0
t ipvsadm -E -f 1 -f 1
t ipvsadm --add-server -r 10.2.1.2:http -i -t bogus
t ipvsadm -d --sctp-service 10.0.0.1:80 -r '[2001:db8:2::2]:80'
t ipvsadm --add-service -t '[2001:db8::1]:80'
t ipvsadm -A -o -s '' -b x -u 10.0.0.3:http -L
t ipvsadm -a -g -t '[2001:db8::1]:80' -r 10.2.1.2:http
t ipvsadm -a -u 2001:db8::2 -r 10.2.1.2:http
t ipvsadm -l --exact -c --timeout --timeout
t ipvsadm --add-server -t 10.0.0.3:http -r 224.0.0.1 --tun-type ipip --tun-remcsum -x x
t ipvsadm -e -x 5 -i --tun-remcsum -f 0 --tun-type x -r '[2001:db8:2::2]:80'
t ipvsadm -e -t 10.0.0.2:0 -r bogus
t ipvsadm -E -t 10.0.0.2 -p -b flag-1
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm 10.2.1.3:8080 -d -t 2001:db8::2 -r
t ipvsadm -A -f 1 -p -M 24
t ipvsadm -a --tun-remcsum --tun-nocsum -m -t vip.example:https -w -1 -r 10.2.1.2:80
t ipvsadm -L --stats --timeout -c
t ipvsadm -E -f 0 -o -b flag-1
t ipvsadm -a -r 10.2.1.2:80 --tun-remcsum --tun-type x -t 10.0.0.2:0
t ipvsadm -A -f 0 -6 -p 300
t ipvsadm --add-server -t 10.0.0.1:53 -r 224.0.0.1
t ipvsadm -e -t bogus -r bogus --tun-type x
t ipvsadm -a -f 2 -r 10.2.1.2
t ipvsadm -d -t 10.0.0.1:53 -r 224.0.0.1 --bogus
t ipvsadm --add-service -t vip.example:https --pe sip
t ipvsadm -Ln --exact --tun-info --thresholds --timeout
t ipvsadm -a '--tcp-service=[2001:db8::1]:80' -r 10.2.1.2:80 -i -y x -w x -i
t ipvsadm --add-server -f 1 -r 224.0.0.1 -x 10 -y 7 --tun-port 0
t ipvsadm -E -t 10.0.0.2 -s mh -p --pe sip
t ipvsadm -E --pe sip -u bogus -p 60 -M 24
t ipvsadm -L --sort --thresholds -f x
t ipvsadm -E -f 2 -6 -b flag-1 -6 -i
t ipvsadm -d -t 10.0.0.2:0 -r 10.2.1.3:8080
t ipvsadm -d -f x -r 10.2.1.4:0
t ipvsadm --timeout -Ln -t 10.0.0.1:80 --timeout --persistent-conn
t ipvsadm --add-service -f 0 -6
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm --add-service -t 10.0.0.2:0 -b flag-1 -M 64
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -e -t 10.0.0.2:0 -r '[2001:db8:2::2]:80' --tun-csum --tun-port 0
t ipvsadm -Ln -f 2 -6 -c --timeout
t ipvsadm -A -t 2001:db8::2 -o
t ipvsadm -A -f 2 -6 -s ''
t ipvsadm -e -t '[2001:db8::1]:80' -r bogus -y x --tun-csum -i -g
t ipvsadm --add-service -o -s bogus -f 1
t ipvsadm -A -f x -6 -o --pe ''
t ipvsadm -Ln -c --stats --persistent-conn
t ipvsadm -A -M x -t bogus --pe bogus
t ipvsadm -Z -u '[2001:db8::1]:80'
t ipvsadm -Z
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.3:8080 --tun-remcsum
t ipvsadm --add-server --tun-nocsum -t 10.0.0.1:53 --tun-nocsum -x 10 -r 10.2.1.3:8080 --tun-port 0
t ipvsadm -E -u 10.0.0.3:http --pe sip -o
t ipvsadm --set 5 0 5
t ipvsadm -A -o -M 129 -t 10.0.0.2 -b flag-1
t ipvsadm -a -f 0 -6 -r 2001:db8:2::3 --tun-port 0 -g --tun-csum
t ipvsadm -l
t ipvsadm -e -t vip.example:https -r 10.2.1.2:80 -g
t ipvsadm -E -t '[2001:db8::1]:80' --pe sip --pe sip
t ipvsadm --list --persistent-conn --syncid 4
t ipvsadm -e -u 10.0.0.1:80 -r 10.2.1.2:80
t ipvsadm -A -u 10.0.0.1:80 -b flag-3,flag-2 -M 24
t ipvsadm -A -t 10.0.0.3:http -p -o
t ipvsadm -a -r 10.2.1.4:0 -u 10.0.0.1:80 --bogus
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
t ipvsadm -a -t 10.0.0.1:53 -r 10.2.1.2:80 -i -w -1 --tun-nocsum -r 10.2.1.2:80
t ipvsadm -l --syncid 4
t ipvsadm -e -f 2 -m -r 10.2.1.2:http -i
t ipvsadm -A -t 10.0.0.2:0 -o
t ipvsadm -D -u 10.0.0.1:80
t ipvsadm -A -f 0 -p 60
t ipvsadm -E -t 2001:db8::2 -p -s wlc -M 64
t ipvsadm --add-service -f 0 -b mh-fallback,mh-port -M 64
t ipvsadm -D -t 10.0.0.1:53
t ipvsadm -a -t 10.0.0.2 -r 2001:db8:2::3
t ipvsadm -a --tun-csum -r 10.2.1.2:80 -i -t '[2001:db8::1]:80' --tun-port 0
t ipvsadm -a -f 2 -r 2001:db8:2::3 --tun-type ipip
t ipvsadm -A -t 10.0.0.3:http -b flag-1 -s mh -p 60
t ipvsadm -e -u bogus -r 10.2.1.4:0
t ipvsadm -a -t 10.0.0.2 -r 2001:db8:2::3 -i -m
t ipvsadm -Ln --stats
t ipvsadm --list
t ipvsadm -d -u 10.0.0.1:80 -r 10.2.1.4:0 -x 10
t ipvsadm -A -t 10.0.0.2:0 --timeout
t ipvsadm -a -t 10.0.0.3:http -r 10.2.1.4:0
t ipvsadm -D -t 10.0.0.1:53
t ipvsadm -E -s sh -t 2001:db8::2
t ipvsadm -a -t '[2001:db8::1]:80' -r 224.0.0.1 -m
t ipvsadm -e -t 10.0.0.1:80 -r bogus -i --tun-csum -y 7 -y 7
t ipvsadm -A -f 1 -M 129 --pe bogus -b flag-3,flag-2 -g
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -A -t 10.0.0.3:http --pe bogus -s mh
t ipvsadm -d -t vip.example:https -r bogus -w 0
t ipvsadm -S -n
t ipvsadm -Ln -t '[2001:db8::1]:80'
t ipvsadm -E -t '[2001:db8::1]:80' -o
t ipvsadm --set 0 x x
t ipvsadm -a -t '[2001:db8::1]:80' -r bogus --tun-remcsum
t ipvsadm -E -t '[2001:db8::1]:80'
t ipvsadm -E -t 10.0.0.1:80
t ipvsadm -E --bogus -o -t vip.example:https
t ipvsadm -a -t 10.0.0.1:80 -r bogus --tun-port 0 --tun-remcsum -y x -w x
t ipvsadm -A -t 10.0.0.2:0 -b x
t ipvsadm -e -f x -r 10.2.1.3:8080 -r 10.2.1.3:8080
t ipvsadm -E -t vip.example:https -s '' -M 24 -b flag-3,flag-2
t ipvsadm --add-service -f 2 -6
t ipvsadm -d -r 10.2.1.2:80 -u bogus --tun-type gue
t ipvsadm -A -f 0 -6 --pe '' -s sh -p 0
t ipvsadm -D -t bogus
t ipvsadm -a --tun-csum -x x -r 10.2.1.3:8080 -t '[2001:db8::1]:80' --tun-nocsum
t ipvsadm -a -t 10.0.0.3:http -r 224.0.0.1
t ipvsadm -a -t '[2001:db8::1]:80' -r bogus --tun-nocsum -w 5 --tun-csum -i -i
t ipvsadm --add-service -f 1 -b sh-port
t ipvsadm -Z -t 10.0.0.3:http
t ipvsadm -d -f 1 -r rs1.example:http
t ipvsadm -6 -A -f 2
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm --add-server -f 2 -r 10.2.1.2:http --tun-type x -g --tun-remcsum -w 100000
t ipvsadm -A -t '[2001:db8::1]:80'
t ipvsadm -e -t '[2001:db8::1]:80' -r 224.0.0.1 --tun-type gre -m -i
t ipvsadm -Z -t '[2001:db8::1]:80' -t '[2001:db8::1]:80'
t ipvsadm -D -t 10.0.0.2:0
t ipvsadm -A -t 10.0.0.2 -s none -M 24 -- -t 10.0.0.2
t ipvsadm '--tcp-service=[2001:db8::1]:80' -D
t ipvsadm 60 -A -t '[2001:db8::1]:80' -p
t ipvsadm -e -t bogus -r 10.2.1.3:8080 -g -y 3 --tun-port 6080 --tun-nocsum
t ipvsadm -d -f 2 -6 -r 10.2.1.3:8080
t ipvsadm -D -u vip.example:https
t ipvsadm --add-service -b sh-port -u 10.0.0.3:http -L
t ipvsadm --add-server -t bogus -r 224.0.0.1 --tun-nocsum -x 10 -w 5
t ipvsadm -Ln -n --thresholds -t 10.0.0.1:53
t ipvsadm -L -n -n --timeout
t ipvsadm -L --syncid 4 --tun-info
t ipvsadm -E -f 1 -6 -s none --rate
t ipvsadm --add-service -t vip.example:https -M 255.255.255.0
t ipvsadm -L -u 10.0.0.2
t ipvsadm --add-service -t 10.0.0.1:80
t ipvsadm -E -t bogus -o
t ipvsadm -a -m -x 5 -t 10.0.0.2:0 -r 10.2.1.2:80 -w 5 --tun-port 0
t ipvsadm -A -f 0 -o
t ipvsadm -E -t 10.0.0.1:53 -s sh -p -M 64
t ipvsadm -A -t 10.0.0.2:0 -o
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -D --sctp-service '[2001:db8::1]:80'
t ipvsadm --add-server -u vip.example:https -r 2001:db8:2::3
t ipvsadm --add-service -u vip.example:https -s mh -b x --pe bogus
t ipvsadm -d -r bogus -u 10.0.0.1:80
t ipvsadm -p -A -t '[2001:db8::1]:80'
t ipvsadm -A -f 2 -s sh
t ipvsadm -a -t bogus -r 10.2.1.4:0 --tun-nocsum
t ipvsadm --add-service -t bogus -o -s sh -M 64
t ipvsadm -e -y x --sctp-service bogus -w -1 -r 10.2.1.3:8080
t ipvsadm -a --tun-nocsum --tcp-service=bogus -r 10.2.1.4:0 -r 10.2.1.4:0
t ipvsadm -Ln
t ipvsadm -L
t ipvsadm -A -s mh -M x -b mh-fallback,mh-port -f 0 -6
t ipvsadm -E -t 10.0.0.2:0 --pe sip -b sh-port -o
t ipvsadm --add-server -r bogus --tun-port 6080 --tun-remcsum -y 3 -g -t 10.0.0.1:80
t ipvsadm -S
t ipvsadm -a --sctp-service bogus -r bogus --tun-nocsum
t ipvsadm -E -b sh-port -o -p -t 10.0.0.3:http
t ipvsadm -D -t bogus
t ipvsadm -a -t 10.0.0.2 -r '[2001:db8:2::2]:80' -g --tun-csum --tun-remcsum --tun-nocsum
t ipvsadm --add-server -u 2001:db8::2 -r bogus -y 3 -w 5 --tun-type gre --tun-csum
t ipvsadm -S -n
t ipvsadm -A -t 10.0.0.2 -o
t ipvsadm --add-server -r 10.2.1.4:0 --tcp-service=10.0.0.1:80 --tun-nocsum
t ipvsadm --add-service -t bogus -b mh-fallback,mh-port -o -p 60
t ipvsadm -Ln
t ipvsadm -Sn
q ipvsadm -C
