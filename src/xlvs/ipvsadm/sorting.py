# SPDX-License-Identifier: Apache-2.0
"""The order of listings.

Services go by mark, family, protocol, address, port; destinations by address and port, where an IPv4 address stands
among IPv6 ones as if it were the beginning of one. Numbers are compared by the sign of their difference in 32 bits, as
the original does: values more than 2**31 apart sort the other way round. That is no order for three such values; what
comes out then is what the C library's merge sort makes of it.
"""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xlvs.model.views import DestinationView, ServiceView

_HALF = 1 << 31
_WHOLE = 1 << 32

Item = TypeVar("Item")
Key = tuple[int, ...]


def sort_services(services: Iterable[ServiceView]) -> list[ServiceView]:
    """Services in the order of listings."""
    return _sort(list(services), _service_key)


def sort_destinations(destinations: Iterable[DestinationView]) -> list[DestinationView]:
    """Destinations in the order of listings."""
    return _sort(list(destinations), _destination_key)


def _service_key(view: ServiceView) -> Key:
    key = view.service.key
    return (key.fwmark, key.family, key.protocol, *_words(key.address), key.port)


def _destination_key(view: DestinationView) -> Key:
    key = view.destination.key
    return (*_words(key.address), key.port)


def _words(address: bytes) -> Key:
    """The address in four words, an IPv4 address in the first."""
    return (int.from_bytes(address, "big"), 0, 0, 0) if len(address) == 4 else unpack(">4I", address)


def _sort(items: list[Item], key: Callable[[Item], Key]) -> list[Item]:
    keyed = [(key(item), item) for item in items]
    if len(keyed) < 2:
        return items
    # Where no two values of a column are far apart, the odd comparison is the ordinary one, which is much faster.
    if all(max(column) - min(column) < _HALF for column in zip(*(each for each, _ in keyed), strict=True)):
        keyed.sort(key=lambda pair: pair[0])
    else:
        keyed = _merge_sort(keyed)
    return [item for _, item in keyed]


def _merge_sort(keyed: list[tuple[Key, Item]]) -> list[tuple[Key, Item]]:
    """Sort as glibc's qsort: halves, the first the smaller, merged with the first going before its equals."""
    if len(keyed) < 2:
        return keyed
    middle = len(keyed) // 2
    first, second = _merge_sort(keyed[:middle]), _merge_sort(keyed[middle:])
    merged = []
    taken = others_taken = 0
    while taken < len(first) and others_taken < len(second):
        if _compare(first[taken][0], second[others_taken][0]) <= 0:
            merged.append(first[taken])
            taken += 1
        else:
            merged.append(second[others_taken])
            others_taken += 1
    return merged + first[taken:] + second[others_taken:]


def _compare(one: Key, other: Key) -> int:
    for value, other_value in zip(one, other, strict=True):
        difference = (value - other_value + _HALF) % _WHOLE - _HALF
        if difference:
            return difference
    return 0
