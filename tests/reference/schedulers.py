# SPDX-License-Identifier: Apache-2.0
"""Schedulers on live destinations. The list is newest first; so the newest wins a tie.

A scheduler belongs to one service. It is told of every change of the list, after the change, and is made anew when the
service gets another scheduler. A scheduler that is still to come gets a class here and a line in `SCHEDULERS`.
"""

from __future__ import annotations

from functools import reduce
from ipaddress import ip_address
from itertools import count
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.reference.destinations import LiveDestination

FALLBACK = 0x08
WITH_PORT = 0x10


class Request(NamedTuple):
    """What a scheduler may look at: the ends of a packet, and the flags of its service."""

    client: bytes
    client_port: int
    virtual: bytes
    flags: int


class Scheduler:
    """No scheduler at all: nobody is chosen."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        """`destinations` is the service's own list, which changes; the scheduler only reads it."""
        self.destinations = destinations

    def choose(self, request: Request) -> LiveDestination | None:
        """A usable destination for a new connection, or None."""
        del request
        return None

    def added(self) -> None:
        """A destination was put at the head of the list."""

    def edited(self) -> None:
        """A destination was edited in place."""

    def deleted(self, place: int, destination: LiveDestination) -> None:
        """A destination was taken out; it stood at `place`."""


class RoundRobin(Scheduler):
    """The next usable one after the last used; a walk that wraps round looks at everybody once."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        super().__init__(destinations)
        self.last: LiveDestination | None = None  # None: before the head

    def choose(self, request: Request) -> LiveDestination | None:
        """The walk starts after the last used one, and comes to it again at the end."""
        del request
        start = 0 if self.last is None else self.destinations.index(self.last) + 1
        for destination in self.destinations[start:] + self.destinations[:start]:
            if destination.usable:
                self.last = destination
                return destination
        return None

    def deleted(self, place: int, destination: LiveDestination) -> None:
        """Without the last used one, the one before it counts as last used."""
        if destination is self.last:
            self.last = self.destinations[place - 1] if place else None


class WeightedRoundRobin(Scheduler):
    """Passes over the list with a falling current weight; each takes everybody whose weight reaches it."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        super().__init__(destinations)
        self.place = 0  # next place to look at in this pass
        self._measure()
        self.current = self.highest

    def _measure(self) -> None:
        self.step = reduce(gcd, (d.weight for d in self.destinations if d.weight > 0), 0) or 1
        self.highest = max((d.weight for d in self.destinations), default=0) - (self.step - 1)

    def _changed(self) -> None:
        self.place = 0
        self._measure()
        if self.current > self.highest or self.current == 0:
            self.current = self.highest
        elif self.step > 1:
            self.current = self.current // self.step * self.step + 1

    def added(self) -> None:
        """The walk goes back to the head, the current weight stays, fitted to the new weights."""
        self._changed()

    def edited(self) -> None:
        """As when one is added."""
        self._changed()

    def deleted(self, place: int, destination: LiveDestination) -> None:
        """As when one is added."""
        del place, destination
        self._changed()

    def choose(self, request: Request) -> LiveDestination | None:
        """Walk until somebody fits, or until everybody has been refused even at the lowest weight."""
        del request
        if self.highest <= 0:
            return None
        start, wrapped, lowest_from_head = self.place, False, False
        while True:
            while self.place < len(self.destinations):
                destination = self.destinations[self.place]
                self.place += 1
                if destination.usable and destination.weight >= self.current:
                    return destination
                if lowest_from_head and wrapped and start and self.place == start:
                    return None
            self.place = 0
            self.current -= self.step
            if self.current <= 0:
                self.current = self.highest
                if lowest_from_head or start == 0:
                    return None
                wrapped = True
            lowest_from_head = self.current <= self.step


