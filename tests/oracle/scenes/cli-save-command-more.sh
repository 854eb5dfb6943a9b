. "$ORACLE_LIB/lib.sh"
q ipvsadm -A -t 10.0.0.99:80 -s rr
t ipvsadm-save extra -n
t ipvsadm-save extra -x
t ipvsadm-save -n -x
t ipvsadm-save -x -n
t ipvsadm-save ''
t ipvsadm-save -
t ipvsadm-save '-n '
t ipvsadm-save -N
user() { echo "(as user 1000) $*"; $PY -c 'import os, sys; os.setgroups([]); os.setgid(1000); os.setuid(1000); os.chdir("/"); os.execvp(sys.argv[1], sys.argv[1:])' "$@" >/run/t/.o 2>/run/t/.e </dev/null; _show $?; }
user ipvsadm-save
user ipvsadm-save -x
user ipvsadm-restore
user ipvsadm -R
user ipvsadm -Sn
t ipvsadm -Sn
