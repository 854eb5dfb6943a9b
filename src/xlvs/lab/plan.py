# SPDX-License-Identifier: Apache-2.0
"""From a topology to the lines of ``ip -batch`` that build it. No I/O here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xlvs.lab.topology import BRIDGE, Interface, Node, Topology

# A new namespace inherits IPv4 settings from the host, so what a lab relies on is written out: the same lab behaves
# alike on every host. Duplicate address detection would keep IPv6 addresses unusable for the first second or two.
BASELINE: Final = (
    ("net.ipv4.ip_forward", "0"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
    ("net.ipv6.conf.all.forwarding", "0"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.default.accept_ra", "0"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
)


def namespace(lab: str, node: str) -> str:
    """The name of a node's network namespace, as ``ip netns`` shows it."""
    return f"xlvs-{lab}-{node}"


def namespace_lines(lab: str, topology: Topology) -> list[str]:
    """Make the namespaces."""
    return [f"netns add {namespace(lab, name)}" for name in topology.namespace_names()]


def link_lines(lab: str, topology: Topology) -> list[str]:
    """Make the links, each end born where it belongs: nothing of a lab ever appears on the host."""
    lines: list[str] = []
    for segment, ends in topology.segments().items():
        if segment in topology.switches():
            switch = namespace(lab, segment)
            lines += [_veth(_end(lab, topology, end), f"name {end[0].name} netns {switch}") for end in ends]
        else:
            near, far = (_end(lab, topology, end) for end in ends)
            lines.append(_veth(near, f"name {far}"))
    return lines


def node_lines(node: Node) -> list[str]:
    """Inside a node: links up, then addresses, then routes."""
    # `dev` is said, since `ip` reads a name like `a` or `up` as one of its own words.
    lines = ["link set dev lo up"] + [f"link set dev {interface.name} up" for interface in node.interfaces]
    lines += [line for interface in node.interfaces for line in _address_lines(interface)]
    return lines + [f"route add {route}" for route in node.routes]


def switch_lines(topology: Topology, segment: str) -> list[str]:
    """Inside a switch: one bridge with a port per node, named after the node."""
    # Snooping is off, since no querier lives here and IPv6 neighbour discovery is multicast.
    lines = [f"link add {BRIDGE} type bridge mcast_snooping 0", f"link set dev {BRIDGE} up"]
    for node, _ in topology.segments()[segment]:
        lines.append(f"link set dev {node.name} master {BRIDGE} up")
    return lines


def mac_address(topology: Topology, node_name: str, interface_name: str) -> str:
    """A locally administered address that is the same in every run, so that packets can be written down in tests."""
    for number, node in enumerate(topology.nodes, start=1):
        for index, interface in enumerate(node.interfaces, start=1):
            if (node.name, interface.name) == (node_name, interface_name):
                return f"02:00:00:00:{number:02x}:{index:02x}"
    raise KeyError(f"{node_name} has no interface {interface_name}")


def hosts_file(topology: Topology) -> str:
    """The text of /etc/hosts in every node."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    return "".join(f"{line}\n" for line in lines + [f"{address} {name}" for address, name in topology.hosts])


def _end(lab: str, topology: Topology, end: tuple[Node, Interface]) -> str:
    node, interface = end
    mac = mac_address(topology, node.name, interface.name)
    return f"{interface.name} netns {namespace(lab, node.name)} address {mac}"


def _veth(near: str, far: str) -> str:
    return f"link add name {near} type veth peer {far}"


def _address_lines(interface: Interface) -> Iterator[str]:
    for address in interface.addresses:
        yield f"address add {address} dev {interface.name}" + (" nodad" if ":" in address else "")
