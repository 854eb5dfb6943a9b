# SPDX-License-Identifier: Apache-2.0
"""The topologies with two directors, for keepalived."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from xlvs.lab.topology import HttpServer, Interface, Node, Topology

CONFIGURATIONS: Final = Path(__file__).with_name("conf")
"""The configuration files of the scenes, as their texts print them."""
DIRECTORS: Final = ("director1", "director2")

_ROUTES: Final = (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))

PAIR_VIP: Final = "192.168.100.40"
PAIR_PORT: Final = 6443
PAIR_SERVERS: Final = ("192.168.100.41", "192.168.100.42", "192.168.100.43")
PAIR_DIRECTORS: Final = ("192.168.100.44", "192.168.100.45")


def keepalived(name: str = "keepalived") -> Topology:
    """Two directors and three real servers on one segment; the virtual address is where the master is."""
    hosts = [("client", "192.168.100.1"), *zip(DIRECTORS, PAIR_DIRECTORS, strict=True)]
    hosts += [(f"server{number}", address) for number, address in enumerate(PAIR_SERVERS, start=1)]
    return Topology(
        name,
        f"client, two directors that share {PAIR_VIP}, and three real servers on one segment",
        tuple(
            Node(
                node,
                (Interface("eth0", "lan", (f"{address}/24",)),),
                sysctls=_ROUTES if node in DIRECTORS else (),
                own_run=node in DIRECTORS,
                files=_configured(f"{node}.conf") if node in DIRECTORS else (),
            )
            for node, address in hosts
        ),
        servers=tuple(
            HttpServer(f"server{number}", f"{address}\n", PAIR_PORT)
            for number, address in enumerate(PAIR_SERVERS, start=1)
        ),
    )


def sync(name: str = "sync") -> Topology:
    """Two directors with one table: the router leads to the first of them, the answers go past both."""
    router = Node(
        "router",
        (Interface("eth0", "outside", ("192.168.20.254/24",)), Interface("eth1", "lan", ("192.168.100.254/24",))),
        routes=(f"{PAIR_VIP}/32 via {PAIR_DIRECTORS[0]}",),
        sysctls=_ROUTES,
    )
    client = Node(
        "client", (Interface("eth0", "outside", ("192.168.20.1/24",)),), routes=("default via 192.168.20.254",)
    )
    hosts = [*zip(DIRECTORS, PAIR_DIRECTORS, strict=True)]
    hosts += [(f"server{number}", address) for number, address in enumerate(PAIR_SERVERS, start=1)]
    return Topology(
        name,
        f"client - router - two directors with the VIP {PAIR_VIP} and three real servers; the router leads to one of the two",
        (
            client,
            router,
            *(
                Node(
                    node,
                    (Interface("eth0", "lan", (f"{address}/24",)),),
                    routes=("default via 192.168.100.254",),
                    sysctls=_ROUTES if node in DIRECTORS else (),
                )
                for node, address in hosts
            ),
        ),
        servers=tuple(
            HttpServer(f"server{number}", f"{address}\n", PAIR_PORT)
            for number, address in enumerate(PAIR_SERVERS, start=1)
        ),
    )


GATEWAY: Final = "192.168.200.16"
"""Of the virtual addresses that the directors share, the one that everybody else takes for a gateway."""
WEB_SERVERS: Final = ("192.168.200.2", "192.168.200.3", "192.168.200.4", "192.168.200.5")
TLS_SERVER: Final = "192.168.201.100"
SORRY_SERVER: Final = "192.168.200.200"
TLS_SERVICE: Final = "192.168.200.100:443"
SORRY_SERVICE: Final = "10.10.10.2:1358"
DIGEST_SERVICE: Final = "10.10.10.3:1358"

_WEB_PORT: Final = 1358
# Those that share a digest in the configuration are the same page.
_PAGES: Final = tuple(
    (f"/testurl{n}/test.jsp", f"this is page {'one' if n == '' else 'two'}\n") for n in ("", "2", "3")
)
_TLS_PAGES: Final = (("/", "the root\n"), ("/mrtg/", "the graphs\n"))


def checks(name: str = "checks") -> Topology:
    """Two directors and six web servers on a segment behind a router; their gateway is where the master is.

    The last of the servers that share a page has it not.
    """
    router = Node(
        "router",
        (Interface("eth0", "outside", ("192.168.20.254/24",)), Interface("eth1", "lan", ("192.168.200.254/24",))),
        routes=(f"192.168.200.100/32 via {GATEWAY}", f"10.10.10.0/24 via {GATEWAY}"),
        sysctls=_ROUTES,
    )
    client = Node(
        "client", (Interface("eth0", "outside", ("192.168.20.1/24",)),), routes=("default via 192.168.20.254",)
    )
    directors = tuple(
        Node(
            node,
            (Interface("eth0", "lan", (f"192.168.200.{last}/24", f"192.168.201.{last}/24")),),
            routes=("default via 192.168.200.254",),
            sysctls=_ROUTES,
            own_run=True,
            files=_configured("annotated.conf"),
        )
        for node, last in zip(DIRECTORS, (11, 12), strict=True)
    )
    addresses = (*WEB_SERVERS, SORRY_SERVER, TLS_SERVER)
    names = (*(f"server{number}" for number in range(1, len(WEB_SERVERS) + 1)), "sorry", "tls")
    servers = tuple(
        Node(node, (Interface("eth0", "lan", (f"{address}/24",)),), routes=(f"default via {GATEWAY} dev eth0 onlink",))
        for node, address in zip(names, addresses, strict=True)
    )
    pages = [
        HttpServer(node, f"{address}\n", _WEB_PORT, _PAGES) for node, address in zip(names, WEB_SERVERS, strict=False)
    ]
    pages[-1] = replace(pages[-1], pages=())
    return Topology(
        name,
        "client - router - two directors, a web server with TLS, four without, and a sorry server",
        (client, router, *directors, *servers),
        servers=(
            *pages,
            HttpServer("sorry", "sorry\n", _WEB_PORT),
            HttpServer("tls", f"{TLS_SERVER}\n", 443, _TLS_PAGES, tls=True),
        ),
    )


def _configured(name: str) -> tuple[tuple[str, str], ...]:
    return (("keepalived.conf", (CONFIGURATIONS / name).read_text(encoding="utf-8")),)
