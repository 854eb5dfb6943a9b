. "$ORACLE_LIB/lib.sh"
note "destination ports by method, for tcp, udp, sctp, port 0 and marks"
q ipvsadm -A -t 10.0.0.1:80 -s rr
q ipvsadm -A -t 10.0.0.1:0 -s rr -p
q ipvsadm -A -f 5 -s rr
n=1
for s in "-t 10.0.0.1:80" "-t 10.0.0.1" "-f 5"; do
	for m in "" -g -i -m; do for p in "" :0 :80 :8080; do n=$((n+1)); t ipvsadm -a $s -r 10.2.$n.2$p $m; done; done
	for m in "" -g -i -m; do for p in "" :0 :8080; do n=$((n+1)); t ipvsadm -a -r 10.2.$n.2$p $s $m; done; done
done
t ipvsadm -Ln
n=1
for s in "-t 10.0.0.1:80" "-t 10.0.0.1" "-f 5"; do
	for m in "" -g -i -m; do for p in "" :0 :80 :8080; do n=$((n+1)); t ipvsadm -e $s -r 10.2.$n.2$p -w $n $m; t ipvsadm -d $s -r 10.2.$n.2$p; done; done
	for m in "" -g -i -m; do for p in "" :0 :8080; do n=$((n+1)); t ipvsadm -d -r 10.2.$n.2$p $s; done; done
done
t ipvsadm -Ln
