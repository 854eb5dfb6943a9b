# SPDX-License-Identifier: Apache-2.0
"""The network of the tests of full NAT: real servers that have no route to the clients."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from xlvs.lab.topology import Interface, Node, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.netns.topology import Net

CLIENTS: Final = {"4": "192.168.20.1", "6": "2001:db8:20::1"}
VIPS: Final = {"4": "192.168.20.129", "6": "2001:db8:20::129"}
SERVERS: Final = {"4": "192.168.10.133", "6": "2001:db8:10::133"}
LOCALS: Final = {"4": ("192.168.10.140", "192.168.10.141"), "6": ("2001:db8:10::140", "2001:db8:10::141")}
PORT: Final = 80
SERVER_PORT: Final = 8080

# Says what accept(2) and getpeername(2) say, to the client and to who started it.
_SPEAKER: Final = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.create_server((sys.argv[1], int(sys.argv[2])), family=family, dualstack_ipv6=sys.argv[1] == "::") as server:
    print("ready", flush=True)
    kept = []
    while True:
        connection, accepted = server.accept()
        if sys.argv[3:]:
            kept.append(connection)
            continue
        with connection:
            asked = connection.getpeername()
            connection.sendall(f"{accepted[0]} {accepted[1]} {asked[0]} {asked[1]}".encode())
"""


def topology() -> Topology:
    """Client, director and one server; the server knows its own network alone."""
    locals_ = [f"{each}/{64 if ':' in each else 24}" for pool in LOCALS.values() for each in pool]
    return Topology(
        "fullnat",
        "full NAT",
        (
            Node("client", (Interface("eth0", "outside", ("192.168.20.1/24", "2001:db8:20::1/64")),)),
            Node(
                "director",
                (
                    Interface("ens37", "outside", ("192.168.20.129/24", "2001:db8:20::129/64")),
                    Interface("ens33", "inside", ("192.168.10.132/24", "2001:db8:10::132/64", *locals_)),
                ),
                sysctls=(("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1")),
            ),
            Node("server1", (Interface("ens33", "inside", ("192.168.10.133/24", "2001:db8:10::133/64")),)),
        ),
    )


def written(address: str, port: int) -> str:
    """Address and port as ipvsadm(8) takes them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def balance(net: Net, family: str, *options: str, protocol: str = "-t") -> None:
    """A service with the one server, and local addresses; `options` are those of `xlvs laddr add`."""
    service = f"{protocol} {written(VIPS[family], PORT)}"
    net.ipvsadm(f"-A {service} -s rr")
    net.must("director", "xlvs", "laddr", "add", *service.split(), *(options or LOCALS[family]))
    net.ipvsadm(f"-a {service} -r {written(SERVERS[family], SERVER_PORT)} --fullnat")


@contextmanager
def speaking(net: Net, address: str, *, silent: bool = False) -> Iterator[None]:
    """A server that tells each client what it sees of it; or is `silent`, and keeps its connections."""
    words = [sys.executable, "-c", _SPEAKER, address, str(SERVER_PORT), *(["silent"] if silent else [])]
    command = net.lab.command("server1", words)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield
        finally:
            server.kill()
