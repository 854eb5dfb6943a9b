# SPDX-License-Identifier: Apache-2.0
"""Numbers of services and destinations: taken and given back.

A deleted destination keeps its number, counters and connections: added again it is the same one, as in the kernel. It
is forgotten when it has had no connection for two minutes and the number is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout
from xlvs.linux.clock import monotonic_ns
from xlvs.model.errors import TableFull

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

REMEMBERED_S = 120
_PURGE_EVERY_S = 10
_PURGE_FROM = 64  # below so many destinations a new number is cheaper than a look at the deleted ones


def take_service(store: Store) -> int:
    """A free service number, its entry without flags. Raises TableFull."""
    number = store.kept(layout.LEDGER_SERVICE_FREE)
    if number:
        following, _ = store.range_of(number, layout.SERVICE_LIST)
        store.keep(layout.LEDGER_SERVICE_FREE, following)
        return number
    number = store.setting(layout.SETTINGS_SERVICE_HIGH) + 1
    if number >= store.services.entries:
        raise TableFull(f"No room for another service: the table holds {store.services.entries - 1}")
    store.set_setting(layout.SETTINGS_SERVICE_HIGH, number)
    return number


def free_service(store: Store, number: int) -> None:
    """Give a service's number back; its ranges are free already."""
    store.set_range(number, layout.SERVICE_LIST, store.kept(layout.LEDGER_SERVICE_FREE), 0)
    store.keep(layout.LEDGER_SERVICE_FREE, number)


def take_destination(store: Store) -> int:
    """A free destination number whose counters are zero. Raises TableFull."""
    number = store.kept(layout.LEDGER_DEST_FREE)
    if not number and _is_time_to_purge(store) and _purge(store):
        number = store.kept(layout.LEDGER_DEST_FREE)
    if number:
        store.keep(layout.LEDGER_DEST_FREE, store.dest_word(number, layout.DEST_SERVICE))
        _clear(store, number)
        return number
    number = store.setting(layout.SETTINGS_DEST_HIGH) + 1
    if number >= store.dests.entries:
        raise TableFull(f"No room for another destination: the table holds {store.dests.entries - 1}")
    store.set_setting(layout.SETTINGS_DEST_HIGH, number)
    return number


def take_instance(store: Store) -> int:
    """A number that no service had before, nor the time of one with its scheduler."""
    instance = (store.kept(layout.LEDGER_INSTANCES) + 1) & 0xFFFFFFFF
    store.keep(layout.LEDGER_INSTANCES, instance)
    return instance


def deleted_destinations(store: Store) -> dict[bytes, int]:
    """The deleted destinations that are remembered, by identity."""
    return {store.dest_identity(number): number for number in _deleted(store)}


def is_deleted(store: Store, number: int, identity: bytes) -> bool:
    """Whether the number still stands for that deleted destination."""
    both = layout.USED | layout.AVAILABLE
    flags = store.dest_word(number, layout.DEST_FLAGS)
    return flags & both == layout.USED and store.dest_identity(number) == identity


def count_foreign(store: Store) -> int:
    """How many destinations are another director's only."""
    both = layout.USED | layout.FOREIGN
    return sum(found & both == both for found in _flags(store))


def forget(store: Store) -> bool:
    """Give back what is to be remembered no longer, if it is time to look; True when there was any."""
    return _is_time_to_purge(store) and _purge(store)


def seconds() -> int:
    """The clock of deletions: seconds since boot."""
    return monotonic_ns() // 1_000_000_000


def _flags(store: Store) -> list[int]:
    """The flags of all destinations that there ever were, by number."""
    end = store.setting(layout.SETTINGS_DEST_HIGH) + 1
    step = layout.DEST_SIZE >> 2
    found: list[int] = store.dests.words[layout.DEST_FLAGS >> 2 : end * step : step].tolist()
    return found


def _deleted(store: Store) -> list[int]:
    both = layout.USED | layout.AVAILABLE  # other flags say more of a deleted one
    return [number for number, found in enumerate(_flags(store)) if found & both == layout.USED and number]


def _is_time_to_purge(store: Store) -> bool:
    """Looking at all destinations takes its time: not at each number that is wanted."""
    if store.setting(layout.SETTINGS_DEST_HIGH) < _PURGE_FROM:
        return False
    now = seconds()
    due = now - store.kept(layout.LEDGER_PURGED) >= _PURGE_EVERY_S
    if due:
        store.keep(layout.LEDGER_PURGED, now)
    return due or store.setting(layout.SETTINGS_DEST_HIGH) + 1 >= store.dests.entries


def _purge(store: Store) -> bool:
    """Free the deleted destinations that are to be remembered no longer; True when there were any."""
    now, found = seconds(), False
    for number in _deleted(store):
        counts = layout.COUNTS.unpack_from(store.dests.memory, number * layout.DEST_SIZE + layout.DEST_COUNTS)
        if (
            any(counts[:3])
            or store.dest_word(number, layout.DEST_ENDED)
            or store.dest_word(number, layout.DEST_DRAINED)
            or now - store.dest_word(number, layout.DEST_DELETED) < REMEMBERED_S
        ):
            continue
        store.set_dest_word(number, layout.DEST_FLAGS, 0)
        store.set_dest_word(number, layout.DEST_SERVICE, store.kept(layout.LEDGER_DEST_FREE))
        store.keep(layout.LEDGER_DEST_FREE, number)
        found = True
    return found


def _clear(store: Store, number: int) -> None:
    """Counters of a number that served another destination go to number 0, which the director's total includes."""
    counters = store.map("dest_counters")
    key, nobody = number.to_bytes(4, "little"), bytes(4)
    used, total = counters.lookup_cpus(key) or [], counters.lookup_cpus(nobody) or []
    sums = [
        layout.COUNTERS.pack(*map(sum, zip(layout.COUNTERS.unpack(one), layout.COUNTERS.unpack(other), strict=True)))
        for one, other in zip(used, total, strict=True)
    ]
    counters.update_cpus(nobody, sums)
    counters.update_cpus(key, [bytes(layout.COUNTERS.size)] * len(used))
    base = number * layout.ESTIMATE_SIZE
    store.array("dest_estimates").memory[base : base + layout.ESTIMATE_SIZE] = bytes(layout.ESTIMATE_SIZE)
    base = number * layout.DEST_SIZE
    generation = (store.dest_word(number, layout.DEST_GENERATION) + 1) & 0xFFFFFFFF
    store.dests.memory[base : base + layout.DEST_SIZE] = bytes(layout.DEST_SIZE)
    store.set_dest_word(number, layout.DEST_GENERATION, generation)
