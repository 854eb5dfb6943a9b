# SPDX-License-Identifier: Apache-2.0
"""The demo plays through: the whole director, end to end, with the commands that an LVS user types."""

import re
import resource
import secrets
import subprocess
from collections.abc import Iterator

import pytest

from xlvs.lab import build, state
from xlvs.lab.demo import ALL
from xlvs.lab.lab import environment
from xlvs.linux import namespace

_COMMANDS = {
    "nat": (
        "[director]# ipvsadm -A -t 192.168.20.129:80 -s rr",
        "[director]# ipvsadm -a -t 192.168.20.129:80 -r 192.168.10.133 -m",
        "[director]# ipvsadm -a -t 192.168.20.129:80 -r 192.168.10.134 -m",
        "[director]# ipvsadm -L -n",
        "[director]# ipvsadm -L -n --stats",
        "[director]# ipvsadm -L -n --rate",
        "[director]# ipvsadm -Z",
        "[director]# ipvsadm --set 120 20 100",
        "[director]# ipvsadm -L --timeout",
        "[director]# xlvs lab get 192.168.20.129 -n 2",
        "[director]# ipvsadm -C",
        "-A -t k8s02:http -s rr",
        "-a -t k8s02:http -r k8s03:http -m -w 1",
        "-a -t k8s02:http -r k8s04:http -m -w 1",
    ),
    "dr": (
        "[server1]# ip address add 192.168.100.40/32 dev lo label lo:10",
        "net.ipv4.conf.lo.arp_ignore = 1",
        "net.ipv4.conf.lo.arp_announce = 2",
        "net.ipv4.conf.all.arp_ignore = 1",
        "net.ipv4.conf.all.arp_announce = 2",
        "[server2]# xlvs realserver up --vip 192.168.100.40 --method dr",
        "[director]# ipvsadm -A -t 192.168.100.40:6443 -s rr",
        "[director]# ipvsadm -a -t 192.168.100.40:6443 -r 192.168.100.41 -w 1",
    ),
    "tunnel": (
        "[director]# ipvsadm -A -t 192.168.8.14:80",
        "[director]# ipvsadm -a -t 192.168.8.14:80 -r 192.168.8.16 -i --tun-type ipip",
        "[director]# ipvsadm -a -t 192.168.8.14:80 -r 192.168.16 -i --tun-type gue --tun-port 6080 --tun-csum",
        "[director]# ipvsadm -a -t 192.168.8.14:80 -r 192.168 -i --tun-type gre --tun-csum",
    ),
    "marks": (
        (
            "[director]# iptables -t mangle -A PREROUTING -d 172.16.0.100 -p tcp -m multiport --dports 80,443"
            " -j MARK --set-mark 10"
        ),
        "[director]# ipvsadm -C",
        "[director]# ipvsadm -A -f 10 -s rr",
        "FWM  10 rr",
        "[director]# xlvs proc read /proc/net/ip_vs",
        "FWM  0000000A rr",
        "[director]# ipvsadm -A -f 10",
        "FWM  10 wlc",
        "[director]# ipvsadm -a -f 10 -r 10.0.0.7 -g",
        "[director]# ipvsadm -a -f 10 -r 10.0.0.17 -g",
        "[director]# ipvsadm -E -f 10 -p",
        "[director]# ipvsadm -E -f 10 -p 3600",
        "FWM  10 wlc persistent 360",
        "FWM  10 wlc persistent 3600",
        "[director]# xlvs proc read /proc/net/ip_vs_conn",
        "[director]# ipvsadm -Lnc",
    ),
    "keepalived": (
        "[server3]# xlvs realserver up --vip 192.168.100.40 --method dr",
        "[director1]# xlvs keepalived -n -l -D -f /run/keepalived.conf >> /run/keepalived.log 2>&1 &",
        "[director2]# xlvs keepalived -n -l -D -f /run/keepalived.conf >> /run/keepalived.log 2>&1 &",
        "[lan]# ip link set director1 down",
        "[director1]# kill -9 $(sort -u /run/*.pid)",
        "[director1]# kill $(cat /run/keepalived.pid)",
    ),
    "tour": (
        "[director]# ipvsadm -a -t 192.168.238.130:32567 -r 10.244.184.5:80 --fullnat",
        "listening: director:eth0; ^C ends it",
        "1: server1:eth0 - router: cut",
        "1: server1:eth0 - router: cut: cleared",
        "verdict     forward: sent on towards a destination",
    ),
}

