# SPDX-License-Identifier: Apache-2.0
"""From what a user names to where a fault is at work. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.lab import wires
from xlvs.lab.fault_note import LINK, UNPLUGGED, Fault, Point, Rule
from xlvs.lab.wires import IN, OUT

if TYPE_CHECKING:
    from xlvs.lab.lab import Lab
    from xlvs.lab.wires import Wire


def link(lab: Lab, node: str, other: str | None, direction: str | None, rule: Rule) -> Fault:
    """A fault of a node's link, or, on a segment of several nodes, of what two of them say to each other.

    `direction` is the node's: `in`, `out`, or both when None. Raises LabError.
    """
    wire = wires.find(lab.topology, node, other)
    directions = [each for each in (OUT, IN) if direction in (None, each)]
    if other is None or other == wire.beyond:
        points = tuple(Point(wire.device, wire.egress(each), _towards(wire, each)) for each in directions)
    else:
        points = _between(wire, wires.find(lab.topology, f"{other}", wire.node), directions)
    return Fault(lab.name, 0, LINK, _where(wire, other, directions), wire.place, points, rule)


def cut(lab: Lab, node: str, other: str | None) -> Fault:
    """A link that is cut: the port of its switch is down, so that the node sees it, or else everything is lost."""
    wire = wires.find(lab.topology, node, other)
    if wire.switched and other in (None, wire.beyond):
        return Fault(lab.name, 0, UNPLUGGED, _where(wire, other, [OUT, IN]), wire.place, port=wire.device)
    return link(lab, node, other, None, Rule(loss=1.0))


def _between(wire: Wire, other: Wire, directions: list[str]) -> tuple[Point, ...]:
    """At the switch, on the way to whom a packet is for: there multicast has been copied already."""
    ways = {OUT: (wire, other), IN: (other, wire)}
    return tuple(
        Point(target.device, target.egress(IN), f"to {target.node}", source.mac)
        for source, target in (ways[direction] for direction in directions)
    )


def _towards(wire: Wire, direction: str) -> str:
    if wire.switched:
        return f"from {wire.node}" if direction == OUT else f"to {wire.node}"
    return f"to {wire.beyond}" if direction == OUT else f"to {wire.node}"


def _where(wire: Wire, other: str | None, directions: list[str]) -> str:
    end = other or wire.beyond
    if directions == [OUT]:
        return f"{wire.name} -> {end}"
    return f"{end} -> {wire.name}" if directions == [IN] else f"{wire.name} - {end}"
