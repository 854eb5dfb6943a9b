# SPDX-License-Identifier: Apache-2.0
"""What schedulers need to know beside the destinations themselves, kept right when a list or a weight changes.

The rules are the kernel's: round robin goes on after the last one used, weighted round robin goes back to the head of
the list but keeps its current weight, the tables of the hashing ones and of failover are filled anew.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from xlvs.ipvs import layout, numbers, running, slots
from xlvs.model.address import Family
from xlvs.model.errors import TableFull
from xlvs.schedulers import failover, maglev, source_hash, weighted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store

_RR, _WRR, _LBLC, _LBLCR, _DH, _SH, _FO, _OVF, _MH = 1, 2, 5, 6, 7, 8, 11, 12, 13  # enum scheduler
_BY_WEIGHT = frozenset((_SH, _FO, _OVF, _MH))  # an edit changes their tables
_ORDERED = frozenset((_FO, _OVF))  # their tables are read from the beginning, the others' at one place
_NONE_USED = layout.NO_CURSOR


def start(store: Store, service: int, scheduler: int) -> None:
    """A service is about to get a scheduler: lay out what it reads, to begin at the head of the list.

    What only the former scheduler read is given up by `refill`, once the new one is in force. Raises TableFull; nothing
    is changed then.
    """
    table = _table(store, service, scheduler, store.listed(service))
    if table:
        _set_table(store, service, table, ordered=scheduler in _ORDERED)
    if scheduler in (_LBLC, _LBLCR):
        store.set_service_word(service, layout.SERVICE_LOCALITIES, 0)
        store.set_service_word(service, layout.SERVICE_TENURE_SINCE, running.now(store.directory))
        store.set_service_word(service, layout.SERVICE_TENURE, numbers.take_instance(store))
    if scheduler == _WRR:
        new = _write_round(store, service)
        _set_cursor(store, service, _NONE_USED, weighted.first_weight(new))
    else:
        _set_cursor(store, service, _NONE_USED, 0)


@contextmanager
def reshaping(store: Store, service: int) -> Iterator[None]:
    """An edit of what a service's tree of destinations is made of: list, scheduler, weights, thresholds, overloads.

    Packets walk the list meanwhile, also after an editor who died amid the edit, and then build the tree anew.
    """
    shape = (store.service_word(service, layout.SERVICE_SHAPE) | 1) + 1 & 0xFFFFFFFF
    store.set_service_word(service, layout.SERVICE_SHAPE, shape)
    try:
        yield
    finally:
        store.set_service_word(service, layout.SERVICE_SHAPE, shape | 1)


def publish(store: Store, service: int, numbers: list[int], *, added: bool = False, removed: int | None = None) -> None:
    """Replace a service's list: one was `added` at its head, or the one at place `removed` is gone.

    Raises TableFull; nothing is changed then.
    """
    scheduler = _scheduler(store, service)
    old = store.range_of(service, layout.SERVICE_LIST)
    new = slots.write(store, numbers)
    try:
        _set_table(store, service, _table(store, service, scheduler, numbers), ordered=scheduler in _ORDERED)
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
    """Fill the table of a scheduler anew; an edit of a destination leaves those that do not look at weights."""
    scheduler = _scheduler(store, service)
    if edited and scheduler not in _BY_WEIGHT:
        return
    table = _table(store, service, scheduler, store.listed(service))
    _set_table(store, service, table, ordered=scheduler in _ORDERED)


def _table(store: Store, service: int, scheduler: int, listed: list[int]) -> list[int]:
    """What stands in a scheduler's table, destinations by their numbers; empty for schedulers without one."""
    if scheduler == _MH:
        places = maglev.build([_member(store, service, number) for number in listed])
    elif scheduler == _SH:
        places = source_hash.fill_by_weight([store.dest_word(number, layout.DEST_WEIGHT) for number in listed])
    elif scheduler == _DH:
        places = source_hash.fill_in_turn(len(listed))
    elif scheduler in _ORDERED:
        places = failover.by_preference([store.dest_word(number, layout.DEST_WEIGHT) for number in listed])
    else:
        places = []
    return [listed[place] for place in places]


def _member(store: Store, service: int, number: int) -> maglev.Member:
    """A destination as mh hashes it.

    The service's family decides how: of an IPv6 address in an IPv4 service the first word counts, as in the kernel.
    """
    base = number * layout.DEST_SIZE
    memory = store.dests.memory
    address = layout.narrow(memory[base : base + 16], memory[base + layout.DEST_FAMILY])
    if store.family_of(service) == Family.IPV4:
        address = address[:4]
    port = int.from_bytes(memory[base + 16 : base + 18], "big")
    return maglev.Member(address, port, store.dest_word(number, layout.DEST_LAST_WEIGHT))


def _set_table(store: Store, service: int, table: list[int], *, ordered: bool) -> None:
    """Put a table in place of the former one.

    One that is read from the beginning is not changed where it stands, as long as there is room: a packet would meet
    a destination twice and miss another.
    """
    old = store.range_of(service, layout.SERVICE_TABLE)
    fits = bool(table) and len(table) == old[1]
    if fits and not ordered:
        slots.overwrite(store, old[0], table)
        return
    try:
        new = slots.write(store, table)
    except TableFull:
        if not fits:
            raise
        slots.overwrite(store, old[0], table)
        return
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
