# SPDX-License-Identifier: Apache-2.0
"""A director with clients and servers whose connections stay, for tests that list, end and drain them."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net, built, nat_scene
from tests.netns.traffic import FRESH_PORTS, tcp_echo, udp_echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEB, DNS, MAPPED = 80, 53, 8000
NODES: Final = ("server1", "server2")
FAMILIES: Final = pytest.mark.parametrize("vip", [VIP, VIP6], ids=["4", "6"])
AT_ONCE_S: Final = 3.0  # no keepalive and no retransmission of these tests would be as early


@contextmanager
def live_director() -> Iterator[Net]:
    """The NAT scene with TCP and UDP services of both families on two servers that say their names."""
    with built(nat_scene()) as net, ExitStack() as stack:
        rules = []
        for node in NODES:
            stack.enter_context(tcp_echo(net.lab, node, WEB + MAPPED, greeting=node.encode()))
            stack.enter_context(udp_echo(net.lab, node, DNS + MAPPED, prefix=node.encode()))
        for vip, servers in ((VIP, REAL_SERVERS), (VIP6, SERVERS6)):
            for option, port in (("-t", WEB), ("-u", DNS)):
                rules.append(f"-A {option} {written(vip, port)} -s rr")
                rules += [f"-a {option} {written(vip, port)} -r {written(each, port + MAPPED)} -m" for each in servers]
        done = net.run("director", ["ipvsadm", "-R"], standard_input="\n".join([*rules, ""]))
        assert done.returncode == 0, done.stderr
        yield net


def forget_connections(net: Net) -> Net:
    """The director without connections."""
    net.must("director", "xlvs", "connections", "kill", "--all", "--templates", "--silent")
    return net


def written(address: str, port: int) -> str:
    """Address and port as commands take them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@contextmanager
def connected(net: Net, vip: str = VIP, port: int = WEB) -> Iterator[tuple[socket.socket, str]]:
    """A connection that stays, and the name of the node that serves it."""
    with net.lab.entered("client"):
        connection = socket.create_connection((vip, port), 10)
    with connection:
        yield connection, connection.recv(7).decode()


def is_reset(connection: socket.socket, patience_s: float) -> bool:
    """Whether a reset comes while nothing is sent."""
    connection.settimeout(patience_s)
    try:
        connection.recv(1)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return False


def sockets_of(net: Net, node: str) -> int:
    """Connections of TCP that a server believes in."""
    return len(net.must(node, "ss", "-Htn", "state", "established").splitlines())


def listed(net: Net, *words: str) -> list[dict[str, object]]:
    """`xlvs connections list --json`."""
    found: list[dict[str, object]] = json.loads(net.must("director", "xlvs", "connections", "list", "--json", *words))
    return found


def web(vip: str) -> str:
    """The web service as `xlvs` names it."""
    return f"tcp:{written(vip, WEB)}"


def dns(vip: str) -> str:
    """The UDP service likewise."""
    return f"udp:{written(vip, DNS)}"


def real_server(vip: str, node: str, port: int) -> str:
    """The address and port of a server of either family."""
    return written((REAL_SERVERS if vip == VIP else SERVERS6)[NODES.index(node)], port + MAPPED)


def other(node: str) -> str:
    """The other server."""
    return NODES[1 - NODES.index(node)]


@contextmanager
def asking(net: Net, vip: str) -> Iterator[Callable[[], str]]:
    """A UDP client that keeps its port: asks, and says which node answered."""
    with net.lab.entered("client"):
        client = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        client.settimeout(5)
        client.bind(("", next(FRESH_PORTS)))
        client.connect((vip, DNS))

        def ask() -> str:
            client.send(b"?")
            return client.recv(100)[:7].decode()

        yield ask


def echoes(connection: socket.socket, text: bytes, patience_s: float = 5.0) -> bool:
    """Whether what is sent comes back."""
    connection.settimeout(patience_s)
    try:
        connection.sendall(text)
        return connection.recv(100) == text
    except TimeoutError:
        return False


def weight_of(net: Net, server: str) -> int:
    """As ipvsadm lists it."""
    (line,) = (line.split() for line in net.ipvsadm("-L -n").splitlines() if f" {server} " in line)
    return int(line[3])
