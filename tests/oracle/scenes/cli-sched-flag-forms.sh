. "$ORACLE_LIB/lib.sh"
n=0
add() { n=$((n+1)); t ipvsadm -A -t 10.0.0.1:$n "$@"; }
for f in sh-port sh-fallback sh-fallback,sh-port sh-port,sh-fallback sh-port,sh-port flag-1 flag-2 flag-3 flag-1,flag-2,flag-3 sh-port,flag-3 mh-port mh-fallback bogus '' ,sh-port sh-port, 'sh-port sh-fallback' ' sh-port' SH-PORT sh-por sh-portx sh-port,bogus bogus,sh-port mh-port,bogus flag-4 flag-0; do add -s sh -b "$f"; done
for f in mh-port mh-fallback mh-fallback,mh-port sh-port flag-1,flag-2,flag-3 flag-3; do add -s mh -b "$f"; done
for f in sh-port mh-port flag-1 flag-2 flag-3 flag-2,flag-1 bogus ''; do add -s rr -b "$f"; add -b "$f"; done
add -b sh-port -s sh
add -b sh-port -s mh
add -b sh-port -s sh -p 5
add -b flag-1 -s bogus
add -b bogus -s bogus
add -b sh-port -s none
add -b flag-1 -s none
add -b flag-1 -s ''
add -b=flag-1
add --sched-flags=flag-3
t ipvsadm -Ln
t ipvsadm -Sn
t ipvsadm -E -t 10.0.0.1:1 -s rr -b flag-2
t ipvsadm -Ln -t 10.0.0.1:1
t ipvsadm -E -t 10.0.0.1:1 -s sh
t ipvsadm -Ln -t 10.0.0.1:1
ipvsadm -Sn > rules
q ipvsadm -C
ipvsadm -R < rules > out 2>&1; echo "restore: $?"; t cat out
t ipvsadm -Sn