# Those that play alone, or more of what the demo shortens.
_ALONE = {
    "fullnat": (
        "[director]# xlvs laddr add -t 192.168.238.130:32567 192.168.238.140 192.168.238.141",
        "[director]# ipvsadm -e -t 192.168.238.130:32567 -r 10.244.184.5:80 --fullnat",
        "[director]# ipvsadm -ln",
        "  -> 10.244.184.5:80              FullNat 1      0          0",
        "-a -t 192.168.238.130:32567 -r 10.244.190.3:80 --fullnat -w 1",
        "[server1]# xlvs realserver toa --from 192.168.238.140,192.168.238.141",
        "192.168.238.140 - - [",
        "192.168.20.1 - - [",
        "connections  known 1, missing 0, not_trusted 0",
    ),
    "sync": (
        "[director1]# ipvsadm --start-daemon master --mcast-interface eth0",
        "[director2]# ipvsadm --start-daemon backup --mcast-interface eth0",
        "master sync daemon (mcast=eth0, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)",
        "[lan]# ip link set director1 down",
        "[director1]# ipvsadm --stop-daemon master",
    ),
    "rules": (
        "[director]# ipvsadm -E -t 192.168.8.15:80 -s lc",
        "TCP  192.168.8.14:80 wlc persistent 30",
        "[director]# ipvsadm -a -t 192.168.8.14:80 -r 192.168.8.15:89 -m -w 3",
        "  -> 192.168.8.15:89              Masq    3      0          0",
        "[director]# ipvsadm -d -t 192.168.8.14:80 -r 192.168",
        "[director]# ipvsadm -Sn",
        "-a -t lvs-server:http -r 192.0.0.168:http -g -w 1",
        "[director]# ipvsadm -a -f 1 -r 192.168.8.15 -g",
    ),
    "marks": (
        *_COMMANDS["marks"],
        "[director]# ipvsadm -A -t 172.16.0.100:443 -s rr -p",
        "[director]# ipvsadm -A -t 172.16.0.100:0 -s rr -p",
    ),
}


@pytest.fixture
def name() -> Iterator[str]:
    """A lab's name that nobody uses; the lab is removed afterwards."""
    chosen = f"t{secrets.token_hex(4)}"
    yield chosen
    build.down(chosen)


def play(scene: str, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user does."""
    command = ["xlvs", "lab", scene, "--name", name, *options]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=240)


def busy_s() -> float:
    """What the processes that were started here have kept processors busy: other work beside them does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def namespaces(name: str) -> list[str]:
    """Those of one lab."""
    return [entry for entry in namespace.names() if entry.startswith(f"xlvs-{name}-")]


def test_all_scenes_play_with_the_commands_of_their_lessons(name: str) -> None:
    """Literally, each with its real output; nothing is left.

    In less than a minute, which on a machine that has nothing else to do is some waiting and a bit of work for each scene. Of the
    requests to the director that died some failed, and fewer when one resigned; some failed without a cable, and a
    connection was over when its server was drained.
    """
    before_s = busy_s()
    played = play("demo", name)
    took_s = busy_s() - before_s

    assert played.returncode == 0, played.stdout + played.stderr
    lines = [line.rstrip() for line in played.stdout.splitlines()]
    wanted = [command for scene in ALL for command in _COMMANDS[scene]]
    assert [command for command in wanted if command not in lines] == []
    assert took_s < 5 * len(ALL)
    counted = [re.match(r"(\d+) requests, (\d+) answered, (\d+) failed", line) for line in lines]
    died, resigned, cut, drained = ([int(number) for number in found.groups()] for found in counted if found)
    assert 0 < died[2] < died[0]
    assert resigned[2] < died[2]
    assert 0 < cut[2] < cut[0]
    assert drained[2] == 1
    assert namespaces(name) == []


@pytest.mark.parametrize("scene", _ALONE)
def test_a_scene_plays_alone_with_the_commands_of_its_lesson(scene: str, name: str) -> None:
    """One command, and nothing is left of it."""
    played = play(scene, name)

    assert played.returncode == 0, played.stdout + played.stderr
    lines = [line.rstrip() for line in played.stdout.splitlines()]
    assert [wanted for wanted in _ALONE[scene] if not any(line.startswith(wanted) for line in lines)] == []
    assert "\x1b" not in played.stdout
    assert namespaces(name) == []
    assert list(state.DIRECTORY.glob(f"{name}.*")) == []


def test_kept_it_still_balances(name: str) -> None:
    """The director is left as restored, with a way in."""
    played = play("nat", name, "--keep")

    assert "lab shell" in played.stdout, played.stderr
    command = ["xlvs", "lab", "exec", "--lab", name, "client", "xlvs", "lab", "get", "-n", "4", "192.168.20.129"]
    got = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=120)
    pages = got.stdout.split()
    assert sorted(pages) == ["192.168.10.133"] * 2 + ["192.168.10.134"] * 2
    assert pages[0] != pages[1]


def test_after_a_killed_run_it_plays_again(name: str) -> None:
    """Tables, programs, namespaces and servers of the first run are no obstacle."""
    command = ["xlvs", "lab", "nat", "--name", name]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        while "ipvsadm -L -n" not in first.stdout.readline():
            assert first.poll() is None
        first.kill()
    assert namespaces(name)

    played = play("nat", name)

    assert played.returncode == 0, played.stderr
    assert namespaces(name) == []
    assert name not in [lab.name for lab in state.load_all()]
