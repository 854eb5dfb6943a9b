. "$ORACLE_LIB/lib.sh"
note "SCTP states: every chunk from both sides in every state that can be reached, NAT and direct routing"
topo nat 1
q ipvsadm -A --sctp-service 10.0.0.1:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.1:2904 -r 10.2.1.100:2905 -m
q ipvsadm -A --sctp-service 10.0.0.2:2904 -s rr
q ipvsadm -a --sctp-service 10.0.0.2:2904 -r 10.2.1.100 -g
py <<'P'
T = []
for n in range(256):
    for _ in range(8): n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    T.append(n)
def crc(b):
    c = 0xffffffff
    for x in b: c = c >> 8 ^ T[(c ^ x) & 255]
    return struct.pack('<I', c ^ 0xffffffff)
def psctp(src, sport, dst, dport, kind):
    h = struct.pack('!HHI', sport, dport, 7)
    c = struct.pack('!BBH', kind, 0, 4)
    return ip4(src, dst, 132, h + crc(h + bytes(4) + c) + c)
CHUNKS = {'DATA': 0, 'INIT': 1, 'INIT_ACK': 2, 'SACK': 3, 'HEARTBEAT': 4, 'HB_ACK': 5, 'ABORT': 6, 'SHUTDOWN': 7, 'SHUT_ACK': 8, 'ERROR': 9, 'COOKIE': 10, 'COOKIE_ACK': 11, 'ECNE': 12, 'CWR': 13, 'SHUT_COMP': 14, 'AUTH': 15, 'ASCONF': 193, 'ASCONF_ACK': 128, 'FWD_TSN': 192}
C, R = '10.1.8.5', '10.2.1.100'
port = 1000
def run(vip, direct, paths, events):
    """Each event after each path, each on a connection of its own; looked at soon, since some last for seconds only."""
    return [each for at in range(0, len(events), 13) for each in some(vip, direct, paths, events[at:at + 13])]
def some(vip, direct, paths, events):
    global port
    want = []
    for path in paths:
        for event in events:
            port += 1
            for step in [*path, *([event] if event else [])]:
                kind = CHUNKS[step[1:]]
                if step[0] == 'i': inject('cl', psctp(C, port, vip, 2904, kind))
                elif direct: inject('rs1', psctp(vip, 2904, C, port, kind))
                else: inject('rs1', psctp(R, 2905, C, port, kind))
            want.append((path, event, port))
    got = {}
    for f in conns():
        e = up10(int(f[1][:-3]) * 60 + int(f[1][-2:]))
        got[int(f[3].split(':')[1])] = '%s %02d:%02d' % (f[2], e // 60, e % 60)
    return [(path, event, got.get(p, 'gone')) for path, event, p in want]
def explore(vip, direct, sides):
    events = [side + name for side in sides for name in CHUNKS]
    known, fresh = {}, [['iINIT']]
    (_, _, first), = run(vip, direct, fresh, [None])
    known[first.split()[0]] = ['iINIT']
    print('(none)       iINIT       ->', first)
    todo = list(known)
    while todo:
        state = todo.pop(0)
        for path, event, now in run(vip, direct, [known[state]], events):
            print('%-12s %-11s -> %s' % (state, event, now))
            name = now.split()[0]
            if name not in known and name != 'gone':
                known[name] = path + [event]; todo.append(name)
    print('states:', ' '.join(sorted(known)))
print('NAT'); explore(VIP, False, 'io')
print('direct routing'); explore(VIP2, True, 'i')
P
