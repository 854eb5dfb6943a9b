. "$ORACLE_LIB/lib.sh"
note "numbers: blanks, signs, zeros, hexadecimal, limits"
q ipvsadm -A -t 10.0.0.1:80 -s rr
nums=("0" "1" "010" "0x10" "0X1f" "+5" "-5" " 7" "7 " "7x" "x7" "1e3" "1.0" "" " " "+" "-" "2147483647" "2147483648" "4294967295" "4294967296" "4294967297" "9223372036854775807" "9223372036854775808" "18446744073709551616" "99999999999999999999999")
n=10
for x in "${nums[@]}"; do n=$((n+1)); t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.$n -m -w "$x"; done
for x in "${nums[@]}"; do n=$((n+1)); t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.$n -m -x "$x"; done
for x in "${nums[@]}"; do n=$((n+1)); t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.$n -m -y "$x" -x 2147483647; done
for x in "${nums[@]}"; do n=$((n+1)); t ipvsadm -a -t 10.0.0.1:80 -r 10.2.1.$n -i --tun-type gue --tun-port "$x"; done
n=100
for x in "${nums[@]}"; do n=$((n+1)); t ipvsadm -A -t 10.0.0.1:$n -p "$x"; done
for x in "${nums[@]}"; do t ipvsadm -A -f "$x"; done
for x in "${nums[@]}"; do t ipvsadm -A -t "10.0.0.2:$x"; done
for x in "${nums[@]}"; do t ipvsadm -A -t "[2001:db8::2]:$x"; done
for x in "${nums[@]}"; do n=$((n+1)); t ipvsadm -A -t "[2001:db8::1]:$n" -p -M "$x"; done
for x in "${nums[@]}"; do t ipvsadm --set "$x" 2 3; done
for x in "${nums[@]}"; do t ipvsadm --set -- 1 "$x" 3; done
for o in --syncid --sync-maxlen --mcast-port --mcast-ttl; do for x in "${nums[@]}" 255 256 65507 65508 65535 65536; do t ipvsadm --start-daemon master --mcast-interface nosuch $o "$x"; done; done
q ipvsadm -D -f 2147483648
t ipvsadm -L --timeout
t ipvsadm -Ln
t ipvsadm -Ln --thresholds
t ipvsadm -Sn
