# SPDX-License-Identifier: Apache-2.0
"""The topologies that come with the lab."""

from __future__ import annotations

from typing import Final

from xlvs.lab.scenes_pair import checks, keepalived, sync
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


DR_VIP: Final = "192.168.100.40"
DR_PORT: Final = 6443
DR_SERVERS: Final = ("192.168.100.41", "192.168.100.42", "192.168.100.43")


def dr(name: str = "dr") -> Topology:
    """LVS-DR on one segment: the director has the VIP where clients ask for it, the real servers have it on lo."""
    client = Node("client", (Interface("eth0", "lan", ("192.168.100.1/24", "2001:db8:100::1/64")),))
    director = Node(
        "director",
        (
            Interface(
                "eth0", "lan", ("192.168.100.44/24", f"{DR_VIP}/24", "2001:db8:100::44/64", "2001:db8:100::40/64")
            ),
        ),
        sysctls=_DIRECTOR_ROUTES,
    )
    servers = [
        Node(f"server{number}", (Interface("eth0", "lan", (f"{address}/24", f"2001:db8:100::4{number}/64")),))
        for number, address in enumerate(DR_SERVERS, start=1)
    ]
    return Topology(
        name,
        f"client, director (VIP {DR_VIP}) and three real servers on one segment",
        (client, director, *servers),
        servers=_pages(DR_SERVERS, (DR_PORT,)),
    )


TUNNEL_VIP: Final = "192.168.8.14"
# What -r 192.168.8.16, -r 192.168.16 and -r 192.168 mean: three servers in three networks.
TUNNEL_SERVERS: Final = ("192.168.8.16", "192.168.0.16", "192.0.0.168")


def tunnel(name: str = "tunnel") -> Topology:
    """LVS-TUN over a router: one real server beside the director, two in networks of their own."""
    router = Node(
        "router",
        (
            Interface("eth0", "outside", ("192.168.20.254/24", "2001:db8:20::254/64")),
            Interface("eth1", "near", ("192.168.8.1/24", "2001:db8:8::1/64")),
            Interface("eth2", "far", ("192.168.0.1/24", "2001:db8:16::1/64")),
            Interface("eth3", "farther", ("192.0.0.1/24", "2001:db8:168::1/64")),
        ),
        sysctls=_DIRECTOR_ROUTES,
    )
    director = Node(
        "director",
        (Interface("eth0", "near", ("192.168.8.10/24", f"{TUNNEL_VIP}/24", "2001:db8:8::10/64", "2001:db8:8::14/64")),),
        routes=_default("192.168.8.1", "2001:db8:8::1"),
        sysctls=_DIRECTOR_ROUTES,
    )
    places = (("near", "8"), ("far", "16"), ("farther", "168"))
    gateways = ("192.168.8.1", "192.168.0.1", "192.0.0.1")
    servers = [
        Node(
            f"server{number}",
            (Interface("eth0", segment, (f"{address}/24", f"2001:db8:{network}::{number + 15}/64")),),
            routes=_default(gateway, f"2001:db8:{network}::1"),
        )
        for number, (address, gateway, (segment, network)) in enumerate(
            zip(TUNNEL_SERVERS, gateways, places, strict=True), start=1
        )
    ]
    return Topology(
        name,
        f"client - router - director (VIP {TUNNEL_VIP}); real servers beside it and in two other networks",
        (_far_client(), router, director, *servers),
        hosts=((TUNNEL_VIP, "lvs-server"),),
        servers=_pages(TUNNEL_SERVERS, (80,)),
    )


FULLNAT_VIP: Final = "192.168.238.130"
FULLNAT_PORT: Final = 32567
FULLNAT_SERVERS: Final = ("10.244.184.5", "10.244.190.3")
FULLNAT_LOCALS: Final = ("192.168.238.140", "192.168.238.141")


