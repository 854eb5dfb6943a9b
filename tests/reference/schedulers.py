# SPDX-License-Identifier: Apache-2.0
"""Schedulers on live destinations. The list is newest first; so the newest wins a tie.

A scheduler belongs to one service. It is told of every change of the list, after the change, and is made anew when the
service gets another scheduler. Those by hash and by locality have modules of their own.
"""

from __future__ import annotations

import random
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING

from tests.reference.hashing import DestinationHash, Maglev, SourceHash
from tests.reference.locality import Locality, ReplicatedLocality
from tests.reference.scheduler import Request, Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.reference.destinations import LiveDestination


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


class ShortestDelay(WeightedLeastConnection):
    """The least active connections per weight, the new one included; inactive ones do not count."""

    def load(self, destination: LiveDestination) -> int:
        """Active connections with the new one."""
        return destination.active + 1


class NeverQueue(ShortestDelay):
    """The first without active connections, be it fast or slow; if nobody is idle, as `ShortestDelay`."""

    def choose(self, request: Request) -> LiveDestination | None:
        """Idle before all."""
        idle = (each for each in self.destinations if each.usable and each.active == 0)
        return next(idle, None) or super().choose(request)


class Failover(Scheduler):
    """The highest weight takes all."""

    def open(self, destination: LiveDestination) -> bool:
        """Whether a destination takes another connection."""
        return destination.usable

    def choose(self, request: Request) -> LiveDestination | None:
        """The first of the highest weight."""
        del request
        return max((each for each in self.destinations if self.open(each)), key=lambda each: each.weight, default=None)


class Overflow(Failover):
    """As `Failover`, until one has more active connections than its weight."""

    def open(self, destination: LiveDestination) -> bool:
        """Usable, and not full."""
        return destination.usable and destination.active <= destination.weight


class TwoChoices(Scheduler):
    """Two drawn by weight, the one with less load per weight; `chances` says what the draw is."""

    draw = random.Random(1)

    def chances(self) -> list[tuple[LiveDestination, int]]:
        """How many chances of all each usable destination has; the kernel gives the first one more than its weight."""
        usable = [each for each in self.destinations if each.usable]
        return [(each, each.weight + (place == 0)) for place, each in enumerate(usable)]

    def better(self, first: LiveDestination, second: LiveDestination) -> LiveDestination:
        """The less loaded of two drawn ones, the first in a tie."""
        loads = first.active * 256 + first.inactive, second.active * 256 + second.inactive
        return second if second.weight * loads[0] > first.weight * loads[1] else first

    def choose(self, request: Request) -> LiveDestination | None:
        """By chance: the programs cannot be held against this one by one."""
        del request
        chances = self.chances()
        if not chances:
            return None
        drawn = self.draw.choices([each for each, _ in chances], [share for _, share in chances], k=2)
        return self.better(*drawn)


SCHEDULERS: dict[str, Callable[[list[LiveDestination]], Scheduler]] = {
    "": Scheduler,
    "rr": RoundRobin,
    "wrr": WeightedRoundRobin,
    "lc": LeastConnection,
    "wlc": WeightedLeastConnection,
    "lblc": Locality,
    "lblcr": ReplicatedLocality,
    "dh": DestinationHash,
    "sh": SourceHash,
    "sed": ShortestDelay,
    "nq": NeverQueue,
    "fo": Failover,
    "ovf": Overflow,
    "mh": Maglev,
    "twos": TwoChoices,
}


def supported() -> Iterable[str]:
    """Names of the schedulers that the model has."""
    return (name for name in SCHEDULERS if name)
