# SPDX-License-Identifier: Apache-2.0
"""Clients that do not stop, on a service of either protocol with two servers, by each forwarding method."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.netns.listing import eventually
from tests.netns.live import connected, written
from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, built, nat_scene
from tests.netns.traffic import FRESH_PORTS, tcp_ask, tcp_echo, udp_echo
from xlvs.lab import scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.netns.topology import Net

TCP_PORT, UDP_PORT = 7000, 7001
NODES: Final = ("server1", "server2")
_MAPPED: Final = 1000  # where the port is translated
_DR6: Final = ("2001:db8:100::41", "2001:db8:100::42")
_TUNNEL6: Final = ("2001:db8:8::16", "2001:db8:16::17")

# Scene, virtual address, servers, option of ipvsadm.
METHODS: Final = {
    "masq-4": ("nat", VIP, REAL_SERVERS, "-m"),
    "masq-6": ("nat", VIP6, SERVERS6, "-m"),
    "fullnat-4": ("nat", VIP, REAL_SERVERS, "--fullnat"),
    "fullnat-6": ("nat", VIP6, SERVERS6, "--fullnat"),
    "dr-4": ("dr", scenes.DR_VIP, scenes.DR_SERVERS[:2], "-g"),
    "dr-6": ("dr", "2001:db8:100::40", _DR6, "-g"),
    "tunnel-4": ("tunnel", scenes.TUNNEL_VIP, scenes.TUNNEL_SERVERS[:2], "-i"),
    "tunnel-6": ("tunnel", "2001:db8:8::14", _TUNNEL6, "-i"),
}


@dataclass(frozen=True, slots=True)
class Site:
    """A service of each protocol on two servers."""

    net: Net
    vip: str
    servers: tuple[str, ...]
    mapped: int

    def service(self, port: int) -> str:
        """As `xlvs` names it."""
        return f"{'tcp' if port == TCP_PORT else 'udp'}:{written(self.vip, port)}"

    def server(self, node: str, port: int) -> str:
        """Address and port of a server."""
        return written(self.servers[NODES.index(node)], port + self.mapped)

    def weight(self, node: str, port: int) -> int:
        """As ipvsadm lists it."""
        option = "-t" if port == TCP_PORT else "-u"
        text = self.net.ipvsadm(f"-L -n {option} {written(self.vip, port)}")
        (line,) = (line.split() for line in text.splitlines() if f" {self.server(node, port)} " in line)
        return int(line[3])


@contextmanager
def site(method: str) -> Iterator[Site]:
    """The network of a forwarding method, with its services and servers that say their names."""
    scene, vip, servers, option = METHODS[method]
    with built(nat_scene() if scene == "nat" else scenes.SCENES[scene]()) as net, ExitStack() as stack:
        made = Site(net, vip, tuple(servers), _MAPPED if scene == "nat" else 0)
        for node in NODES:
            if scene != "nat":
                how = ["dr"] if scene == "dr" else ["tunnel", "--type", "ipip"]
                net.must(node, "xlvs", "realserver", "up", "--vip", vip, "--method", *how)
            own = "" if scene == "nat" else vip
            stack.enter_context(tcp_echo(net.lab, node, TCP_PORT + made.mapped, greeting=node.encode()))
            stack.enter_context(udp_echo(net.lab, node, UDP_PORT + made.mapped, prefix=node.encode(), address=own))
        for protocol, port in (("-t", TCP_PORT), ("-u", UDP_PORT)):
            net.ipvsadm(f"-A {protocol} {written(vip, port)} -s rr")
            if option == "--fullnat":
                _add_local_address(net, protocol, written(vip, port))
            for node in NODES:
                net.ipvsadm(f"-a {protocol} {written(vip, port)} -r {made.server(node, port)} {option}")
        try:
            yield made
        finally:
            if scene != "nat":
                for node in NODES:
                    net.must(node, "xlvs", "realserver", "down")


def _add_local_address(net: Net, protocol: str, end: str) -> None:
    local = "2001:db8:10::132" if end.startswith("[") else "192.168.10.132"
    net.must("director", "xlvs", "laddr", "add", protocol, end, local)


class Answer(NamedTuple):
    """When a client asked and was answered, and by whom."""

    begun: float
    ended: float
    node: str


class Clients:
    """Threads with new connections one after the other, and with a UDP port each that they keep.

    Those of UDP ask once more when no answer comes: one that is on its way while its client moves is lost.
    """

    def __init__(self, at: Site) -> None:
        self._at = at
        self._ending = threading.Event()
        self.tcp: list[Answer] = []
        self.udp: dict[int, list[Answer]] = {}
        self.failures: list[str] = []

    def begin(self) -> list[threading.Thread]:
        """Start."""
        threads = [threading.Thread(target=self._connect) for _ in range(2)]
        threads += [threading.Thread(target=self._ask, args=(next(FRESH_PORTS),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        return threads

    def end(self) -> None:
        """Let each finish what it is at."""
        self._ending.set()

    def _connect(self) -> None:
        with self._at.net.lab.entered("client"):
            while not self._ending.is_set():
                begun = time.monotonic()
                try:
                    node = tcp_ask((self._at.vip, TCP_PORT), b"", length=7).decode()
                    self.tcp.append(Answer(begun, time.monotonic(), node))
                except (OSError, EOFError) as error:
                    self.failures.append(repr(error))

    def _ask(self, port: int) -> None:
        answers = self.udp.setdefault(port, [])
        with self._at.net.lab.entered("client"):
            client = socket.socket(socket.AF_INET6 if ":" in self._at.vip else socket.AF_INET, socket.SOCK_DGRAM)
        with client:
            client.settimeout(3)
            client.bind(("", port))
            client.connect((self._at.vip, UDP_PORT))
            while not self._ending.is_set():
                begun = time.monotonic()
                try:
                    node = _answer(client) or _answer(client)
                    if node:
                        answers.append(Answer(begun, time.monotonic(), node))
                    else:
                        self.failures.append("twice unanswered")
                except OSError as error:
                    self.failures.append(repr(error))
                self._ending.wait(0.02)


def _answer(client: socket.socket) -> str:
    """Who answers, "" when nobody does."""
    client.send(b"?")
    with suppress(TimeoutError):
        return client.recv(100)[:7].decode()
    return ""


@contextmanager
def under_load(at: Site) -> Iterator[Clients]:
    """Clients for the with block; at its end none may have failed."""
    clients = Clients(at)
    threads = clients.begin()
    try:
        assert eventually(lambda: len(clients.tcp) > 20 and all(clients.udp.values()))
        yield clients
    finally:
        clients.end()
        for thread in threads:
            thread.join(60)
    assert clients.failures == [], clients.failures


@contextmanager
def connections_to(at: Site, node: str, count: int) -> Iterator[tuple[list[socket.socket], list[socket.socket]]]:
    """At least so many connections to one server that stay, and those to the other one that came of it."""
    with ExitStack() as stack:
        there, elsewhere = list[socket.socket](), list[socket.socket]()
        while len(there) < count or not elsewhere:
            connection, served = stack.enter_context(connected(at.net, at.vip, TCP_PORT))
            (there if served == node else elsewhere).append(connection)
        yield there, elsewhere
