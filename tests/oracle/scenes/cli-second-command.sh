. "$ORACLE_LIB/lib.sh"
note "a second command, alone or inside a bundle"
q ipvsadm -A -t 10.0.0.1:80 -s rr
for c in A E D C L l Z a e d R S h v; do t ipvsadm -L$c; t ipvsadm -L -n$c; t ipvsadm -C -$c; done
for c in add-service edit-service delete-service clear list zero add-server edit-server delete-server restore save set help version; do t ipvsadm -L --$c; done
t ipvsadm -L --start-daemon
t ipvsadm -L --start-daemon master
t ipvsadm -L --stop-daemon=backup
t ipvsadm -L --start-daemon=
t ipvsadm -L --list=1
t ipvsadm -LAq
t ipvsadm -h -L
t ipvsadm -h --bogus
t ipvsadm -v --bogus
t ipvsadm -v -L
t ipvsadm -v extra
t ipvsadm -hq
t ipvsadm -vq
t ipvsadm -vh
t ipvsadm -hv
t ipvsadm -Ln
