# SPDX-License-Identifier: Apache-2.0
"""Marks by address and port: ranges of ports, cut into prefixes as the packet path looks them up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlvs.model.address import Family
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PORT_BITS = 16
LAST_PORT = 0xFFFF


@dataclass(frozen=True, slots=True, order=True)
class MarkRange:
    """TCP, UDP or SCTP packets to a virtual address and a port from `first` to `last` have `mark`."""

    family: Family
    address: bytes
    protocol: Protocol
    first: int
    last: int
    mark: int

    @property
    def place(self) -> tuple[Family, bytes, Protocol]:
        """What ranges share that can overlap."""
        return self.family, self.address, self.protocol

    def overlaps(self, other: MarkRange) -> bool:
        """Whether a packet may belong to both."""
        return self.place == other.place and self.first <= other.last and other.first <= self.last


def prefixes(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The fewest (port, bits that count) that make up a range of ports: at most 30."""
    while first <= last:
        size = 1
        while first % (size * 2) == 0 and first + size * 2 - 1 <= last and size <= LAST_PORT:
            size *= 2
        yield first, PORT_BITS - size.bit_length() + 1
        first += size


def merged(ranges: Iterable[MarkRange]) -> list[MarkRange]:
    """Sorted, and those that go on from each other with one mark as one."""
    found: list[MarkRange] = []
    for each in sorted(ranges):
        before = found[-1] if found else None
        if before and before.place == each.place and before.mark == each.mark and before.last + 1 == each.first:
            found[-1] = MarkRange(*each.place, before.first, each.last, each.mark)
        else:
            found.append(each)
    return found


def without(ranges: Iterable[MarkRange], gone: MarkRange) -> list[MarkRange]:
    """What is left of ranges when the ports of `gone` are taken out, whatever their mark."""
    left = []
    for each in ranges:
        if not each.overlaps(gone):
            left.append(each)
            continue
        if each.first < gone.first:
            left.append(MarkRange(*each.place, each.first, gone.first - 1, each.mark))
        if each.last > gone.last:
            left.append(MarkRange(*each.place, gone.last + 1, each.last, each.mark))
    return merged(left)
