# SPDX-License-Identifier: Apache-2.0
"""A host becomes a real server and is afterwards exactly what it was, whatever happens in between."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.realserver import attached, attached_in, killed, snapshot
from tests.netns.topology import Net, built
from tests.progrun.packets import UDP, Packet, end
from tests.progrun.tunnels import forms, ipip, split
from xlvs.lab.scenes import DR_PORT, DR_SERVERS, DR_VIP, dr
from xlvs.linux import arp, bpffs, namespace, tc_attach
from xlvs.linux.interface import interface
from xlvs.realserver import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VIP6: Final = "2001:db8:100::40"
BOTH: Final = f"{DR_VIP},{VIP6}"
METHODS: Final = pytest.mark.parametrize(
    "method", [("dr",), ("tunnel", "--type", "ipip,gue,gre", "--port", "6080")], ids=["dr", "tunnel"]
)
RUNS_OUT: Final = 60


@pytest.fixture(scope="module")
def lab() -> Iterator[Net]:
    """One segment with a client, a director that has the address, and three hosts."""
    with built(dr()) as net:
        for server in ("server1", "server2", "server3"):  # a reader's snapshot must not differ by its own waiting
            net.must(server, "sysctl", "-qw", "net.ipv4.conf.eth0.rp_filter=1")
        yield net


@pytest.fixture
def net(lab: Net) -> Iterator[Net]:
    """The same, with every host plain before and after."""
    yield lab
    for server in ("server1", "server2", "server3"):
        lab.must(server, "xlvs", "realserver", "down")


def up(net: Net, *method: str, vips: str = BOTH, node: str = "server1") -> str:
    """Make a host a real server; what the command said."""
    return net.must(node, "xlvs", "realserver", "up", "--vip", vips, "--method", *method)


def findings(net: Net, node: str = "server1", *options: str) -> tuple[int, dict[str, str]]:
    """Exit code of status, and the grave findings with their remedies."""
    done = net.run(node, ["xlvs", "realserver", "status", "--json", *options])
    whole = json.loads(done.stdout)
    return done.returncode, {each["what"]: each["remedy"] for each in whole["findings"] if each["grave"]}


@METHODS
def test_up_then_down_leaves_the_host_as_it_was(net: Net, method: tuple[str, ...]) -> None:
    """Addresses, routes, rules, settings, filters: compared as text, whole."""
    before = snapshot(net, "server1")
    up(net, *method)
    assert snapshot(net, "server1") != before

    net.must("server1", "xlvs", "realserver", "down")

    assert snapshot(net, "server1") == before


@METHODS
def test_repeating_changes_nothing_more(net: Net, method: tuple[str, ...]) -> None:
    """The second up finds all in place, and the values of before are still those of before."""
    before = snapshot(net, "server1")
    up(net, *method)
    once = snapshot(net, "server1")

    said = up(net, *method)

    assert snapshot(net, "server1") == once
    assert "was already on lo" in said
    assert "(was" not in said
    net.must("server1", "xlvs", "realserver", "down")
    assert "was no real server" in net.must("server1", "xlvs", "realserver", "down")
    assert snapshot(net, "server1") == before


@METHODS
def test_up_that_was_killed_is_undone(net: Net, method: tuple[str, ...]) -> None:
    """Before each of its steps in turn: down finds what was done until then."""
    before = snapshot(net, "server1")
    steps = 0
    while killed(net, "server1", steps, "realserver", "up", "--vip", BOTH, "--method", *method):
        net.must("server1", "xlvs", "realserver", "down")
        assert snapshot(net, "server1") == before, f"killed before step {steps}"
        steps += 1
    assert 5 < steps < RUNS_OUT


@METHODS
def test_up_that_was_killed_goes_on_where_it_was(net: Net, method: tuple[str, ...]) -> None:
    """The next up completes it, and the values to come back to are those of before the first one."""
    before = snapshot(net, "server1")
    for steps in range(0, RUNS_OUT, 4):
        dead = killed(net, "server1", steps, "realserver", "up", "--vip", BOTH, "--method", *method)
        up(net, *method)
        assert findings(net, "server1", "--no-probe") == (0, {})
        net.must("server1", "xlvs", "realserver", "down")
        assert snapshot(net, "server1") == before, f"killed before step {steps}"
        if not dead:
            break


@METHODS
def test_down_that_was_killed_is_completed_by_the_next(net: Net, method: tuple[str, ...]) -> None:
    """Whatever it had undone already stays undone."""
    before = snapshot(net, "server1")
    for steps in range(0, RUNS_OUT, 3):
        up(net, *method)
        dead = killed(net, "server1", steps, "realserver", "down")
        net.must("server1", "xlvs", "realserver", "down")
        assert snapshot(net, "server1") == before, f"killed before step {steps}"
        if not dead:
            break
    else:
        pytest.fail("down does not come to an end")


def test_what_others_changed_meanwhile_is_theirs(net: Net) -> None:
    """A setting that somebody set to another value after up keeps it, and down says so."""
    up(net, "dr")
    net.must("server1", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=2")

    said = net.must("server1", "xlvs", "realserver", "down")

    assert "net.ipv4.conf.all.arp_ignore is 2 by now, not 1 as it was set: left alone" in said
    assert net.must("server1", "sysctl", "-n", "net.ipv4.conf.all.arp_ignore") == "2\n"
    net.must("server1", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0")


def test_what_was_there_before_stays(net: Net) -> None:
    """An address and settings made by hand, as an LVS text says, are not ours to take away."""
    net.must("server1", "ip", "address", "add", f"{DR_VIP}/32", "dev", "lo", "label", "lo:10")
    net.must("server1", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
    before = snapshot(net, "server1")

    assert f"{DR_VIP}/32 was already on lo" in up(net, "dr")
    net.must("server1", "xlvs", "realserver", "down")

    assert snapshot(net, "server1") == before
    net.must("server1", "ip", "address", "del", f"{DR_VIP}/32", "dev", "lo")
    net.must("server1", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0", "net.ipv4.conf.all.arp_announce=0")


def test_addresses_come_and_go_one_by_one(net: Net) -> None:
    """Settings stay for those that are left; the program goes with the last address that needs it."""
    before = snapshot(net, "server1")
    up(net, "dr", vips=DR_VIP)
    only_dr = snapshot(net, "server1")
    up(net, "tunnel", vips=VIP6)
    assert attached(net, "server1") != set()

    net.must("server1", "xlvs", "realserver", "down", "--vip", VIP6)
    assert snapshot(net, "server1") == only_dr

    net.must("server1", "xlvs", "realserver", "down", "--vip", DR_VIP)
    assert snapshot(net, "server1") == before


def test_a_dry_run_changes_nothing(net: Net) -> None:
    """It says the same lines as the real one."""
    before = snapshot(net, "server1")
    dry = net.must("server1", "xlvs", "realserver", "up", "--vip", BOTH, "--method", "tunnel", "--dry-run")
    assert snapshot(net, "server1") == before

    assert dry.splitlines()[:-1] == up(net, "tunnel").splitlines()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("up", "--vip", DR_SERVERS[0], "--method", "dr"), "is an address of eth0"),
        (("up", "--vip", "224.0.0.1", "--method", "dr"), "is no address that a host can have"),
        (("up", "--vip", "192.168.100.400", "--method", "dr"), "is no IPv4 or IPv6 address"),
        (("up", "--vip", DR_VIP, "--method", "dr", "--type", "gre"), "are for --method tunnel"),
        (("up", "--vip", DR_VIP, "--method", "tunnel", "--type", "vxlan"), "there is no tunnel type vxlan"),
        (("up", "--vip", DR_VIP, "--method", "tunnel", "--port", "6080"), "--port is for --type gue"),
        (("up", "--vip", DR_VIP, "--method", "tunnel", "--interface", "eth9"), "there is no interface eth9"),
    ],
)
def test_mistakes_change_nothing(net: Net, words: tuple[str, ...], complaint: str) -> None:
    """One sentence, exit code 2."""
    before = snapshot(net, "server1")
    done = net.run("server1", ["xlvs", "realserver", *words])
    assert (done.returncode, complaint in done.stderr) == (2, True), done.stderr
    assert snapshot(net, "server1") == before


def test_up_that_fails_takes_back_what_it_did(net: Net) -> None:
    """Here the kernel refuses an IPv6 address on lo, after all else was done."""
    net.must("server1", "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=1")
    before = snapshot(net, "server1")

    done = net.run("server1", ["xlvs", "realserver", "up", "--vip", BOTH, "--method", "tunnel"])

    assert (done.returncode, VIP6 in done.stderr) == (1, True), done.stderr
    assert snapshot(net, "server1") == before
    net.must("server1", "sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
    net.must("server1", "ip", "address", "replace", "::1/128", "dev", "lo")


def who_has(net: Net, address: str) -> list[str]:
    """Who answers the client."""
    with net.lab.entered("client"):
        return arp.who_has(interface("eth0"), ip_address(address).packed, patience_s=0.3)


@pytest.mark.parametrize("vip", [DR_VIP, VIP6], ids=["4", "6"])
def test_the_director_alone_answers_for_the_address(net: Net, vip: str) -> None:
    """ARP and neighbour discovery, asked by a client on the same segment."""
    for server in ("server1", "server2", "server3"):
        up(net, "dr", node=server)
    assert who_has(net, vip) == [net.mac("director", "eth0").hex(":")]


def test_status_judges_a_host_that_was_made_by_hand(net: Net) -> None:
    """With the address named: first the lines of an LVS text are missing, then nothing is."""
    net.must("server3", "ip", "address", "add", f"{DR_VIP}/32", "dev", "lo", "label", "lo:10")
    code, found = findings(net, "server3", "--no-probe", "--vip", DR_VIP)
    assert (code, len(found)) == (1, 3)  # arp_ignore, arp_announce, and this lab's strict rp_filter
    names = ("all.arp_ignore=1", "all.arp_announce=2", "eth0.rp_filter=0")
    net.must("server3", "sysctl", "-qw", *(f"net.ipv4.conf.{name}" for name in names))

    assert findings(net, "server3", "--no-probe", "--vip", DR_VIP) == (0, {})

    net.must("server3", "ip", "address", "del", f"{DR_VIP}/32", "dev", "lo")
    names = ("all.arp_ignore=0", "all.arp_announce=0", "eth0.rp_filter=1")
    net.must("server3", "sysctl", "-qw", *(f"net.ipv4.conf.{name}" for name in names))


def test_what_a_namespace_left_that_is_gone_goes_with_the_next_up(net: Net) -> None:
    """Pins would keep the memory of the tables, and the note describes nothing any more."""
    with built(dr()) as other:
        up(other, "tunnel", node="client")  # the one host in which no process lives
        with other.lab.entered("client"):
            number = namespace.cookie()
        pins, note = Path(bpffs.folder(f"rs_{number:x}")), journal.DIRECTORY / f"{number:x}.json"
        assert (pins.exists(), note.exists()) == (True, True)
        other.must("director", "ip", "netns", "delete", other.lab.namespace("client"))
        wait_until(lambda: not attached_in(pins))

        up(net, "tunnel")

    assert (pins.exists(), note.exists()) == (False, False)


def wait_until(true: Callable[[], bool], patience_s: float = 45.0) -> None:
    """The kernel takes a namespace apart in its own time."""
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_status_hears_another_server_that_answers(net: Net) -> None:
    """Its hardware address is named, so that it can be found."""
    up(net, "dr")
    net.must("server2", "ip", "address", "add", f"{DR_VIP}/32", "dev", "lo")

    code, found = findings(net)

    net.must("server2", "ip", "address", "del", f"{DR_VIP}/32", "dev", "lo")
    macs = ", ".join(sorted(net.mac(node, "eth0").hex(":") for node in ("director", "server2")))
    assert (code, list(found)) == (1, [f"several hosts on eth0 answer for {DR_VIP}: {macs}"])


@pytest.mark.parametrize(
    ("breaking", "what"),
    [
        ("sysctl -qw net.ipv4.conf.all.arp_ignore=0", "eth0 answers ARP for the virtual address (arp_ignore is 0)"),
        ("sysctl -qw net.ipv4.conf.eth0.arp_ignore=3", "eth0 answers ARP for the virtual address (arp_ignore is 3)"),
        ("sysctl -qw net.ipv4.conf.all.arp_announce=1", "eth0 may name the virtual address when it asks by ARP"),
        ("sysctl -qw net.ipv4.conf.eth0.rp_filter=1", "rp_filter is strict on eth0"),
        (f"ip address del {DR_VIP}/32 dev lo", f"{DR_VIP} is missing on lo"),
        (f"ip address add {DR_VIP}/24 dev eth0", f"{DR_VIP} is on eth0 too"),
        ("ip link set lo down", "lo is down"),
        ("ip link set eth0 mtu 1400", "the MTU changed: answers ask for segments of packets of 1460, 1360 fit"),
        ("ip address add 192.168.100.99/24 dev eth0", "192.168.100.99 came later"),
    ],
)
def test_status_finds_what_is_broken_and_the_remedy_heals_it(net: Net, breaking: str, what: str) -> None:
    """What the remedy says in backquotes is typed as it stands; up again where it says so."""
    before = snapshot(net, "server1")
    up(net, "tunnel")
    assert findings(net, "server1", "--no-probe") == (0, {})
    net.must("server1", "sh", "-c", breaking)

    code, found = findings(net, "server1", "--no-probe")

    assert code == 1
    remedies = [remedy for sentence, remedy in found.items() if sentence.startswith(what)]
    assert len(remedies) == 1, found
    while found:
        for remedy in found.values():
            command = remedy.split("`")[1]
            net.must("server1", "sh", "-c", command.replace(f"{DR_VIP} dev", f"{DR_VIP}/24 dev"))
        code, found = findings(net, "server1", "--no-probe")
        net.must("server1", "ip", "link", "set", "eth0", "mtu", "1500")
        up(net, "tunnel")
    assert code == 0
    heal(net, before)


def heal(net: Net, before: str) -> None:
    """Make the host what it was before the test broke it."""
    net.must("server1", "xlvs", "realserver", "down")
    net.run("server1", ["ip", "address", "del", "192.168.100.99/24", "dev", "eth0"])
    for name, value in (("all.arp_ignore", 0), ("eth0.arp_ignore", 0), ("all.arp_announce", 0), ("eth0.rp_filter", 1)):
        net.must("server1", "sysctl", "-qw", f"net.ipv4.conf.{name}={value}")
    net.must("server1", "ip", "address", "replace", "2001:db8:100::41/64", "dev", "eth0", "nodad")
    assert [line for line in before.splitlines() if "arp_" in line or "rp_filter" in line] == [
        line for line in snapshot(net, "server1").splitlines() if "arp_" in line or "rp_filter" in line
    ]


def request(vip: str, port: int = 40001) -> Packet:
    """A client's SYN to the web server."""
    client = f"[2001:db8:100::1]:{port}" if ":" in vip else f"192.168.100.1:{port}"
    return Packet(end(client), end(f"[{vip}]:{DR_PORT}" if ":" in vip else f"{vip}:{DR_PORT}"))


