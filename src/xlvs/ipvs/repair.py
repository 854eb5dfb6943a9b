# SPDX-License-Identifier: Apache-2.0
"""After an editor died amid an edit: what user space keeps is derived anew from the services and destinations.

The packet path needs none of it, it met valid tables at any moment.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from xlvs.ipvs import detour, layout, local_addresses, mark_ranges, policies, scheduling, slots
from xlvs.model.errors import KernelError, TableFull

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store


def repair(store: Store) -> None:
    """Make numbers, free lists and ranges agree with the live services. Under the lock."""
    live = list(store.live_services())
    _repair_numbers(store, live)
    _repair_destinations(store, live)
    _repair_services(store, live)
    _repair_slots(store, live)
    _repair_scheduling(store, live)
    for family, offset in layout.SETTINGS_SERVICES.items():
        store.set_setting(offset, sum(store.family_of(number) == family for number in live))
    for number in set(range(1, store.setting(layout.SETTINGS_SERVICE_HIGH) + 1)).difference(live):
        store.services.memory[number * layout.SERVICE_SIZE + layout.SERVICE_ENGINE] = 0
    store.count_engines()
    policies.count(store)
    mark_ranges.count(store)
    with suppress(KernelError):  # `xlvs status` says what is missing of it
        detour.sync(store)


def _service_key(store: Store, number: int) -> bytes:
    base = number * layout.SERVICE_SIZE
    return store.services.memory[base : base + layout.SERVICE_KEY.size]


def _repair_numbers(store: Store, live: list[int]) -> None:
    """Exactly the live services are found by their keys."""
    wanted = {_service_key(store, number): number.to_bytes(4, "little") for number in live}
    numbers = store.map("service_numbers")
    for key, value in list(numbers.items()):
        if wanted.get(key) != value:
            numbers.delete(key)
    for key, value in wanted.items():
        if numbers.lookup(key) is None:
            numbers.update(key, value)


def _repair_destinations(store: Store, live: list[int]) -> None:
    """A listed destination is its service's; one that no list names is a deleted one; unused numbers are free."""
    owner = {number: service for service in live for number in store.listed(service)}
    free = 0
    for number in range(store.setting(layout.SETTINGS_DEST_HIGH), 0, -1):
        if number in owner:
            store.set_dest_word(number, layout.DEST_SERVICE, owner[number])
            store.set_dest_word(number, layout.DEST_FLAGS, layout.USED | layout.AVAILABLE)
        elif store.dest_word(number, layout.DEST_FLAGS) & layout.USED:
            fate = store.dest_word(number, layout.DEST_FLAGS) & (layout.KEPT | layout.DROPPED | layout.FOREIGN)
            store.set_dest_word(number, layout.DEST_FLAGS, layout.USED | fate)
            store.set_dest_word(number, layout.DEST_SERVICE, 0)
        else:
            store.set_dest_word(number, layout.DEST_SERVICE, free)
            free = number
    store.keep(layout.LEDGER_DEST_FREE, free)


def _repair_services(store: Store, live: list[int]) -> None:
    taken, free = set(live), 0
    for number in range(store.setting(layout.SETTINGS_SERVICE_HIGH), 0, -1):
        if number not in taken:
            store.set_range(number, layout.SERVICE_LIST, free, 0)
            free = number
    store.keep(layout.LEDGER_SERVICE_FREE, free)


def _repair_slots(store: Store, live: list[int]) -> None:
    """What lies between ranges in use is free."""
    members = (layout.SERVICE_LIST, layout.SERVICE_TABLE, layout.SERVICE_LOCAL_LIST)
    used = sorted(store.range_of(service, member) for service in live for member in members)
    for each in range(layout.SLOT_CLASSES):
        store.keep(layout.LEDGER_SLOT_FREE + each * 4, layout.NO_SLOTS)
    end = 0
    for begin, length in used:
        if length:
            _free_between(store, end, begin)
            end = begin + (1 << slots.size_class(length))
    store.keep(layout.LEDGER_SLOT_NEXT, end)


def _free_between(store: Store, begin: int, end: int) -> None:
    while begin < end:
        size = 1 << (end - begin).bit_length() - 1
        slots.give_back(store, begin, size)
        begin += size


def _repair_scheduling(store: Store, live: list[int]) -> None:
    """A list or a weight may have changed, and what its scheduler makes of it not yet."""
    for service in live:
        with scheduling.reshaping(store, service):
            scheduling.weights_changed(store, service)
            # Who needs a table or a list and has none gets it when there is room.
            with suppress(TableFull):
                local_addresses.publish(store, service, _service_key(store, service))
            with suppress(TableFull):
                scheduling.refill(store, service)
