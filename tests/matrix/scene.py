# SPDX-License-Identifier: Apache-2.0
"""The network of the matrix, with a director that has all services and servers for all methods.

    client eth0 -- outside -- ens37 director ens33 -- inside -- ens33 server1, server2
           eth1 -------------------------- back --------------- eth1

Virtual addresses are nobody's but the real servers' (and the director's where it is itself server or client). Clients of
translating methods come from eth0 and get their answers through the director; those of the others come with the
address of eth1, where servers answer directly.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from tests.matrix.cells import LOCAL, PORT, TUNNEL_PORT, Cell
from tests.netns import modes
from tests.netns.topology import Net, built
from xlvs.lab.topology import Interface, Node, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# `cut`: tc, and the director's links have no offloads, so that its kernel cuts what clients send in one piece.
MODES: Final = ("tc", "cut", "xdp")
LOCAL_ADDRESSES: Final = tuple(f"{each}/{64 if ':' in each else 24}" for pool in LOCAL.values() for each in pool)
SERVERS: Final = ("server1", "server2")
_OUTSIDE: Final = ("192.168.20.129", "2001:db8:20::129")
_BACK: Final = ("192.168.22.1", "2001:db8:22::1")
_FORWARDING: Final = (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))


def topology(cells: Sequence[Cell]) -> Topology:
    """The network with what these cells need of addresses and routes."""
    direct = sorted({cell.vip for cell in cells if cell.method.direct and not cell.method.local})
    outside, outside6 = _OUTSIDE
    client = Node(
        "client",
        (
            Interface("eth0", "outside", ("192.168.20.1/24", "2001:db8:20::1/64")),
            Interface("eth1", "back", tuple(f"{address}/{64 if ':' in address else 24}" for address in _BACK)),
        ),
        routes=(
            f"10.90.0.0/24 via {outside} src 192.168.20.1",
            f"2001:db8:90::/64 via {outside6} src 2001:db8:20::1",
            *(f"{vip} via {outside6} src {_BACK[1]}" for vip in direct if ":" in vip),
            *(f"{vip} via {outside} src {_BACK[0]}" for vip in direct if ":" not in vip),
        ),
    )
    director = Node(
        "director",
        (
            Interface("ens37", "outside", (f"{outside}/24", f"{outside6}/64")),
            Interface("ens33", "inside", ("192.168.10.132/24", "2001:db8:10::132/64", *LOCAL_ADDRESSES)),
        ),
        routes=("192.168.22.0/24 via 192.168.20.1", "2001:db8:22::/64 via 2001:db8:20::1"),
        sysctls=_FORWARDING,
    )
    return Topology("matrix", "every forwarding method", (client, director, _server(1), _server(2)))


def _server(number: int) -> Node:
    host = 132 + number
    return Node(
        f"server{number}",
        (
            Interface("ens33", "inside", (f"192.168.10.{host}/24", f"2001:db8:10::{host}/64")),
            Interface("eth1", "back", (f"192.168.22.{host}/24", f"2001:db8:22::{host}/64")),
        ),
        routes=tuple(
            f"{network} via {'2001:db8:10::132' if ':' in network else '192.168.10.132'}"
            for network in ("192.168.20.0/24", "2001:db8:20::/64", "10.90.0.0/24", "2001:db8:90::/64")
        ),
    )


def hold(net: Net, node: str, vips: Sequence[str]) -> None:
    """Give a node these virtual addresses, on its loopback."""
    lines = [f"address add {vip} dev lo" for vip in vips]
    done = net.run(node, ["ip", "-batch", "-"], standard_input="\n".join([*lines, ""]))
    assert done.returncode == 0, done.stderr


def fit(net: Net, node: str, cells: Sequence[Cell]) -> None:
    """Make a node a real server of the cells that it sees the virtual addresses of."""
    direct = [cell for cell in cells if cell.method.direct and not cell.method.local]
    kinds = ",".join(sorted({cell.method.tunnel for cell in direct if cell.method.tunnel}))
    port = ["--port", str(TUNNEL_PORT)] if "gue" in kinds else []
    for tunnel, how in ((False, ["dr"]), (True, ["tunnel", "--type", kinds, *port])):
        vips = ",".join(sorted({cell.vip for cell in direct if bool(cell.method.tunnel) == tunnel}))
        if vips:
            net.must(node, "xlvs", "realserver", "up", "--interface", "ens33", "--vip", vips, "--method", *how)


@contextmanager
def serving(net: Net, node: str, program: Path) -> Iterator[None]:
    """The traffic program as a server in a node."""
    command = net.lab.command(node, [str(program), "serve", node, str(PORT)])
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield
        finally:
            server.kill()


@contextmanager
def scene(cells: Sequence[Cell], mode: str, program: Path) -> Iterator[Net]:
    """The network, its director in one of MODES, with the services of these cells, and servers that answer."""
    with built(topology(cells)) as net, ExitStack() as servers:
        modes.attach(net, "xdp" if mode == "xdp" else "tcx")
        if mode == "cut":
            modes.take_offloads(net)
        done = net.run("director", ["ipvsadm", "-R"], standard_input="".join(f"{line}\n" for line in rules(cells)))
        assert done.returncode == 0, done.stderr
        for cell in cells:
            if cell.method.full:
                net.must("director", "xlvs", "laddr", "add", *cell.service.split(), *LOCAL[cell.family])
        hold(net, "director", sorted({cell.vip for cell in cells if cell.held}))
        for node in SERVERS:
            fit(net, node, cells)
        for node in (*SERVERS, "director"):
            servers.enter_context(serving(net, node, program))
        yield net


def rules(cells: Sequence[Cell]) -> list[str]:
    """What `ipvsadm -R` reads."""
    return [line for cell in cells for line in cell.rules()]