def answer_of(net: Net, tunnelled: bytes, vip: str) -> bytes | None:
    """What the client sees after this frame, its addresses of hardware apart, came to server1."""
    macs = net.mac("server1", "eth0") + net.mac("client", "eth0")
    with net.sniffer("client", "eth0") as sniffer:
        net.inject("client", "eth0", macs + tunnelled[12:])
        caught = sniffer.next(lambda frame: ip_address(vip).packed in frame[14:54] and frame[12:14] != b"\x08\x06")
    return caught.frame if caught else None


ENDS: Final = {
    "by4": (ip_address("192.168.100.44").packed, ip_address("192.168.100.41").packed),
    "by6": (ip_address("2001:db8:100::44").packed, ip_address("2001:db8:100::41").packed),
}


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("vip", [DR_VIP, VIP6], ids=["4", "6"])
def test_requests_from_a_tunnel_are_answered_straight(net: Net, vip: str, ends: str) -> None:
    """Every kind of tunnel ends at the server, whose SYN+ACK goes to the client and asks for segments that fit."""
    up(net, "tunnel", "--type", "ipip,gre,gue")
    most = 1500 - 60 - (60 if ":" in vip else 40)
    kinds = list(forms(ENDS[ends], b"\x45"))
    for port, form in enumerate(kinds, start=41000 if ends == "by4" else 42000):
        answer = answer_of(net, forms(ENDS[ends], request(vip, port).ip())[form], vip)
        assert answer is not None, form
        assert bytes.fromhex(f"0204{most:04x}") in answer, form
    counted = json.loads(net.run("server1", ["xlvs", "realserver", "status", "--json", "--no-probe"]).stdout)
    assert {name: count for name, count in counted["tunnel"]["packets"].items() if count} == {"done": len(kinds)}


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("vip", [DR_VIP, VIP6], ids=["4", "6"])
def test_fragments_of_tunnel_packets_reach_the_socket_as_one_datagram(net: Net, vip: str, ends: str) -> None:
    """Cut anywhere and in any order, by every kind of tunnel, read by the host's own stack."""
    up(net, "tunnel", "--type", "ipip,gre,gue")
    macs = net.mac("server1", "eth0") + net.mac("client", "eth0")
    with net.lab.entered("server1"):
        server = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
    with server:
        server.bind((vip, DR_PORT))
        server.settimeout(5)
        for number, form in enumerate(forms(ENDS[ends], b"\x45")):
            data = bytes((number,)) * 1400
            inner = replace(request(vip), protocol=UDP, data=data)
            for frame in reversed(split(forms(ENDS[ends], inner.ip())[form], 80, 800, ident=number)):
                net.inject("client", "eth0", macs + frame[12:])
            assert server.recv(2000) == data, form


