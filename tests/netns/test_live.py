# SPDX-License-Identifier: Apache-2.0
"""Control over live connections: listed, ended, drained, with real clients and servers at both ends."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net, built, nat_scene
from tests.netns.traffic import tcp_echo, udp_echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEB, DNS, MAPPED = 80, 53, 8000
NODES: Final = ("server1", "server2")
FAMILIES: Final = pytest.mark.parametrize("vip", [VIP, VIP6], ids=["4", "6"])
AT_ONCE_S: Final = 3.0  # no keepalive and no retransmission of these tests would be as early


def written(address: str, port: int) -> str:
    """Address and port as commands take them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@pytest.fixture(scope="module")
def director() -> Iterator[Net]:
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


@pytest.fixture
def clean(director: Net) -> Iterator[Net]:
    """The director without connections."""
    director.must("director", "xlvs", "connections", "kill", "--all", "--templates", "--silent")
    yield director


def eventually(holds: Callable[[], bool], patience_s: float = 10.0) -> bool:
    """Whether something comes true."""
    until = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


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


@FAMILIES
def test_a_killed_connection_is_reset_at_both_ends_at_once(clean: Net, vip: str) -> None:
    """Neither end sends anything of its own."""
    with connected(clean, vip) as (connection, node):
        assert eventually(lambda: sockets_of(clean, node) == 1)
        done = clean.must("director", "xlvs", "connections", "kill", "--service", f"tcp:{written(vip, WEB)}")

        assert "1 of TCP reset" in done
        assert is_reset(connection, AT_ONCE_S)
        assert eventually(lambda: sockets_of(clean, node) == 0, AT_ONCE_S)
        assert listed(clean) == []
