. "$ORACLE_LIB/lib.sh"
n=0
for s in none None '' wlc ' rr' 'rr ' r rrr thrice ip_vs_rr 123456789012345 1234567890123456 12345678901234567 none2 '../rr' 'a b'; do n=$((n+1)); t ipvsadm -A -t 10.0.0.1:$n -s "$s"; done
n=100
for s in sip SIP '' none bogus 123456789012345 1234567890123456; do n=$((n+1)); t ipvsadm -A -t 10.0.0.1:$n --pe "$s"; t ipvsadm -A -t 10.0.0.2:$n -p --pe "$s"; done
t ipvsadm -A -t 10.0.0.3:80 -s none -p --pe sip -b flag-2
t ipvsadm -a -t 10.0.0.3:80 -r 10.2.1.2 -m
t ipvsadm -E -t 10.0.0.3:80 -s none
t ipvsadm -E -t 10.0.0.3:80 -s rr --pe sip
t ipvsadm -E -t 10.0.0.3:80 -s none --pe bogus
t ipvsadm -Ln
t ipvsadm -Sn