def test_a_host_may_be_director_as_well(net: Net) -> None:
    """The program stands before a director's, which passes on what it does not know, and outlives it."""
    net.must("server1", "xlvs", "attach", "--mode", "tc", "eth0")
    up(net, "tunnel")

    assert answer_of(net, ipip(*ENDS["by4"], request(DR_VIP).ip()), DR_VIP) is not None
    net.must("server1", "xlvs", "detach", "--yes")

    assert answer_of(net, ipip(*ENDS["by4"], request(DR_VIP, 40002).ip()), DR_VIP) is not None
    assert len(attached(net, "server1")) == 2


def test_without_tcx_it_hangs_on_a_clsact_and_leaves_none(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels before 6.6 have no TCX."""
    from xlvs.cli.main import main

    before = snapshot(net, "server1")
    monkeypatch.setattr(tc_attach, "_attach_tcx", lambda *_, **__: False)
    with net.lab.entered("server1"):
        assert main(["realserver", "up", "--vip", DR_VIP, "--method", "tunnel"]) == 0
    assert "clsact" in net.must("server1", "tc", "qdisc")
    assert findings(net, "server1", "--no-probe") == (0, {})

    with net.lab.entered("server1"):
        assert main(["realserver", "down"]) == 0

    assert snapshot(net, "server1") == before
