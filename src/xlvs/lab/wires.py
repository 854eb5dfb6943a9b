# SPDX-License-Identifier: Apache-2.0
"""Where the packets of an interface can be met. No I/O here.

A link is met at one of its two ends. That of a switch is best: no program of a director is there, and whatever a node
sends or gets passes it, also what XDP takes or sends, which its own interface shows to nobody. Between two nodes without a
switch it is the end that is no director's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.lab import plan
from xlvs.lab.errors import LabError

if TYPE_CHECKING:
    from xlvs.lab.topology import Interface, Node, Topology

OUT: Final = "out"
IN: Final = "in"
LOOPBACK: Final = "lo"
_DIRECTOR: Final = "director"


@dataclass(frozen=True, slots=True)
class Wire:
    """What joins `node`'s `interface` to the rest, and the end at which it is met: `place`'s interface `device`.

    `far` says that this is the other end, where what the node sends comes in. `beyond` is what is at the other end of the
    node's: a switch or a node.
    """

    node: str
    interface: str
    place: str
    device: str
    far: bool
    beyond: str
    mac: str
    switched: bool

    @property
    def name(self) -> str:
        """As it is typed."""
        return f"{self.node}:{self.interface}"

    def egress(self, direction: str) -> bool:
        """Whether packets of the node's `direction` leave the device where the wire is met, or else come in."""
        return (direction == OUT) != self.far


def wires(topology: Topology, node_name: str) -> list[Wire]:
    """Every wire of a node, in the order of its interfaces; LabError when there is no such node."""
    node = _node(topology, node_name)
    return [_wire(topology, node, interface) for interface in node.interfaces]


def find(topology: Topology, words: str, other: str | None = None) -> Wire:
    """The wire that ``NODE``, ``NODE:INTERFACE`` or two nodes name. LabError says what there is."""
    node, _, interface = words.partition(":")
    found = wires(topology, node)
    if other is not None:
        found = [wire for wire in found if other in _ends(topology, wire)]
        if not found:
            topology_nodes = " ".join(topology.namespace_names())
            raise LabError(f"no link joins {node} and {other}", f"nodes: {topology_nodes}")
    if interface:
        names = " ".join(wire.interface for wire in found)
        found = [wire for wire in found if wire.interface == interface]
        if not found:
            raise LabError(f"{node} has no interface {interface} there", f"interfaces: {names}")
    if len(found) != 1:
        choice = " ".join(f"{wire.name} (to {wire.beyond})" for wire in found)
        raise LabError(f"{node} has {len(found)} interfaces" if found else f"{node} has no interface", f"say {choice}")
    return found[0]


def switch_wires(topology: Topology, switch: str) -> list[Wire]:
    """The wires of all nodes that are joined by a switch."""
    return [_wire(topology, node, interface) for node, interface in topology.segments()[switch]]


def _node(topology: Topology, name: str) -> Node:
    for node in topology.nodes:
        if node.name == name:
            return node
    nodes = " ".join(node.name for node in topology.nodes)
    if name in topology.switches():
        raise LabError(f"{name} is a switch: its links are those of the nodes", f"nodes: {nodes}")
    raise LabError(f"there is no node {name}", f"nodes: {nodes}")


def _ends(topology: Topology, wire: Wire) -> set[str]:
    """What a wire leads to: the switch, and the nodes behind it; or the one node."""
    if not wire.switched:
        return {wire.beyond}
    return {wire.beyond, *(node.name for node, _ in topology.segments()[wire.beyond])} - {wire.node}


def _wire(topology: Topology, node: Node, interface: Interface) -> Wire:
    mac = plan.mac_address(topology, node.name, interface.name)
    if interface.segment in topology.switches():
        switch = interface.segment
        return Wire(node.name, interface.name, switch, node.name, far=True, beyond=switch, mac=mac, switched=True)
    # Not a director's end, if there is a choice: `ends` are in the order of the topology, so that both nodes of a link
    # name the same place.
    ends = topology.segments()[interface.segment]
    (first, first_end), (second, second_end) = ends
    peer, _ = ends[1] if ends[0] == (node, interface) else ends[0]
    here, device = (second, second_end) if first.name.startswith(_DIRECTOR) else (first, first_end)
    far = (here, device) != (node, interface)
    return Wire(node.name, interface.name, here.name, device.name, far, peer.name, mac, switched=False)
