# SPDX-License-Identifier: Apache-2.0
"""Room for lists and tables of destinations in the map `slots`: ranges of 2^n places.

A list is never changed where it stands: the new one is written beside it and then published with one store, so a packet
sees the old one or the new one. A table of a hashing scheduler is overwritten: each of its places stands for itself.
A range that is given up may be written again at once: a packet that still reads it
finds numbers of another service's destinations, which it refuses.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from xlvs.ipvs import layout
from xlvs.model.errors import TableFull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.ipvs.store import Store


def size_class(length: int) -> int:
    """The n of the smallest range 2^n that holds `length` places."""
    return max(length - 1, 0).bit_length()


def write(store: Store, numbers: Sequence[int]) -> tuple[int, int]:
    """Put numbers into a range of their own; returns start and length. Raises TableFull; nothing is taken then."""
    if not numbers:
        return 0, 0
    start = _take(store, size_class(len(numbers)))
    store.array("slots").words[start : start + len(numbers)] = memoryview(array("I", numbers))
    return start, len(numbers)


def overwrite(store: Store, start: int, numbers: Sequence[int]) -> None:
    """Put other numbers into a range, each place with one store."""
    store.array("slots").words[start : start + len(numbers)] = memoryview(array("I", numbers))


def give_back(store: Store, start: int, length: int) -> None:
    """Free a range that nothing points to any more."""
    if not length:
        return
    head = layout.LEDGER_SLOT_FREE + size_class(length) * 4
    store.array("slots").words[start] = store.kept(head)
    store.keep(head, start)


def _take(store: Store, wanted: int) -> int:
    slots = store.array("slots")
    head = layout.LEDGER_SLOT_FREE + wanted * 4
    start = store.kept(head)
    if start != layout.NO_SLOTS:
        store.keep(head, slots.words[start])
        return start
    start = store.kept(layout.LEDGER_SLOT_NEXT)
    if start + (1 << wanted) > len(slots.words):
        return _split(store, wanted)
    store.keep(layout.LEDGER_SLOT_NEXT, start + (1 << wanted))
    return start


def _split(store: Store, wanted: int) -> int:
    """Take the smallest larger free range, and free what is left of it."""
    slots = store.array("slots")
    for larger in range(wanted + 1, layout.SLOT_CLASSES):
        head = layout.LEDGER_SLOT_FREE + larger * 4
        start = store.kept(head)
        if start == layout.NO_SLOTS:
            continue
        store.keep(head, slots.words[start])
        for rest in range(wanted, larger):
            give_back(store, start + (1 << rest), 1 << rest)
        return start
    raise TableFull("No room for another list of destinations")
