. "$ORACLE_LIB/lib.sh"
note "services and destinations two by two, far apart"
pair() { q ipvsadm -C; q ipvsadm -A $1 -s rr; q ipvsadm -A $2 -s rr; ipvsadm -Sn; echo; }
l=(0.0.0.0 0.0.0.1 10.0.0.1 10.0.0.2 127.0.0.1 128.0.0.9 137.255.255.255 138.0.0.9 172.16.0.1 192.168.0.1 224.0.0.1 255.255.255.255)
for a in "${l[@]}"; do for b in "${l[@]}"; do [ $a = $b ] || pair "-t $a:80" "-t $b:80"; done; done
l=(:: ::1 ::2 1:: 7fff::1 8000:3::1 2001:db8::1 2001:db8:0:1::1 2001:db8:8005:: fd00:: fe80::1 ff02::1 2001:db8::8003:0:0:0)
for a in "${l[@]}"; do for b in "${l[@]}"; do [ $a = $b ] || pair "-t [$a]:80" "-t [$b]:80"; done; done
for a in 1 2 80 32767 32768 65535; do for b in 1 2 80 32767 32768 65535; do [ $a = $b ] || pair "-t 10.0.0.1:$a" "-t 10.0.0.1:$b"; done; done
for a in 1 2 2147483646 2147483651 4294967293; do for b in 1 2 2147483646 2147483651 4294967293; do [ $a = $b ] || pair "-f $a" "-f $b"; done; done
for a in "-f 1" "-f 4294967293" "-t 10.0.0.1:80" "-u 9.0.0.1:1" "-t [::1]:80"; do for b in "-f 2" "-f 2147483640" "-t 10.0.0.1:81" "-u 9.0.0.1:2" "-u [::1]:80"; do pair "$a" "$b"; done; done
pair "-f 1" "-f 1 -6"
pair "-f 1 -6" "-f 1"
pair "-f 2" "-f 1 -6"
