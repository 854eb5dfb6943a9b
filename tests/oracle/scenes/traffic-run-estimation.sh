. "$ORACLE_LIB/lib.sh"
note "run_estimation=0: what is shown stands still; then it goes on"
topo nat 1
q ipvsadm -A -u 10.0.0.1:53 -s rr
q ipvsadm -a -u 10.0.0.1:53 -r 10.2.1.100 -m
py <<'P'
def some(n):
    for i in range(n): inject('cl', pudp('10.1.8.5', 2222, VIP, 53, b'x' * 100))
some(5); time.sleep(2.5); ls('-Ln --stats')
sysctl('net.ipv4.vs.run_estimation', 0)
some(7); time.sleep(2.5); ls('-Ln --stats')
subprocess.run(['ipvsadm', '-Z']); ls('-Ln --stats')
some(3); time.sleep(2.5); ls('-Ln --stats')
sysctl('net.ipv4.vs.run_estimation', 1)
time.sleep(2.5); ls('-Ln --stats')
P
