# SPDX-License-Identifier: Apache-2.0
"""What a lab consists of, as values: nodes, their interfaces on segments, routes, sysctls and servers.

A segment is one broadcast domain. Two interfaces on it are joined back to back by a veth pair; three or more by a
bridge that lives in a namespace of its own, named after the segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")
_INTERFACE = re.compile(r"[A-Za-z0-9_.-]+")
_LONGEST_INTERFACE_NAME = 15
BRIDGE = "bridge"
_TAKEN = ("lo", BRIDGE)


@dataclass(frozen=True, slots=True)
class Interface:
    """One end on a segment. `addresses` are CIDR texts of either family, e.g. ``192.168.20.1/24``."""

    name: str
    segment: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One network namespace. `routes` and `sysctls` are in the words of ``ip route add`` and sysctl.conf(5).

    With `own_run` its commands see a /run of their own, as on a machine of their own: for daemons with PID files. `files`,
    (name, text), lie in it at first. `setup` are commands for sh(1), run in turn when everything else of the lab is there.
    """

    name: str
    interfaces: tuple[Interface, ...]
    routes: tuple[str, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    own_run: bool = False
    files: tuple[tuple[str, str], ...] = ()
    setup: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A server that answers every GET on `port` of every address of `node` with `page`.

    `pages` are (path, page) for paths that have another one; with `tls` it speaks HTTPS, self-signed.
    """

    node: str
    page: str
    port: int = 80
    pages: tuple[tuple[str, str], ...] = ()
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole lab. `hosts` are the lines of /etc/hosts that every node sees: (address, name)."""

    name: str
    summary: str
    nodes: tuple[Node, ...]
    hosts: tuple[tuple[str, str], ...] = ()
    servers: tuple[HttpServer, ...] = ()

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes] + self.switches()
        check_names(self.name, *names)
        if len(set(names)) != len(names):
            raise ValueError(f"topology {self.name}: two nodes or segments share a name")
        for node in self.nodes:
            _check_interfaces(node)
        for switch in self.switches():
            _check_ports(switch, [node.name for node, _ in self.segments()[switch]])
        unknown = {server.node for server in self.servers} - {node.name for node in self.nodes}
        if unknown:
            raise ValueError(f"topology {self.name}: a server stands on the unknown node {min(unknown)}")
        places = [(server.node, server.port) for server in self.servers]
        for node_name, port in places:
            if places.count((node_name, port)) > 1:
                raise ValueError(f"topology {self.name}: two servers of {node_name} have the port {port}")

    def segments(self) -> dict[str, list[tuple[Node, Interface]]]:
        """Every segment with its ends, in the order of the nodes."""
        ends: dict[str, list[tuple[Node, Interface]]] = {}
        for node in self.nodes:
            for interface in node.interfaces:
                ends.setdefault(interface.segment, []).append((node, interface))
        return ends

    def switches(self) -> list[str]:
        """The segments that need a bridge."""
        return [segment for segment, ends in self.segments().items() if len(ends) != 2]

    def namespace_names(self) -> list[str]:
        """Nodes first, then switches: everything that one can get a shell in."""
        return [node.name for node in self.nodes] + self.switches()


def check_names(*names: str) -> None:
    """Raise ValueError unless each is short and plain: a dash would make two labs' namespaces ambiguous."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of lower-case letters and digits, 32 at most, letter first")


def _check_interfaces(node: Node) -> None:
    names = [interface.name for interface in node.interfaces]
    if len(set(names)) != len(names):
        raise ValueError(f"node {node.name} has two interfaces of one name")
    for name in names:
        if not 0 < len(name) <= _LONGEST_INTERFACE_NAME:
            raise ValueError(f"{name!r}: an interface's name has 1 to {_LONGEST_INTERFACE_NAME} characters")
        if name in ("lo", ".", "..") or not _INTERFACE.fullmatch(name):
            raise ValueError(
                f"{name!r} is not an interface's name: letters, digits, - _ . alone, and lo is there already"
            )


def _check_ports(switch: str, names: list[str]) -> None:
    """The ports of a switch bear the names of its nodes."""
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"node {name} has two interfaces on the segment {switch}")
        if len(name) > _LONGEST_INTERFACE_NAME or name in _TAKEN:
            raise ValueError(
                f"{name!r} names a port of the segment {switch}: {_LONGEST_INTERFACE_NAME} characters at most, and not "
                + " or ".join(_TAKEN)
            )
