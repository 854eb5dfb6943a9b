# SPDX-License-Identifier: Apache-2.0
"""From what a user names to where a capture listens. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.lab import wires
from xlvs.lab.errors import LabError
from xlvs.lab.topology import BRIDGE
from xlvs.lab.wires import LOOPBACK, OUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.lab.topology import Topology
    from xlvs.lab.wires import Wire


class Ear(NamedTuple):
    """Where it listens: `place`'s interface `device`. `name` is what it is called.

    `far`: at the other end of the interface, where what that sends comes in. `one_way`: what comes in alone, since what
    leaves a switch has come in elsewhere.
    """

    name: str
    place: str
    device: str
    far: bool = False
    one_way: bool = False


def split(topology: Topology, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The nodes among the words, and the filter behind them."""
    names = set(topology.namespace_names())
    count = next((n for n, word in enumerate(words) if word.partition(":")[0] not in names), len(words))
    if not count:
        raise LabError(f"there is no node {words[0]}" if words else "no node is named", _known(topology))
    return list(words[:count]), list(words[count:])


def ears(topology: Topology, targets: Sequence[str]) -> list[Ear]:
    """Where to listen for ``NODE``, ``NODE:INTERFACE``, a switch or a port of one. Raises LabError."""
    found = [ear for target in targets for ear in _ears(topology, target)]
    return list(dict.fromkeys(found))


def _ears(topology: Topology, target: str) -> list[Ear]:
    node, _, interface = target.partition(":")
    if node in topology.switches():
        return _switch(topology, node, interface)
    if interface == LOOPBACK:
        return [Ear(target, node, LOOPBACK, one_way=True)]
    if interface:
        return [_ear(wires.find(topology, target))]
    found = [_ear(wire) for wire in wires.wires(topology, node)]
    if not found:
        raise LabError(f"{node} has no interface", f"but {node}:{LOOPBACK}")
    return found


def _switch(topology: Topology, switch: str, port: str) -> list[Ear]:
    ports = [wire.device for wire in wires.switch_wires(topology, switch)]
    if port in ("", BRIDGE):
        return [Ear(f"{switch}:{each}", switch, each, one_way=True) for each in ports]
    if port not in ports:
        raise LabError(f"{switch} has no port {port}", f"ports: {' '.join(ports)}")
    return [Ear(f"{switch}:{port}", switch, port)]


def _ear(wire: Wire) -> Ear:
    return Ear(wire.name, wire.place, wire.device, far=not wire.egress(OUT))


def _known(topology: Topology) -> str:
    return "nodes: " + " ".join(topology.namespace_names())
