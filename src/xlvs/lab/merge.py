# SPDX-License-Identifier: Apache-2.0
"""Packets of several sockets in the order of their times. No I/O here."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple


class Packet(NamedTuple):
    """One packet; `ear` is the place of its listener in the list, `segment` as in `Frame`."""

    time_ns: int
    ear: int
    data: bytes
    outgoing: bool
    segment: int


class Merge:
    """Takes packets as they are read, one socket after the other, and gives them in order."""

    def __init__(self) -> None:
        self._waiting: list[Packet] = []

    def __bool__(self) -> bool:
        """Whether some wait for others that may be older."""
        return bool(self._waiting)

    def add(self, packets: list[Packet]) -> None:
        """What was read of one socket."""
        self._waiting += packets

    def before(self, time_ns: int) -> list[Packet]:
        """Those before a time up to which all sockets have been read."""
        self._waiting.sort(key=_time)
        place = bisect_left(self._waiting, time_ns, key=_time)
        ready, self._waiting = self._waiting[:place], self._waiting[place:]
        return ready

    def rest(self) -> list[Packet]:
        """All that wait."""
        self._waiting.sort(key=_time)
        ready, self._waiting = self._waiting, []
        return ready


def _time(packet: Packet) -> int:
    return packet.time_ns
