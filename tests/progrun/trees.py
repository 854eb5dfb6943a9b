# SPDX-License-Identifier: Apache-2.0
"""What must hold of the trees over long lists (`tree.h`) whenever no packet is under way and nobody edits."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import layout
from xlvs.ipvs.objects import object_path
from xlvs.linux.bpf import Btf
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from tests.progrun.director import Director
    from xlvs.ipvs.store import Store

LONG: Final = 17  # destinations from which on there is a tree
_NAMES = {row.number: row.name for row in registry.SCHEDULERS}
_COMPARED = ("lc", "wlc", "sed", "nq", "lblc", "lblcr")


class Leaf(NamedTuple):
    """A destination in its list: number, weight, connections, and what the packet path keeps of the tree with it."""

    number: int
    weight: int
    active: int
    inactive: int
    overloaded: int
    place: int
    node: int


@cache
def _offset(struct: str, member: str) -> int:
    return Btf.from_elf(Path(object_path("director_tc")).read_bytes()).layout(struct).member(member).offset


def word(store: Store, service: int, member: str) -> int:
    """A 32-bit member of a service."""
    return store.service_word(service, _offset("service", member))


def is_ready(store: Store, service: int) -> bool:
    """Whether the next packet takes what the tree says."""
    built = word(store, service, "tree_ready") == word(store, service, "shape")
    return built and not word(store, service, "tree_doubted")


def leaves(store: Store, service: int) -> list[Leaf]:
    """The destinations of a service, newest first."""
    found = []
    for number in store.listed(service):
        counts = layout.COUNTS.unpack_from(store.dests.memory, number * layout.DEST_SIZE + layout.DEST_COUNTS)
        weight = store.dest_word(number, layout.DEST_WEIGHT)
        kept = (store.dest_word(number, _offset("dest", member)) for member in ("place", "node"))
        found.append(Leaf(number, weight, counts[0], counts[1], counts[3], *kept))
    return found


def rank(scheduler: str, leaf: Leaf) -> tuple[int, Fraction]:
    """What a scheduler prefers is less."""
    load = leaf.active * 256 + leaf.inactive
    if scheduler == "lc":
        return 0, Fraction(load)
    if scheduler in ("sed", "nq"):
        busy = leaf.active > 0 or scheduler == "sed"
        return int(busy), Fraction(leaf.active + 1, leaf.weight) if busy else Fraction(0)
    return 0, Fraction(load, leaf.weight)


def best(scheduler: str, among: list[tuple[int, Leaf]]) -> tuple[int, Leaf] | None:
    """What a walk over some destinations, each with its index, would find."""
    usable = [each for each in among if each[1].weight and not each[1].overloaded]
    return min(usable, key=lambda each: (rank(scheduler, each[1]), each[0]), default=None)


def wrong_nodes(scheduler: str, found: list[Leaf]) -> list[tuple[int, int, int]]:
    """The nodes that name another one than a walk over all that stands below them: node, named, walked."""
    count = len(found)
    below: dict[int, tuple[int, Leaf] | None] = {count + index: (index, leaf) for index, leaf in enumerate(found)}
    wrong = []
    for node in range(count - 1, 0, -1):
        children = [each for each in (below[2 * node], below[2 * node + 1]) if each is not None]
        below[node] = best(scheduler, children)
        walked = below[node]
        if found[node].node != (walked[1].number if walked else 0):
            wrong.append((node, found[node].node, walked[1].number if walked else 0))
    assert below.get(1) == best(scheduler, list(enumerate(found))) or count < 2
    return wrong


def check(director: Director) -> int:
    """Check every tree that the next packet would take; returns how many those are."""
    store, ready = director.store, 0
    for service in store.live_services():
        scheduler = _NAMES.get(store.services.memory[service * layout.SERVICE_SIZE + layout.SERVICE_SCHEDULER], "")
        if scheduler not in _COMPARED or not is_ready(store, service):
            continue
        found = leaves(store, service)
        assert len(found) >= LONG
        assert [leaf.place for leaf in found] == list(range(1, len(found) + 1))
        assert wrong_nodes(scheduler, found) == []
        ready += 1
    return ready
