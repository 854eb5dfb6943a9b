# SPDX-License-Identifier: Apache-2.0
"""The cells of the matrix: forwarding method, families and protocol, each with its services. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PORT: Final = 5001
TUNNEL_PORT: Final = 6080
MAPPED_PORT: Final = 5002  # of services that translate ports

SERVERS: Final = {"4": ("192.168.10.133", "192.168.10.134"), "6": ("2001:db8:10::133", "2001:db8:10::134")}
LOCAL: Final = {"4": ("192.168.10.140", "192.168.10.141"), "6": ("2001:db8:10::140", "2001:db8:10::141")}
DIRECTOR: Final = {"4": "192.168.10.132", "6": "2001:db8:10::132"}


@dataclass(frozen=True, slots=True)
class Method:
    """A way to a destination.

    `number` is the last part of its virtual addresses, `options` are ipvsadm's. `direct` is true if the server sees
    the virtual address itself; `local` if the server is the director, `own` if the client is; `full` if the director's local
    addresses are its clients; `tunnel` what the real server takes apart,
    whose family may be another one.
    """

    name: str
    number: int
    options: str
    direct: bool = True
    local: bool = False
    own: bool = False
    full: bool = False
    tunnel: str = ""


METHODS: Final = (
    Method("NAT", 1, "-m", direct=False),
    Method("DR", 2, "-g"),
    Method("ipip", 3, "-i", tunnel="ipip"),
    Method("gre", 4, "-i --tun-type gre --tun-nocsum", tunnel="gre"),
    Method("gre+csum", 5, "-i --tun-type gre --tun-csum", tunnel="gre"),
    Method("gue", 6, f"-i --tun-type gue --tun-port {TUNNEL_PORT} --tun-nocsum", tunnel="gue"),
    Method("gue+csum", 7, f"-i --tun-type gue --tun-port {TUNNEL_PORT} --tun-csum", tunnel="gue"),
    Method("gue+remcsum", 8, f"-i --tun-type gue --tun-port {TUNNEL_PORT} --tun-remcsum", tunnel="gue"),
    Method("local NAT", 9, "-m", direct=False, local=True),
    Method("local DR", 10, "-g", local=True),
    Method("own client, NAT", 11, "-m", direct=False, own=True),
    Method("own client and server", 12, "-m", direct=False, local=True, own=True),
    Method("full NAT", 13, "--fullnat", direct=False, full=True),
    Method("local full NAT", 14, "--fullnat", direct=False, local=True, full=True),
    Method("own client, full NAT", 15, "--fullnat", direct=False, own=True, full=True),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One service with two servers. `family` is the client's, `inner` ... `outer` the servers' when they differ."""

    method: Method
    family: str
    server_family: str
    protocol: str

    @property
    def name(self) -> str:
        """For instance ``NAT IPv4 TCP`` or ``ipip IPv4 in IPv6 UDP``."""
        families = f"IPv{self.family}" + (f" in IPv{self.server_family}" if self.server_family != self.family else "")
        return f"{self.method.name} {families} {self.protocol.upper()}"

    @property
    def vip(self) -> str:
        """The virtual address: of the method, and another one where families differ."""
        number = self.method.number + (100 if self.server_family != self.family else 0)
        return f"10.90.0.{number}" if self.family == "4" else f"2001:db8:90::{number}"

    @property
    def held(self) -> bool:
        """Whether the director itself has the virtual address."""
        return self.method.local or self.method.own

    @property
    def answers_pass(self) -> bool:
        """Whether the director sees what the servers say."""
        return self.method.local or not self.method.direct

    @property
    def port(self) -> int:
        """The service's port."""
        return PORT if self.method.direct else MAPPED_PORT

    @property
    def service(self) -> str:
        """The service in ipvsadm's words."""
        return f"-{self.protocol[0]} {written(self.vip, self.port)}"

    def rules(self) -> list[str]:
        """The lines for `ipvsadm -R`."""
        servers = (DIRECTOR[self.server_family],) if self.method.local else SERVERS[self.server_family]
        destinations = [f"-a {self.service} -r {written(each, PORT)} {self.method.options}" for each in servers]
        return [f"-A {self.service} -s rr", *destinations]


def written(address: str, port: int) -> str:
    """Address and port as ipvsadm(8) takes them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def cells(*, small: bool = False) -> list[Cell]:
    """All of them; or `small`: of several kinds of one tunnel those alone that do the most."""
    same, different = (("4", "4"), ("6", "6")), (("4", "6"), ("6", "4"))
    return [
        Cell(method, family, server_family, protocol)
        for method in METHODS
        if not small or method.name not in ("gre", "gue", "gue+remcsum")
        for family, server_family in (*same, *(different if method.tunnel else ()))
        for protocol in ("tcp", "udp")
    ]
