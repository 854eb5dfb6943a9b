. "$ORACLE_LIB/lib.sh"
pair() { q ipvsadm -C; q ipvsadm -A -t 10.0.0.1:80 -s rr; q ipvsadm -a -t 10.0.0.1:80 -r "$1" -i; q ipvsadm -a -t 10.0.0.1:80 -r "$2" -i; ipvsadm -Ln --nosort -t 10.0.0.1:80 | sed 1,3d; ipvsadm -Ln -t 10.0.0.1:80 | sed 1,3d; echo; }
mpair() { q ipvsadm -C; q ipvsadm -A -t 10.0.0.1:80 -s rr; q ipvsadm -a -t 10.0.0.1:80 -r "$1" -m; q ipvsadm -a -t 10.0.0.1:80 -r "$2" -m; ipvsadm -Ln -t 10.0.0.1:80 | sed 1,3d; echo; }
l=(1.0.0.1 10.0.0.1 10.0.0.2 127.0.0.1 128.0.0.0 137.255.255.255 138.0.0.1 192.168.0.1)
for a in "${l[@]}"; do for b in "${l[@]}"; do [ $a = $b ] || pair "$a" "$b"; done; done
l=(::1 1::1 2001:db8::1 2001:db8:0:1::1 2001:db8:8000::1 fd00::1 10.0.0.1 200.0.0.1)
for a in "${l[@]}"; do for b in "${l[@]}"; do [ $a = $b ] || pair "$a" "$b"; done; done
for a in 1 80 32768 65535; do for b in 1 80 32768 65535; do [ $a = $b ] || mpair "10.0.0.1:$a" "10.0.0.1:$b"; done; done
for a in 10.0.0.1:80 10.0.0.2:79 9.0.0.1:81; do for b in 10.0.0.1:81 10.0.0.2:80; do mpair $a $b; done; done
