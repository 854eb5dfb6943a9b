. "$ORACLE_LIB/lib.sh"
note "more of how words are taken"
q ipvsadm -A -t 10.0.0.1:80 -s rr
t ipvsadm x -L
t ipvsadm x -n -L
t ipvsadm x -Ln y
t ipvsadm -- -L
t ipvsadm x -- -L
t ipvsadm - -L
t ipvsadm -L --foo=bar
t ipvsadm -L --foo=
t ipvsadm -L -q=5
t ipvsadm -L -nq=5
t ipvsadm -L -nqt
t ipvsadm -Lnt
t ipvsadm -Ant
t ipvsadm -L -nt
t ipvsadm -L -n6f 5
t ipvsadm -Lf 5
t ipvsadm -Lf5
t ipvsadm -Lf5 -6
t ipvsadm -Lnf=5
t ipvsadm -Lf =5
t ipvsadm -Lf==5
t ipvsadm -A -f 5 -s= 
t ipvsadm -Lnf5
t ipvsadm -D -f5
t ipvsadm -L --fwmark-service=5
t ipvsadm -Afs 7 rr
t ipvsadm -A -p60s rr -f 7
t ipvsadm -A -p 60s -f 7
t ipvsadm -A -p -f 7
t ipvsadm -L -n -- x -n
t ipvsadm -L x -n y
t ipvsadm -L -n '-'
t ipvsadm -L '- '
t ipvsadm -L ' -n'
t ipvsadm -L '-n '
t ipvsadm -L '-n '-c
t ipvsadm -L $'-n\n'
t ipvsadm -L $'-n\t'
t ipvsadm -L $'a\nb'
t ipvsadm -L --numeric --numeric=
t ipvsadm -L --nosort --sort -n
t ipvsadm -L --sort --nosort -n
t ipvsadm -L --ipv6
t ipvsadm -L -f 9 --ipv6
t ipvsadm -L -f 9 --ipv6=1
t ipvsadm -LtLL
t ipvsadm -Lt -L
t ipvsadm -L -t --
t ipvsadm -L --tcp-service -- -n
t ipvsadm --tcp-service
t ipvsadm --tcp-service -L
t ipvsadm -t -L
t ipvsadm --restore=1
t ipvsadm --save=1
t ipvsadm -S=n
t ipvsadm -Snn
t ipvsadm -S -n -n
t ipvsadm --save --numeric
t ipvsadm -S6
t ipvsadm -S --sort
t ipvsadm -Sn --sort
t ipvsadm -L --sort=1
t ipvsadm -L --pe= 
t ipvsadm -E -t 10.0.0.1:80 --pe=
t ipvsadm -E -t 10.0.0.1:80 -M=255.255.0.0 -p=5
t ipvsadm -E -t 10.0.0.1:80 -M '=255.255.0.0' -p
t ipvsadm -E -t 10.0.0.1:80 -M255.0.0.0 -p9
t ipvsadm -Ln
t ipvsadm -a -t 10.0.0.1:80 -r10.2.1.2 -mw5
t ipvsadm -a -t 10.0.0.1:80 -r=10.2.1.3 -mw=6x
t ipvsadm -a -t 10.0.0.1:80 -r=10.2.1.3 -mw=6 -x=8 -y=2
t ipvsadm -at 10.0.0.1:80 -mr 10.2.1.4 -w 7
t ipvsadm -atr 10.0.0.1:80 10.2.1.4
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.5 -gm
t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.5 --masquerading=yes
t ipvsadm -Ln --thresholds
t ipvsadm -C=
t ipvsadm --clear=
t ipvsadm --help=
t ipvsadm -h=
t ipvsadm -Z=
t ipvsadm --zero=1
t ipvsadm --version=1 
t ipvsadm -v=1
