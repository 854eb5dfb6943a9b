# SPDX-License-Identifier: Apache-2.0
"""``xlvs lab fault``: what it does to packets, and that it ends."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.netns import modes
from tests.netns.topology import REAL_SERVERS, VIP, Net, built
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, transfer, udp_echo
from xlvs.cli.main import main
from xlvs.lab import build, fault_note, state
from xlvs.lab.errors import LabError
from xlvs.lab.fault import end, start
from xlvs.lab.fault_note import LINK, Fault, Point, Rule
from xlvs.lab.inside import processes_in
from xlvs.lab.scenes import nat
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PORT = 7000
_SO_RCVBUFFORCE = 33
# How programs hang: as the kernel has it, and as older ones have it.
_METHODS = (pytest.param((), id="default"), pytest.param(("--method", "clsact"), id="clsact"))


@pytest.fixture
def net() -> Iterator[Net]:
    """A lab for one test."""
    with built(nat()) as lab:
        yield lab


@pytest.fixture(scope="module")
def shared() -> Iterator[Net]:
    """A lab for tests that leave it as it was."""
    with built(nat()) as lab:
        yield lab


def fault(net: Net, *words: str) -> int:
    """Run ``xlvs lab fault`` on this lab."""
    return main(["lab", "fault", words[0], "--lab", net.lab.name, *words[1:]])


def listed(net: Net, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What ``xlvs lab fault list --json`` tells."""
    capsys.readouterr()
    assert fault(net, "list", "--json") == 0
    faults: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["faults"]
    return faults