def fullnat(name: str = "fullnat") -> Topology:
    """Full NAT over a router: the real servers' way to the client does not lead through the director."""
    router = Node(
        "router",
        (
            Interface("eth0", "outside", ("192.168.20.254/24", "2001:db8:20::254/64")),
            Interface("eth1", "lan", ("192.168.238.1/24", "2001:db8:238::1/64")),
            Interface("eth2", "pods1", ("10.244.184.1/24", "2001:db8:184::1/64")),
            Interface("eth3", "pods2", ("10.244.190.1/24", "2001:db8:190::1/64")),
        ),
        sysctls=_DIRECTOR_ROUTES,
    )
    director = Node(
        "director",
        (Interface("eth0", "lan", (f"{FULLNAT_VIP}/24", "2001:db8:238::130/64")),),
        routes=_default("192.168.238.1", "2001:db8:238::1"),
        sysctls=_DIRECTOR_ROUTES,
    )
    servers = [
        Node(
            f"server{number}",
            (Interface("eth0", f"pods{number}", (f"{address}/24", f"2001:db8:{network}::{last}/64")),),
            routes=_default(f"10.244.{network}.1", f"2001:db8:{network}::1"),
        )
        for number, (address, network, last) in enumerate(
            zip(FULLNAT_SERVERS, (184, 190), (5, 3), strict=True), start=1
        )
    ]
    return Topology(
        name,
        f"client - router - director (VIP {FULLNAT_VIP}); two real servers in networks of their own behind the router",
        (_far_client(), router, director, *servers),
        servers=_pages(FULLNAT_SERVERS, (80,)),
    )


MARKS_VIP: Final = "172.16.0.100"
MARKS_SERVERS: Final = ("10.0.0.7", "10.0.0.17")


def marks(name: str = "marks") -> Topology:
    """Ports of one address under one firewall mark: the client behind a router, DR to two real servers."""
    router = Node(
        "router",
        (
            Interface("eth0", "outside", ("192.168.0.200/24",)),
            Interface("eth1", "lan", ("10.0.0.200/24", "172.16.0.200/24")),
        ),
        sysctls=_DIRECTOR_ROUTES,
    )
    client = Node("client", (Interface("eth0", "outside", ("192.168.0.6/24",)),), routes=("default via 192.168.0.200",))
    director = Node(
        "director",
        (Interface("eth0", "lan", ("10.0.0.8/24", f"{MARKS_VIP}/24")),),
        routes=("default via 10.0.0.200",),
        sysctls=_DIRECTOR_ROUTES,
    )
    servers = [
        Node(
            f"server{number}",
            (Interface("eth0", "lan", (f"{address}/24",)),),
            routes=("default via 10.0.0.200",),
        )
        for number, address in enumerate(MARKS_SERVERS, start=1)
    ]
    return Topology(
        name,
        f"client - router - director (VIP {MARKS_VIP}, ports 80 and 443 under one mark) and two real servers",
        (client, router, director, *servers),
        servers=_pages(MARKS_SERVERS, (80, 443)),
    )


def _pages(addresses: tuple[str, ...], ports: tuple[int, ...]) -> tuple[HttpServer, ...]:
    """Each real server's page is its own address."""
    return tuple(
        HttpServer(f"server{number}", f"{address}\n", port)
        for number, address in enumerate(addresses, start=1)
        for port in ports
    )


def _default(ipv4: str, ipv6: str) -> tuple[str, str]:
    return f"default via {ipv4}", f"default via {ipv6}"


def _far_client() -> Node:
    """A client behind a router."""
    return Node(
        "client",
        (Interface("eth0", "outside", ("192.168.20.1/24", "2001:db8:20::1/64")),),
        routes=_default("192.168.20.254", "2001:db8:20::254"),
    )


SCENES: Final = {
    "nat": nat,
    "dr": dr,
    "tunnel": tunnel,
    "fullnat": fullnat,
    "marks": marks,
    "keepalived": keepalived,
    "checks": checks,
    "sync": sync,
}
