# SPDX-License-Identifier: Apache-2.0
"""The 256 buckets of source hashing (sh) and destination hashing (dh), filled and looked up as the kernel does.

A bucket holds a destination's place in the list, newest first. The packet path uses `bucket_of` too, in C.
"""

from __future__ import annotations

from itertools import chain, cycle, islice, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUCKETS = 256

# The kernel's multiplier for 32-bit numbers: 2**32 divided by the square of the golden ratio.
_MULTIPLIER = 0x61C88647


def fold_address(address: bytes) -> int:
    """A packed address as one 32-bit number: IPv4 as it is, IPv6 the exclusive or of its four words."""
    folded = 0
    for start in range(0, len(address), 4):
        folded ^= int.from_bytes(address[start : start + 4], "big")
    return folded


def bucket_of(address: bytes, port: int = 0) -> int:
    """Bucket of an address: the source for sh, the virtual address for dh. `port` is the client's with sh-port."""
    return ((fold_address(address) + port) * _MULTIPLIER & 0xFFFFFFFF) >> 24


def fallback_buckets(address: bytes, port: int = 0) -> Iterator[int]:
    """Buckets that sh-fallback tries, in order, once that of the address has no usable destination.

    They follow each other, but begin at twice the address's own bucket number.
    """
    first = 2 * bucket_of(address, port)
    return ((first + step) % BUCKETS for step in range(BUCKETS))


def fill_by_weight(weights: Sequence[int]) -> list[int]:
    """Buckets of sh: the list over and over, each destination in as many buckets in a row as its weight.

    A destination without weight still has one bucket in turn: its clients are refused or fall back. No destination,
    no buckets.
    """
    return _fill(weights)


def fill_in_turn(count: int) -> list[int]:
    """Buckets of dh: `count` destinations over and over, one bucket each, weights ignored."""
    return _fill([1] * count)


def _fill(weights: Sequence[int]) -> list[int]:
    turns = chain.from_iterable(repeat(place, max(1, weight)) for place, weight in cycle(enumerate(weights)))
    return list(islice(turns, BUCKETS))
