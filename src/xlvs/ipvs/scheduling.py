# SPDX-License-Identifier: Apache-2.0
"""What schedulers need to know beside the destinations themselves, kept right when a list or a weight changes.

The rules are the kernel's: round robin goes on after the last one used, weighted round robin goes back to the head of
the list but keeps its current weight, the hash tables are filled anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout, slots
from xlvs.model.errors import TableFull
from xlvs.schedulers import source_hash, weighted

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_RR, _WRR, _DH, _SH = 1, 2, 7, 8  # enum scheduler
_NONE_USED = layout.NO_CURSOR


def start(store: Store, service: int, scheduler: int) -> None:
    """A service is about to get a scheduler: lay out what it reads, to begin at the head of the list.

    What only the former scheduler read is given up by `refill`, once the new one is in force. Raises TableFull; nothing
    is changed then.
    """
    buckets = _buckets(store, scheduler, store.listed(service))
    if buckets:
        _set_table(store, service, buckets)
    if scheduler == _WRR:
        new = _write_round(store, service)
        _set_cursor(store, service, _NONE_USED, weighted.first_weight(new))
    else:
        _set_cursor(store, service, _NONE_USED, 0)


def publish(store: Store, service: int, numbers: list[int], *, added: bool = False, removed: int | None = None) -> None:
    """Replace a service's list: one was `added` at its head, or the one at place `removed` is gone.

    Raises TableFull; nothing is changed then.
    """
    scheduler = _scheduler(store, service)
    old = store.range_of(service, layout.SERVICE_LIST)
    new = slots.write(store, numbers)
    try:
        _set_table(store, service, _buckets(store, scheduler, numbers))
    except TableFull:
        slots.give_back(store, *new)
        raise
    store.set_range(service, layout.SERVICE_LIST, *new)
    slots.give_back(store, *old)
    if scheduler == _RR:
        _move_cursor(store, service, added=added, removed=removed)
    weights_changed(store, service)


def weights_changed(store: Store, service: int) -> None:
    """A destination was added, deleted or edited: what weighted round robin makes of it."""
    if _scheduler(store, service) != _WRR:
        return
    _, current = store.range_of(service, layout.SERVICE_CURSOR)
    new = _write_round(store, service)
    _set_cursor(store, service, _NONE_USED, weighted.kept_weight(current, new))


def refill(store: Store, service: int, *, edited: bool = False) -> None:
    """Fill the table of a hashing scheduler anew; dh does not look at weights, so an edit leaves its table."""
    scheduler = _scheduler(store, service)
    if edited and scheduler != _SH:
        return
    _set_table(store, service, _buckets(store, scheduler, store.listed(service)))


def _buckets(store: Store, scheduler: int, listed: list[int]) -> list[int]:
    """What stands in the table of a hashing scheduler; empty for the others."""
    places: list[int] = []
    if listed and scheduler == _SH:
        places = source_hash.fill_by_weight([store.dest_word(number, layout.DEST_WEIGHT) for number in listed])
    elif listed and scheduler == _DH:
        places = source_hash.fill_in_turn(len(listed))
    return [listed[place] for place in places]


def _set_table(store: Store, service: int, buckets: list[int]) -> None:
    old = store.range_of(service, layout.SERVICE_TABLE)
    if buckets and len(buckets) == old[1]:
        slots.overwrite(store, old[0], buckets)
        return
    new = slots.write(store, buckets)
    store.set_range(service, layout.SERVICE_TABLE, *new)
    slots.give_back(store, *old)


def _scheduler(store: Store, service: int) -> int:
    return store.services.memory[service * layout.SERVICE_SIZE + layout.SERVICE_SCHEDULER]


def _write_round(store: Store, service: int) -> weighted.Round:
    new = weighted.round_of(store.dest_word(number, layout.DEST_WEIGHT) for number in store.listed(service))
    store.services.longs[(service * layout.SERVICE_SIZE + layout.SERVICE_WRR) >> 3] = new.step << 32 | new.highest
    return new


def _set_cursor(store: Store, service: int, place: int, current: int) -> None:
    store.set_range(service, layout.SERVICE_CURSOR, place, current)


def _move_cursor(store: Store, service: int, *, added: bool, removed: int | None) -> None:
    """Keep pointing to the destination used last; when that one is gone, to the one before it."""
    place, _ = store.range_of(service, layout.SERVICE_CURSOR)
    if place == _NONE_USED:
        return
    if added:
        place += 1
    elif removed is not None and removed <= place:
        place = place - 1 if place else _NONE_USED
    _set_cursor(store, service, place, 0)