class LeastConnection(Scheduler):
    """The least load, where an active connection is as much as 256 inactive ones."""

    def load(self, destination: LiveDestination) -> int:
        """Load of one destination."""
        return destination.active * 256 + destination.inactive

    def choose(self, request: Request) -> LiveDestination | None:
        """The first of the least loaded."""
        del request
        return min((d for d in self.destinations if d.usable), key=self.load, default=None)


class WeightedLeastConnection(LeastConnection):
    """The least load per weight."""

    def choose(self, request: Request) -> LiveDestination | None:
        """The first that no other beats; products, so that nothing is rounded."""
        del request
        best: LiveDestination | None = None
        for candidate in self.destinations:
            if not candidate.usable:
                continue
            if best is None or self.load(best) * candidate.weight > self.load(candidate) * best.weight:
                best = candidate
        return best


class _Hash(Scheduler):
    """256 buckets, each with a destination, chosen by the upper 8 bits of a number times a constant."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        super().__init__(destinations)
        self.buckets: list[LiveDestination] = []
        self._fill()

    def share(self, destination: LiveDestination) -> int:
        """Buckets in a row that a destination gets in turn."""
        raise NotImplementedError

    def _fill(self) -> None:
        self.buckets = []
        for place in count():
            if not self.destinations or len(self.buckets) >= 256:
                break
            destination = self.destinations[place % len(self.destinations)]
            self.buckets += [destination] * min(256, self.share(destination))
        del self.buckets[256:]

    def added(self) -> None:
        """Fill the buckets anew."""
        self._fill()

    def deleted(self, place: int, destination: LiveDestination) -> None:
        """Fill the buckets anew."""
        del place, destination
        self._fill()

    def usable_in(self, bucket: int) -> LiveDestination | None:
        """The destination in a bucket, if it can be used."""
        if not self.buckets:
            return None
        destination = self.buckets[bucket]
        return destination if destination.usable else None


class DestinationHash(_Hash):
    """By the virtual address; weights do not matter, and nobody stands in."""

    def share(self, destination: LiveDestination) -> int:
        """One bucket for everybody."""
        del destination
        return 1

    def choose(self, request: Request) -> LiveDestination | None:
        """The one of the address's bucket."""
        return self.usable_in(bucket_of(folded(request.virtual)))


class SourceHash(_Hash):
    """By the client's address, and its port if asked for; buckets by weight."""

    def share(self, destination: LiveDestination) -> int:
        """As many as its weight, but one if it has none."""
        return max(1, destination.weight)

    def edited(self) -> None:
        """Fill the buckets anew, for weights may have changed."""
        self._fill()

    def choose(self, request: Request) -> LiveDestination | None:
        """The one of the client's bucket; with fallback, the next usable from twice that bucket's number on."""
        number = folded(request.client)
        if request.flags & WITH_PORT:
            number += request.client_port
        bucket = bucket_of(number)
        chosen = self.usable_in(bucket)
        if chosen is None and request.flags & FALLBACK:
            tries = (self.usable_in((2 * bucket + step) % 256) for step in range(256))
            chosen = next((found for found in tries if found is not None), None)
        return chosen


def folded(address: bytes) -> int:
    """An address as 32 bits: of IPv6 the exclusive or of its four words."""
    number = int(ip_address(address))
    return (number ^ number >> 32 ^ number >> 64 ^ number >> 96) & 0xFFFFFFFF


def bucket_of(number: int) -> int:
    """One of 256 buckets for a number, as the kernel's multiplicative hash says."""
    return number * 0x61C88647 % 2**32 >> 24


SCHEDULERS: dict[str, Callable[[list[LiveDestination]], Scheduler]] = {
    "": Scheduler,
    "rr": RoundRobin,
    "wrr": WeightedRoundRobin,
    "lc": LeastConnection,
    "wlc": WeightedLeastConnection,
    "sh": SourceHash,
    "dh": DestinationHash,
}


def supported() -> Iterable[str]:
    """Names of the schedulers that the model has."""
    return (name for name in SCHEDULERS if name)
