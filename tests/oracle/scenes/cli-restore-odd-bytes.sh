. "$ORACLE_LIB/lib.sh"
note "carriage returns inside lines, zero bytes, bytes that are no text"
try() { q ipvsadm -C; printf -- "$1" | ipvsadm -R; echo "= $?"; t ipvsadm -Sn; }
try '-A\r-t\r10.0.0.1:80\r\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80\r-s rr\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80\r\r\n-A -t 10.0.0.2:80 \r \n'
try '\r\n-A -t 10.0.0.2:80\n\r'
try '-A -t 10.0.0.1:80 -s r\rr\n'
try '-A -t 10.0.0.1:80\0 -s rr\n-A -t 10.0.0.2:80\n'
try '\0-A -t 10.0.0.1:80\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80 -s \0rr\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80 \0'
try '-A -t 10.0.0.1:80 -\377\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80 x\377\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80 -p \377\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80 -b \303\251\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80\240-s rr\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80\302\240-s rr\n-A -t 10.0.0.2:80\n'
try '-A -t 10.0.0.1:80 -w \331\241\n'
t ipvsadm -A -t 10.0.0.9:80 $'\xff'
t ipvsadm -A -t 10.0.0.9:80 é
t ipvsadm -A -t 10.0.0.9:80 --é
t ipvsadm -A -f ١
t ipvsadm -A -t ١٠.0.0.1:80
t ipvsadm -A -t 10.0.0.1:٨٠
