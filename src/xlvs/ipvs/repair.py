# SPDX-License-Identifier: Apache-2.0
"""After an editor died amid an edit: what user space keeps is derived anew from the services and destinations.

The packet path needs none of it, it met valid tables at any moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store


def repair(store: Store) -> None:
    """Make numbers, free lists and ranges agree with the live services. Under the lock."""
    live = list(store.live_services())
    _repair_numbers(store, live)
    _repair_destinations(store, live)
    _repair_services(store, live)
    _repair_slots(store, live)
    for family, offset in layout.SETTINGS_SERVICES.items():
        store.set_setting(offset, sum(store.family_of(number) == family for number in live))


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
            store.set_dest_word(number, layout.DEST_FLAGS, layout.USED)
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
    """Holes between ranges in use stay unused until the table is empty: rare, and small beside the map."""
    end = 0
    for service in live:
        for member in (layout.SERVICE_LIST, layout.SERVICE_TABLE):
            begin, length = store.range_of(service, member)
            end = max(end, begin + (1 << max(length - 1, 0).bit_length()) if length else 0)
    store.keep(layout.LEDGER_SLOT_NEXT, end)
    for each in range(layout.SLOT_CLASSES):
        store.keep(layout.LEDGER_SLOT_FREE + each * 4, layout.NO_SLOTS)