@contextmanager
def datagrams(net: Net, receiver: str, address: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket of the client, connected to one of a server that receives."""
    with net.lab.entered(receiver):
        inbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inbox.bind(("", _PORT))
        inbox.settimeout(2)
    with net.lab.entered("client"):
        outbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        outbox.connect((address, _PORT))
    with inbox, outbox:
        yield inbox, outbox


def arrivals(inbox: socket.socket, outbox: socket.socket, count: int) -> list[int]:
    """Send numbered datagrams; the numbers of those that came, in their order, when nothing more comes."""
    inbox.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 24)
    for number in range(count):
        outbox.send(number.to_bytes(4, "big"))
    inbox.settimeout(0.5)
    came = []
    with suppress(TimeoutError):
        while True:
            came.append(int.from_bytes(inbox.recv(64), "big"))
    return came


@pytest.mark.parametrize("method", _METHODS)
def test_so_many_packets_are_lost_and_the_same_ones_with_the_same_seed(net: Net, method: Sequence[str]) -> None:
    """600 of 2000 are expected, 20 is the standard deviation: six of them are allowed."""
    runs = []
    for seed in ("7", "7", "8"):
        words = ("--loss", "30%", "--seed", seed, "--filter", f"udp dst port {_PORT}", *method)
        assert fault(net, "link", "client", "director", *words) == 0
        with datagrams(net, "server1", REAL_SERVERS[0]) as (inbox, outbox):
            runs.append(arrivals(inbox, outbox, 2000))
        assert fault(net, "clear") == 0

    assert abs(len(runs[0]) - 1400) < 120
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("method", _METHODS)
@pytest.mark.parametrize("link", [("client", "director"), ("server1", "inside")])
def test_packets_are_held_as_long_as_asked_in_each_direction(
    net: Net, link: Sequence[str], method: Sequence[str]
) -> None:
    """There and back twice the delay passes; nobody waits much longer."""
    with udp_echo(net.lab, "server1", 7, prefix=b""):
        assert fault(net, "link", *link, "--delay", "30ms", *method) == 0
        with net.lab.entered("client"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect((REAL_SERVERS[0], 7))
            client.send(b"neighbours are found")
            client.recv(64)
            times = []
            for _ in range(10):
                begun = time.monotonic()
                client.send(b"x")
                client.recv(64)
                times.append(time.monotonic() - begun)

    assert min(times) >= 0.060
    assert sorted(times)[5] < 0.080


def test_the_filter_leaves_other_packets_alone(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    """Web pages come although all datagrams are lost."""
    assert fault(net, "link", "client", "--loss", "100%", "--filter", f"udp port {_PORT}", "--direction", "out") == 0

    with datagrams(net, "server1", REAL_SERVERS[0]) as (inbox, outbox):
        outbox.send(b"x")
        assert net.client_get(url=REAL_SERVERS[0]) == [REAL_SERVERS[0]]
        inbox.settimeout(0.2)
        with pytest.raises(TimeoutError):
            inbox.recv(10)

    (only,) = listed(net, capsys)
    (direction,) = only["directions"]
    assert (direction["towards"], direction["seen"], direction["lost"]) == ("to director", 1, 1)


def test_packets_come_twice_or_overtake_others(net: Net) -> None:
    """Nothing is lost by either."""
    rule = ("--filter", f"udp dst port {_PORT}", "--seed", "3", "--direction", "in")
    with datagrams(net, "server1", REAL_SERVERS[0]) as (inbox, outbox):
        assert fault(net, "link", "server1", "--duplicate", "50%", *rule) == 0
        came = arrivals(inbox, outbox, 200)
        assert sorted(set(came)) == list(range(200))
        assert 260 < len(came) < 340
        assert fault(net, "clear") == 0

        assert fault(net, "link", "server1", "--delay", "20ms", "--reorder", "20%", *rule) == 0
        came = arrivals(inbox, outbox, 200)
        assert sorted(came) == list(range(200))
        assert came != list(range(200))


@pytest.mark.parametrize(
    ("node", "other", "where"),
    [("client", "director", "client:eth0 - director"), ("server1", "inside", "server1:ens33 - inside")],
)
def test_a_cut_link_stops_requests_until_it_is_mended(
    net: Net, node: str, other: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wire of two nodes, and one to a switch, whose node sees that its cable is out."""
    assert fault(net, "cut", node, other) == 0
    assert f"{where}: cut" in capsys.readouterr().out
    with pytest.raises(LabError):
        net.client_get(url=REAL_SERVERS[0], timeout_s=0.3)
    carrier = net.must(node, "cat", f"/sys/class/net/{'eth0' if node == 'client' else 'ens33'}/carrier").strip()
    assert carrier == ("1" if node == "client" else "0")

    assert fault(net, "clear") == 0

    assert net.client_get(url=REAL_SERVERS[0]) == [REAL_SERVERS[0]]


def test_two_nodes_of_a_segment_do_not_hear_each_other_but_others(net: Net) -> None:
    """A partition: the director reaches the other server, and that one the cut one."""
    assert fault(net, "cut", "director", "server1") == 0

    with pytest.raises(LabError):
        net.client_get(url=REAL_SERVERS[0], timeout_s=0.3)
    assert net.client_get(url=REAL_SERVERS[1]) == [REAL_SERVERS[1]]
    assert net.must("server2", "xlvs", "lab", "get", REAL_SERVERS[0]).strip() == REAL_SERVERS[0]


def test_a_stopped_server_answers_again_when_its_time_is_over(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends by itself, and leaves the list."""
    assert fault(net, "stop", "server1", "--for", "1s") == 0
    with pytest.raises(LabError, match="refused"):
        net.client_get(url=REAL_SERVERS[0])

    wait_until_over(net)

    assert net.client_get(url=REAL_SERVERS[0]) == [REAL_SERVERS[0]]
    assert listed(net, capsys) == []


def test_a_frozen_node_holds_its_answers_back(net: Net) -> None:
    """Its kernel accepts connections, its server says nothing until it goes on."""
    assert fault(net, "freeze", "server1") == 0
    with pytest.raises(LabError, match="timed out"):
        net.client_get(url=REAL_SERVERS[0], timeout_s=0.3)

    assert fault(net, "clear") == 0

    assert net.client_get(url=REAL_SERVERS[0]) == [REAL_SERVERS[0]]


@pytest.mark.parametrize("direction", [UPLOAD, DOWNLOAD])
def test_large_packets_and_open_checksums_are_held_as_they_are(net: Net, direction: bytes) -> None:
    """A bulk transfer through a link that holds packets arrives whole."""
    assert fault(net, "link", "client", "director", "--delay", "2ms") == 0

    with bulk(net.lab, "server1", 9000), net.lab.entered("client"):
        sent, received = transfer((REAL_SERVERS[0], 9000), 3_000_001, direction)

    assert received == sent


@pytest.mark.parametrize("method", _METHODS)
def test_a_fault_whose_process_is_killed_ends_too(
    net: Net, method: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """At once by TCX, in some seconds by clsact; the list says so, and clearing removes what is left."""
    assert fault(net, "link", "server1", "--loss", "100%", *method) == 0
    (held,) = fault_note.load_all(net.lab.name)
    os.kill(held.pid, signal.SIGKILL)
    os.waitpid(held.pid, 0)

    deadline = time.monotonic() + 8
    while True:
        try:
            assert net.client_get(url=REAL_SERVERS[0], timeout_s=0.5) == [REAL_SERVERS[0]]
            break
        except LabError:
            assert time.monotonic() < deadline

    assert not listed(net, capsys)[0]["in_force"]
    assert fault(net, "clear") == 0
    assert listed(net, capsys) == []
    assert "fault" not in net.must("inside", "sh", "-c", "tc filter show dev server1 ingress 2>/dev/null; true")


def test_faults_go_with_their_lab() -> None:
    """Processes, files and namespaces."""
    name = f"t{secrets.token_hex(4)}"
    net = Net(build.up(nat(), name, owned=True))
    fault(net, "link", "client", "director", "--delay", "5ms")
    fault(net, "cut", "server1", "inside")
    holders = [each.pid for each in fault_note.load_all(name)]
    assert set(holders) <= set(processes_in([net.lab.namespace("client"), net.lab.namespace("inside")]))

    build.down(name)

    assert not [each for each in namespace.names() if name in each]
    assert not list(state.DIRECTORY.glob(f"{name}*"))
    assert not [pid for pid in holders if state.runs(pid, state.start_time(pid) or 0)]


def took(net: Net) -> float:
    """Seconds for a page."""
    begun = time.monotonic()
    net.client_get()
    return time.monotonic() - begun


def balance(net: Net) -> None:
    """Masquerading to both servers."""
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    for server in REAL_SERVERS:
        net.ipvsadm(f"-a -t {VIP}:80 -r {server} -m")


@pytest.mark.parametrize("mode", ["tcx", "clsact", "xdp"])
def test_requests_go_on_under_a_director_on_a_bad_link(net: Net, mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Packets are lost and held on both of its sides, whatever takes them there; TCP mends it."""
    balance(net)
    modes.attach(net, mode)
    rule = ("--delay", "5ms", "--seed", "1")
    assert fault(net, "link", "client", "director", "--loss", "5%", *rule) == 0
    assert fault(net, "link", "director:ens33", "--jitter", "2ms", *rule) == 0

    begun = time.monotonic()
    pages = net.client_get(10, timeout_s=10)
    took_s = time.monotonic() - begun

    assert sorted(set(pages)) == sorted(REAL_SERVERS)
    assert took_s > 10 * 2 * 2 * (0.005 + 0.003)
    assert all(each["seen"] >= 40 for link in listed(net, capsys) for each in link["directions"])


@pytest.mark.parametrize(("mode", "method"), [("tcx", None), ("clsact", "clsact")])
def test_a_fault_and_a_director_share_an_interface(net: Net, mode: str, method: str | None) -> None:
    """What comes in is held before the director meets it, what goes out after."""
    balance(net)
    modes.attach(net, mode)
    net.client_get()
    points = (Point("ens37", egress=False, towards="in"), Point("ens37", egress=True, towards="out"))
    rule = Rule(delay_s=0.02)
    held = start(Fault(net.lab.name, 0, LINK, "", "director", points, rule, method=method))

    slow = [took(net) for _ in range(2)]
    end(held)
    quick = [took(net) for _ in range(5)]

    assert min(slow) > 2 * 2 * 0.02
    assert min(quick) < 2 * 2 * 0.02


def test_damaged_packets_are_noticed_and_sent_again(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    """By checksums, although within one host nobody computes them: no wrong byte reaches a program."""
    assert fault(net, "link", "client", "director", "--corrupt", "5%", "--seed", "5", "--filter", "tcp") == 0

    corrupted = transfers = 0
    with bulk(net.lab, "server1", 9000):
        while corrupted < 5 and transfers < 50:
            with net.lab.entered("client"):
                sent, received = transfer((REAL_SERVERS[0], 9000), 300_001, UPLOAD)
            assert received == sent
            (only,) = listed(net, capsys)
            corrupted = sum(each["corrupted"] for each in only["directions"])
            transfers += 1

    assert corrupted >= 5


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["cut", "nobody"], "there is no node nobody (nodes: client director server1 server2)"),
        (["cut", "director"], "director has 2 interfaces (say director:ens37 (to client) director:ens33 (to inside))"),
        (["cut", "client", "server1"], "no link joins client and server1"),
        (["cut", "client:eth7"], "client has no interface eth7"),
        (["link", "client"], "nothing is to happen to packets"),
        (["link", "client", "--loss", "5%", "--filter", "tpc"], "'tpc' is no word of a filter"),
        (["link", "client", "--delay", "5ms", "--jitter", "6ms"], "no packet leaves before it came"),
        (
            ["link", "client", "--loss", "5%", "--reorder", "5%"],
            "--jitter and --reorder are about packets that are held",
        ),
        (["stop", "client"], "no web server runs on client"),
        (["freeze", "nobody"], "has no node nobody"),
        (["clear", "9"], "there is no fault 9"),
    ],
)
def test_mistakes_are_explained_and_leave_nothing(
    shared: Net, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence that says what there is."""
    assert fault(shared, *words) == 1

    assert complaint in capsys.readouterr().err
    assert fault_note.load_all(shared.lab.name) == []


def wait_until_over(net: Net) -> None:
    """Until no fault is written down."""
    deadline = time.monotonic() + 10
    while fault_note.load_all(net.lab.name):
        assert time.monotonic() < deadline
        time.sleep(0.02)
