. "$ORACLE_LIB/lib.sh"
note "long lines and many words"
w200=$(for i in $(seq 200); do printf 'ipvsadm '; done)
try() { printf '%s\n' "$@" > in; q ipvsadm -C; ipvsadm -R < in > out 2>&1; echo "exit $?"; t cat out; t ipvsadm -Sn; }
try "$w200 -A -t 10.0.0.1:80" "-A -t 10.0.0.2:80"
try "$w200$w200 -A -t 10.0.0.1:80" "-A -t 10.0.0.2:80"
blank=$(printf '%2000s' '')
try "-A $blank -t 10.0.0.1:80" "-A -t 10.0.0.2:80"
x10=$(printf '%010d' 0)
for len in 20 50 100 200 500; do
	s=; for i in $(seq $((len / 10))); do s=$s$x10; done
	try "-A -t 10.0.0.1:80 -p ${s}5" "-A -t 10.0.0.2:80"
done
many=$(for i in $(seq 300); do printf -- '--sort '; done)
try "-L $many" "-A -t 10.0.0.2:80"
