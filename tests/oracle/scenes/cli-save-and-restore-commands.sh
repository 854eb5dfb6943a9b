. "$ORACLE_LIB/lib.sh"
note "ipvsadm-save and ipvsadm-restore"
q ipvsadm -A -t 10.0.0.99:80 -s rr
q ipvsadm -a -t 10.0.0.99:80 -r 10.2.1.2 -m
t ipvsadm-save
t ipvsadm-save -n
t ipvsadm-save -nn
t ipvsadm-save -n -n
t ipvsadm-save --numeric
t ipvsadm-save -x
t ipvsadm-save -h
t ipvsadm-save -nx
t ipvsadm-save extra
t ipvsadm-save -n extra
t ipvsadm-save --
t ipvsadm-save -- -n
ipvsadm-save > named; ipvsadm-save -n > numbered
ti ipvsadm-restore < named
t ipvsadm -Sn
printf '# comment\n  # indented\n#-A -t 10.0.0.5:80\n\n-A -t 10.0.0.6:80 -s rr\n' > in
ti ipvsadm-restore < in
t ipvsadm -Sn
printf '#c\n-A -t 10.0.0.7:80 # not a comment\n-A -t 10.0.0.8:80\n' > in
ti ipvsadm-restore < in
t ipvsadm -Sn
printf -- '-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80\n' > in
ti ipvsadm-restore < in
t ipvsadm -Sn
printf '' > in
ti ipvsadm-restore < in
t ipvsadm -Sn
printf -- '-A -t 10.0.0.1:80' > in
ti ipvsadm-restore < in
t ipvsadm -Sn
ti ipvsadm-restore extra < numbered
t ipvsadm -Sn
ti ipvsadm-restore -n < numbered
t ipvsadm -Sn
ti ipvsadm-restore -x < numbered
t ipvsadm -Sn
ti ipvsadm-restore -h < numbered
t ipvsadm -Sn
