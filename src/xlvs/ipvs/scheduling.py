# SPDX-License-Identifier: Apache-2.0
"""What schedulers need to know beside the destinations themselves, kept right when a list or a weight changes.

The rules are the kernel's: round robin goes on after the last one used, weighted round robin goes back to the head of
the list but keeps its current weight, the hash tables are filled anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout, slots
from xlvs.schedulers import registry, source_hash, weighted

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_RR, _WRR = 1, 2
_NONE_USED = layout.NO_CURSOR


def start(store: Store, service: int) -> None:
    """A service has got its scheduler: begin at the head of the list."""
    if _scheduler(store, service) == _WRR:
        new = _write_round(store, service)
        _set_cursor(store, service, _NONE_USED, weighted.first_weight(new))
    else:
        _set_cursor(store, service, _NONE_USED, 0)
    refill(store, service)


def publish(store: Store, service: int, numbers: list[int], *, added: bool = False, removed: int | None = None) -> None:
    """Replace a service's list: one was `added` at its head, or the one at place `removed` is gone."""
    old = store.range_of(service, layout.SERVICE_LIST)
    new = slots.write(store, numbers)
    store.set_range(service, layout.SERVICE_LIST, *new)
    slots.give_back(store, *old)
    if _scheduler(store, service) == _RR:
        _move_cursor(store, service, added=added, removed=removed)
    weights_changed(store, service)
    refill(store, service)


def weights_changed(store: Store, service: int) -> None:
    """A destination was added, deleted or edited: what weighted round robin makes of it."""
    if _scheduler(store, service) != _WRR:
        return
    _, current = store.range_of(service, layout.SERVICE_CURSOR)
    new = _write_round(store, service)
    _set_cursor(store, service, _NONE_USED, weighted.kept_weight(current, new))


def refill(store: Store, service: int, *, edited: bool = False) -> None:
    """Fill the table of a hashing scheduler anew; dh does not look at weights, so an edit leaves its table."""
    row = registry.find_number(_scheduler(store, service))
    name = row.name if row else ""
    if edited and name != "sh":
        return
    listed = store.listed(service)
    places: list[int] = []
    if listed and name == "sh":
        places = source_hash.fill_by_weight([store.dest_word(number, layout.DEST_WEIGHT) for number in listed])
    elif listed and name == "dh":
        places = source_hash.fill_in_turn(len(listed))
    old = store.range_of(service, layout.SERVICE_TABLE)
    new = slots.write(store, [listed[place] for place in places])
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
