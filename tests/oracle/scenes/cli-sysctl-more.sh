. "$ORACLE_LIB/lib.sh"
note "how settings are read"
set_() { printf '%s <- %s: ' "$1" "$2"; if vs_set "$1" "$2" 2>/dev/null; then echo "ok, now $(cat /proc/sys/net/ipv4/vs/$1)"; else echo "refused, still $(cat /proc/sys/net/ipv4/vs/$1)"; fi; }
q ipvsadm -A -t 10.0.0.1:80 -s lblc
q ipvsadm -A -t 10.0.0.1:81 -s lblcr
for v in "5" " 6" "7 " "8 9" "010" "0x10" "0X1F" "+5" "-5" "--5" "x" "5x" "1.5" "08" "2147483647" "2147483648" "-2147483648" "-2147483649" "99999999999999999999" "- 5" "5,6" "0x" "00" "-0"; do set_ conn_reuse_mode "$v"; done
for v in 0 1 2 5 -1; do for k in cache_bypass sync_persist_mode sync_qlen_max sync_sock_size sync_refresh_period lblc_expiration lblcr_expiration amemthresh am_droprate sloppy_sctp; do set_ $k $v; done; done
for v in "3 50" "3	51" "3 50 9" "x 7" "4" "60" "0" "2 -1" "5 5" "6 5" "0 1" "1 1" "10 0x20" "010 50"; do set_ sync_threshold "$v"; done
for v in 1 2 -1 3 5 6 1024 65536 2147483647; do set_ sync_ports "$v"; done
for v in 1 2 3 -1; do set_ sync_retries "$v"; set_ drop_entry $v; done
vs_list | grep -v -e debug_level
