# SPDX-License-Identifier: Apache-2.0
"""Our synchronisation daemons beside the kernel's own, in both roles: live connections move from one to the other."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.kernel_peer import MISSING, PROGRAM, TOOL, KernelPeer, kernel_peer
from tests.netns.listing import eventually
from tests.netns.topology import Net, built
from tests.netns.traffic import tcp_echo
from xlvs.lab.topology import Interface, Node, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(PROGRAM is None or not TOOL.exists(), reason=MISSING)

VIP, CLIENT, SERVER = "10.77.9.9", "10.78.0.1", "10.77.0.10"
VIP6, CLIENT6, SERVER6 = "2001:db8:79::9", "2001:db8:78::1", "2001:db8:77::10"
OURS, THEIRS = ("10.77.0.2", "2001:db8:77::2"), ("10.77.0.3", "2001:db8:77::3")
PORT: Final = 80
RULES: Final = f"""
-A -t {VIP}:{PORT} -s rr
-a -t {VIP}:{PORT} -r {SERVER}:8080 -m
-A -t [{VIP6}]:{PORT} -s rr
-a -t [{VIP6}]:{PORT} -r [{SERVER6}]:8080 -m
-A -t {VIP}:81 -s rr -p 100
-a -t {VIP}:81 -r {SERVER}:8080 -m
"""
_DIRECTOR: Final = (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))


def scene() -> Topology:
    """Client, our director and a server on one segment. Client and server are reached over a director only."""

    def node(name: str, last: int, sysctls: tuple[tuple[str, str], ...] = ()) -> Node:
        lan = Interface("eth0", "lan", (f"10.77.0.{last}/24", f"2001:db8:77::{last}/64"))
        return Node(name, (lan,), sysctls=sysctls)

    return Topology("sync", "two directors", (node("client", 1), node("director", 2, _DIRECTOR), node("server", 10)))


class Pair:
    """Our director and the kernel's, with the same services."""

    def __init__(self, net: Net, peer: KernelPeer) -> None:
        self.net, self.peer = net, peer
        net.must("client", "ip", "address", "add", f"{CLIENT}/32", "dev", "lo")
        net.must("client", "ip", "address", "add", f"{CLIENT6}/128", "dev", "lo", "nodad")
        for vip in (f"{VIP}/32", f"{VIP6}/128"):
            net.must("director", "ip", "address", "add", vip, "dev", "lo")
        for client, via in ((f"{CLIENT}/32", "10.77.0.1"), (f"{CLIENT6}/128", "2001:db8:77::1")):
            net.must("director", "ip", "route", "add", client, "via", via)
            peer_route = f"ip route add {client} via {via}"
            net_prefix = ("10.77.0.3/24", "2001:db8:77::3/64")[":" in client]
            peer.must(f"ip address add {net_prefix} dev vec0{' nodad' if ':' in client else ''}\n{peer_route}")
        peer.must(f"ip address add {VIP}/32 dev lo\nip address add {VIP6}/128 dev lo\nipvsadm -R <<'END'\n{RULES}END")
        net.run("director", ["ipvsadm", "-R"], standard_input=RULES)

    def lead_over(self, director: tuple[str, str]) -> None:
        """All packets take the way over this director from now on."""
        for address, vip, client in zip(director, (VIP, VIP6), (CLIENT, CLIENT6), strict=True):
            self.net.must("client", "ip", "route", "replace", vip, "via", address, "src", client)
            self.net.must("server", "ip", "route", "replace", client, "via", address)

    def theirs(self) -> str:
        """The kernel's connections."""
        return self.peer.must("ipvsadm -Lnc")

    def ours(self) -> str:
        """Ours."""
        return self.net.ipvsadm("-Lnc")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Both directors, ours in front."""
    with built(scene()) as net, kernel_peer(net.lab, "lan", tmp_path) as peer, tcp_echo(net.lab, "server", 8080):
        pair = Pair(net, peer)
        yield pair
        for role in ("master", "backup"):
            net.run("director", ["ipvsadm", "--stop-daemon", role])


@contextmanager
def connected(pair: Pair, addresses: list[tuple[str, int]]) -> Iterator[list[socket.socket]]:
    """Connections of the client over which something was said already."""
    with ExitStack() as stack, pair.net.lab.entered("client"):
        connections = [stack.enter_context(socket.create_connection(each, 10.0)) for each in addresses]
        for connection in connections:
            say(connection, b"one")
            say(connection, b"two")
        yield connections


def say(connection: socket.socket, text: bytes) -> None:
    """Have the server repeat it."""
    connection.sendall(text)
    answer = b""
    while len(answer) < len(text):
        piece = connection.recv(100)
        assert piece, "the server or a director ended the connection"
        answer += piece
    assert answer == text


def established(listing: str) -> int:
    """How many connections are."""
    return listing.count("ESTABLISHED")


ADDRESSES: Final = [(VIP, PORT), (VIP6, PORT), (VIP, 81)]


@pytest.mark.parametrize("version", [0, 1])
def test_connections_of_ours_go_on_over_the_kernel(pair: Pair, version: int) -> None:
    """We are the master, the kernel the backup; then we are gone."""
    addresses = [each for each in ADDRESSES if version or ":" not in each[0]]
    pair.lead_over(OURS)
    pair.peer.must("ipvsadm --start-daemon backup --mcast-interface vec0 --syncid 7")
    pair.net.must("director", "xlvs", "sysctl", f"sync_version={version}")
    pair.net.ipvsadm("--start-daemon master --mcast-interface eth0 --syncid 7")
    with connected(pair, addresses) as connections:
        assert eventually(lambda: established(pair.theirs()) == len(addresses))
        assert "ASSURED" in pair.theirs()
        pair.lead_over(THEIRS)
        pair.net.must("director", "ip", "link", "set", "eth0", "down")
        for connection in connections:
            say(connection, b"three")


@pytest.mark.parametrize("version", [0, 1])
def test_connections_of_the_kernel_go_on_over_ours(pair: Pair, version: int) -> None:
    """The kernel is the master, we are the backup; then the kernel is gone."""
    addresses = [each for each in ADDRESSES if version or ":" not in each[0]]
    pair.lead_over(THEIRS)
    pair.net.ipvsadm("--start-daemon backup --mcast-interface eth0 --syncid 7")
    pair.peer.must(
        f"echo {version} > /proc/sys/net/ipv4/vs/sync_version\n"
        "ipvsadm --start-daemon master --mcast-interface vec0 --syncid 7"
    )
    with connected(pair, addresses) as connections:
        assert eventually(lambda: established(pair.ours()) == len(addresses))
        assert "ASSURED" in pair.ours()
        pair.lead_over(OURS)
        pair.peer.must("ip link set vec0 down")
        for connection in connections:
            say(connection, b"three")


def test_the_whole_table_is_told_to_the_kernel_with_a_key(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its daemon comes too late for the packets, and takes sealed messages as any others."""
    key = tmp_path / "key"
    key.write_text("a secret", encoding="ascii")
    key.chmod(0o600)
    monkeypatch.setenv("XLVS_SYNC_KEY", str(key))
    pair.lead_over(OURS)
    pair.net.ipvsadm("--start-daemon master --mcast-interface eth0 --syncid 7")
    with connected(pair, ADDRESSES) as connections:
        pair.peer.must("ipvsadm --start-daemon backup --mcast-interface vec0 --syncid 7")
        pair.net.must("director", "xlvs", "sync", "send")
        assert eventually(lambda: established(pair.theirs()) == len(ADDRESSES))
        assert "ASSURED" in pair.theirs()
        pair.lead_over(THEIRS)
        pair.net.must("director", "ip", "link", "set", "eth0", "down")
        for connection in connections:
            say(connection, b"three")
