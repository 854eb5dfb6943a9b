# SPDX-License-Identifier: Apache-2.0
"""Marks that the packet path sets itself, by address and port: what `xlvs mark` edits."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout
from xlvs.model.address import Family
from xlvs.model.errors import KernelError, TableFull
from xlvs.model.mark_range import PORT_BITS, MarkRange, merged, prefixes
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.ipvs.store import Store

MAP: Final = "mark_ranges"
_KEY: Final = Struct("<I16sBB2s")  # bits that count of the rest, address, family, protocol, port
_VALUE: Final = Struct("<I")
_BITS: Final = 160
_FULL: Final = 7, 12, 28  # E2BIG, ENOMEM, ENOSPC


def present(store: Store) -> list[MarkRange]:
    """All ranges, sorted."""
    found = []
    for key, value in store.map(MAP).items():
        bits, address, family, protocol, port = _KEY.unpack(key)
        first = int.from_bytes(port, "big")
        last = first | ((1 << (_BITS - bits)) - 1)
        (mark,) = _VALUE.unpack(value)
        narrow = layout.narrow(address, family)
        found.append(MarkRange(Family(family), narrow, Protocol(protocol), first, last, mark))
    return merged(found)


def marks_with_ranges(store: Store, family: int) -> frozenset[int]:
    """The marks of a family that have ranges."""
    if not store.setting(layout.SETTINGS_MARK_RANGES):
        return frozenset()
    return frozenset(each.mark for each in present(store) if each.family == family)


def put(store: Store, ranges: Iterable[MarkRange]) -> None:
    """Make the ranges exactly these. Under the lock.

    What is new comes before what is old goes: a port that stays has its mark at any moment. Raises TableFull.
    """
    entries = {key: value for each in ranges for key, value in _entries(each)}
    table = store.map(MAP)
    old = dict(table.items())
    for key, value in entries.items():
        if old.get(key) == value:
            continue
        try:
            table.update(key, value)
        except KernelError as error:
            if error.errno not in _FULL:
                raise
            for each in entries.keys() - old.keys():
                table.delete(each)
            raise TableFull("No room for so many ranges of ports: the table holds 65536 pieces") from None
    for key in old.keys() - entries.keys():
        table.delete(key)
    for key in entries:
        store.mark_address(_KEY.unpack(key)[1], destination=False)
    store.set_setting(layout.SETTINGS_MARK_RANGES, len(entries))


def count(store: Store) -> None:
    """Say anew how many there are: after an editor died."""
    store.set_setting(layout.SETTINGS_MARK_RANGES, sum(1 for _ in store.map(MAP).items()))


def _entries(each: MarkRange) -> Iterable[tuple[bytes, bytes]]:
    for port, bits in prefixes(each.first, each.last):
        whole = port.to_bytes(2, "big")
        count_ = _BITS - PORT_BITS + bits
        yield _KEY.pack(count_, layout.wide(each.address), each.family, each.protocol, whole), _VALUE.pack(each.mark)
