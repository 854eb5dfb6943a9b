# SPDX-License-Identifier: Apache-2.0
"""What every scheduler of the model is: a choice among a service's destinations, and what it hears of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.reference.destinations import LiveDestination

FALLBACK = 0x08
WITH_PORT = 0x10


class Request(NamedTuple):
    """What a scheduler may look at: the ends of a packet, the flags of its service, and for lblc and lblcr the time.

    `now` and `expiration` (lblc_expiration or lblcr_expiration) are in ticks, of which there are `second` in a second.
    """

    client: bytes
    client_port: int
    virtual: bytes
    flags: int
    now: int = 0
    second: int = 1
    expiration: int = 86400


class Scheduler:
    """No scheduler at all: nobody is chosen."""

    def __init__(self, destinations: list[LiveDestination]) -> None:
        """`destinations` is the service's own list, which changes; the scheduler only reads it."""
        self.destinations = destinations
        self.began = 0  # tick at which the service got this scheduler

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

    def holds(self, destination: LiveDestination) -> bool:
        """Whether a deleted destination is kept from being forgotten."""
        del destination
        return False
