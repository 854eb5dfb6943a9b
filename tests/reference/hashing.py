# SPDX-License-Identifier: Apache-2.0
"""Schedulers that choose by a hash of an address: dh, sh, mh."""

from __future__ import annotations

from functools import cache, reduce
from ipaddress import ip_address
from itertools import count
from math import gcd
from typing import TYPE_CHECKING

from tests.reference.scheduler import FALLBACK, WITH_PORT, Request, Scheduler

if TYPE_CHECKING:
    from tests.reference.destinations import LiveDestination

MAGLEV_ENTRIES = 4093
FIRST_HASH, SECOND_HASH = 2654435761, 2654446892


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


class Maglev(Scheduler):
    """4093 entries, each destination's in an order of its own; they take turns until none is left."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        super().__init__(destinations)
        self.entries: list[LiveDestination] = []
        self._fill()

    def _fill(self) -> None:
        """Weights count relative to each other, in at most 6 bits; 0 keeps what a destination had before."""
        weights = [each.last_weight for each in self.destinations]
        step = reduce(gcd, weights, 0)
        taken: dict[int, LiveDestination] = {}
        orders = [self._order(each) for each in self.destinations]
        shift = max(0, len(f"{max(weights) // step:b}") - 6) if step else 0
        while step and len(taken) < MAGLEV_ENTRIES:
            for each, order, weight in zip(self.destinations, orders, weights, strict=True):
                for _ in range(max(1, (weight // step) >> shift) if weight else 0):
                    while order and order[0] in taken:
                        order.pop(0)
                    if order:
                        taken[order.pop(0)] = each
        self.entries = [taken[entry] for entry in sorted(taken)]

    def _order(self, destination: LiveDestination) -> list[int]:
        number = folded(destination.hashed_address) + destination.configured.key.port
        first, step = siphash(FIRST_HASH, number), siphash(SECOND_HASH, number) % (MAGLEV_ENTRIES - 1) + 1
        return [(first + turn * step) % MAGLEV_ENTRIES for turn in range(MAGLEV_ENTRIES)]

    def added(self) -> None:
        """Fill the entries anew."""
        self._fill()

    def edited(self) -> None:
        """Fill the entries anew, for weights may have changed."""
        self._fill()

    def deleted(self, place: int, destination: LiveDestination) -> None:
        """Fill the entries anew."""
        del place, destination
        self._fill()

    def choose(self, request: Request) -> LiveDestination | None:
        """The one of the client's entry; with fallback, of entries by hashes with an offset that begins there."""
        if not self.entries:
            return None
        number = folded(request.client)
        if request.flags & WITH_PORT:
            number += request.client_port
        first = siphash(FIRST_HASH, number) % MAGLEV_ENTRIES
        tries = [first]
        if request.flags & FALLBACK and not self.entries[first].usable:
            if not any(each.usable for each in self.destinations):
                return None
            offsets = ((first + step) % MAGLEV_ENTRIES for step in range(MAGLEV_ENTRIES))
            tries = [siphash(FIRST_HASH, number + offset) % MAGLEV_ENTRIES for offset in offsets]
        return next((self.entries[entry] for entry in tries if self.entries[entry].usable), None)


@cache
def siphash(key: int, number: int) -> int:
    """SipHash-1-3 of a 32-bit number's bytes, low 32 bits; both halves of the key are the same."""
    words = b"uespemos modnarod arenegyl setybdet".split()
    a, b, c, d = (key ^ int.from_bytes(word, "little") for word in words)
    whole = 2**64

    def turn(word: int, bits: int) -> int:
        return (word << bits | word >> (64 - bits)) % whole

    block = (number % 2**32) | 4 << 56
    d ^= block
    for round_number in range(4):
        a, c = (a + b) % whole, (c + d) % whole
        b, d = turn(b, 13) ^ a, turn(d, 16) ^ c
        a, c = (turn(a, 32) + d) % whole, (c + b) % whole
        b, d = turn(b, 17) ^ c, turn(d, 21) ^ a
        c = turn(c, 32)
        if round_number == 0:
            a ^= block
            c ^= 0xFF
    return (a ^ b ^ c ^ d) % 2**32
