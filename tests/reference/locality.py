# SPDX-License-Identifier: Apache-2.0
"""Schedulers that keep a destination, or a set of them, for each address that clients ask for: lblc, lblcr.

An address that nobody asked for during the expiration is forgotten by a check once in half an hour, counted from when
the service got its scheduler. The check of every minute, for more than 16,384 addresses, is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.reference.scheduler import Request, Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reference.destinations import LiveDestination

CHECK_EVERY_S = 1800


@dataclass(slots=True)
class Entry:
    """What is known of an address: its destinations, newest first, and the ticks of its last use and change."""

    used: int
    changed: int
    members: list[LiveDestination] = field(default_factory=list)


class Locality(Scheduler):
    """lblc: an address keeps its destination until that is gone, or busy while another is half idle."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        super().__init__(destinations)
        self.entries: dict[bytes, Entry] = {}

    def choose(self, request: Request) -> LiveDestination | None:
        """The address's own; a new one by load, which is remembered."""
        entry = self.entry(request)
        if entry is not None:
            entry.used = request.now
            kept = entry.members[0]
            if kept.available and kept.weight > 0 and not self.is_busy(kept):
                return kept
        chosen = lightest(each for each in self.destinations if each.usable)
        if chosen is not None:
            self.entries[request.virtual] = Entry(request.now, request.now, [chosen])
        return chosen

    def entry(self, request: Request) -> Entry | None:
        """What is known of the address that is asked for."""
        entry = self.entries.get(request.virtual)
        if entry is None:
            return None
        period = CHECK_EVERY_S * request.second
        check = request.now - (request.now - self.began) % period
        if check > self.began and check >= entry.used and check - entry.used >= request.expiration:
            del self.entries[request.virtual]
            return None
        return entry

    def holds(self, destination: LiveDestination) -> bool:
        """An address keeps its destinations in memory, deleted or not."""
        return any(destination in entry.members for entry in self.entries.values())

    def is_busy(self, destination: LiveDestination) -> bool:
        """More active connections than its weight, while another has less than half of its own."""
        half_idle = (each.active * 2 < each.weight for each in self.destinations)
        return destination.active > destination.weight and any(half_idle)


class ReplicatedLocality(Locality):
    """lblcr: a set of destinations for each address. It grows while they are busy, and shrinks when it rests."""

    def choose(self, request: Request) -> LiveDestination | None:
        """The least loaded of the set, unless it is busy; then one by load joins the set."""
        entry = self.entry(request)
        if entry is not None:
            entry.used = request.now
            kept = lightest(each for each in entry.members if each.available and each.usable)
            if len(entry.members) > 1 and request.now - entry.changed > request.expiration:
                self.shrink(entry, request.now)
            if kept is not None and not self.is_busy(kept):
                return kept
        chosen = lightest(each for each in self.destinations if each.usable)
        if chosen is not None:
            entry = self.entries.setdefault(request.virtual, Entry(request.now, request.now))
            if chosen not in entry.members:
                entry.members.insert(0, chosen)
                entry.changed = request.now
        return chosen

    def shrink(self, entry: Entry, now: int) -> None:
        """The most loaded with weight leaves the set, be it deleted meanwhile or not."""
        heaviest: LiveDestination | None = None
        for each in entry.members:
            if each.weight > 0 and (heaviest is None or load(heaviest) * each.weight < load(each) * heaviest.weight):
                heaviest = each
        if heaviest is not None:
            entry.members.remove(heaviest)
            entry.changed = now


def load(destination: LiveDestination) -> int:
    """As wlc counts it."""
    return destination.active * 256 + destination.inactive


def lightest(destinations: Iterable[LiveDestination]) -> LiveDestination | None:
    """The first with the least load per weight."""
    best: LiveDestination | None = None
    for each in destinations:
        if best is None or load(best) * each.weight > load(each) * best.weight:
            best = each
    return best
