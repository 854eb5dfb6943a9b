# SPDX-License-Identifier: Apache-2.0
"""The topologies that come with the lab."""

from __future__ import annotations

from typing import Final

from xlvs.lab.topology import HttpServer, Interface, Node, Topology

VIP: Final = "192.168.20.129"
REAL_SERVERS: Final = ("192.168.10.133", "192.168.10.134")

_DIRECTOR_ROUTES: Final = (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))


def _real_server(number: int, host: int) -> Node:
    inside = Interface("ens33", "inside", (f"192.168.10.{host}/24", f"2001:db8:10::{host}/64"))
    return Node(f"server{number}", (inside,), routes=("default via 192.168.10.132", "default via 2001:db8:10::132"))


def nat(name: str = "nat") -> Topology:
    """LVS-NAT as in many a first lesson: the real servers' gateway is the director, whose outer address is the VIP."""
    client = Node(
        "client",
        (Interface("eth0", "outside", ("192.168.20.1/24", "2001:db8:20::1/64")),),
        routes=("192.168.10.0/24 via 192.168.20.129", "2001:db8:10::/64 via 2001:db8:20::129"),
    )
    director = Node(
        "director",
        (
            Interface("ens37", "outside", ("192.168.20.129/24", "2001:db8:20::129/64")),
            Interface("ens33", "inside", ("192.168.10.132/24", "2001:db8:10::132/64")),
        ),
        sysctls=_DIRECTOR_ROUTES,
    )
    return Topology(
        name,
        "client - director (VIP 192.168.20.129) - two real servers that route through it",
        (client, director, _real_server(1, 133), _real_server(2, 134)),
        hosts=((VIP, "k8s02"), (REAL_SERVERS[0], "k8s03"), (REAL_SERVERS[1], "k8s04")),
        servers=tuple(
            HttpServer(f"server{number}", f"{address}\n") for number, address in enumerate(REAL_SERVERS, start=1)
        ),
    )


SCENES: Final = {"nat": nat}
