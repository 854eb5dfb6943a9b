# SPDX-License-Identifier: Apache-2.0
"""How a director that begins to listen gets the whole table: it asks, and asks again while something is missing."""

from __future__ import annotations

from enum import Enum
from typing import Final

from xlvs.syncwire.seal import Kind, Seal

_PATIENCE_S: Final = 1.0  # without any part of a dump
_REQUESTS: Final = 5
_BETWEEN_DUMPS_S: Final = 1.0
_PARTS_MAX: Final = 1 << 20  # of some forty connections each; one bit is remembered of each


class Phase(Enum):
    """Where a joining director is."""

    ASKING = "asking"
    RECEIVING = "receiving"
    DONE = "done"  # the table is whole, or nobody has one


class Join:
    """The side that asks. Time is in seconds of any clock that only goes forward.

    | phase     | event                          | then                                  |
    |-----------|--------------------------------|---------------------------------------|
    | ASKING    | first part of a dump           | RECEIVING                             |
    | ASKING    | patience over                  | ask again; after five requests DONE   |
    | RECEIVING | end, all parts were there      | DONE                                  |
    | RECEIVING | end with parts missing, or     | ask again, ASKING; after five         |
    |           | patience over                  | requests DONE                         |
    """

    def __init__(self, now: float) -> None:
        self.phase = Phase.ASKING
        self.whole = False
        self._asked = 0
        self._until = now
        self._sender = b""
        self._parts = bytearray()
        self._arrived = 0

    def next_timer(self) -> float | None:
        """When to call `handle_timer`."""
        return None if self.phase is Phase.DONE else self._until

    def handle_timer(self, now: float) -> bool:
        """Whether a request is to be sent now."""
        if self.phase is Phase.DONE or now < self._until:
            return False
        if self._asked == _REQUESTS:
            self.phase = Phase.DONE
            return False
        self.phase = Phase.ASKING
        self._asked += 1
        self._sender = b""
        self._parts, self._arrived = bytearray(), 0
        self._until = now + _PATIENCE_S
        return True

    def receive(self, seal: Seal, now: float) -> None:
        """A message of a dump has arrived."""
        if self.phase is Phase.DONE or seal.kind not in (Kind.DUMP, Kind.DUMP_END):
            return
        if not self._sender:
            self._sender = seal.sender
        if seal.sender != self._sender:
            return
        if seal.kind is Kind.DUMP:
            self.phase = Phase.RECEIVING
            self._note(seal.part)
            self._until = now + _PATIENCE_S
        elif self._arrived >= seal.parts:
            self.phase, self.whole = Phase.DONE, True
        else:
            self.phase, self._until = Phase.ASKING, now

    def _note(self, part: int) -> None:
        """Count a part once, whoever invents numbers."""
        place, bit = part >> 3, 1 << (part & 7)
        if part >= _PARTS_MAX:
            return
        if place >= len(self._parts):
            self._parts.extend(bytes(place + 1 - len(self._parts)))
        self._arrived += not self._parts[place] & bit
        self._parts[place] |= bit


class Answer:
    """The side that is asked: at most one dump at a time, and a pause between two; no request is forgotten."""

    def __init__(self) -> None:
        self._running = False
        self._wanted = False
        self._earliest: float | None = None

    def next_timer(self) -> float | None:
        """When to call `begins` for what could not begin yet."""
        return self._earliest if self._wanted and not self._running else None

    def ask(self) -> None:
        """Somebody wants a dump. Whoever asks amid one lacks its beginning: another one follows."""
        self._wanted = True

    def begins(self, now: float) -> bool:
        """Whether to begin a dump now; it is running then."""
        if not self._wanted or self._running or (self._earliest is not None and now < self._earliest):
            return False
        self._wanted, self._running = False, True
        return True

    def ended(self, now: float) -> None:
        """The dump is sent."""
        self._running, self._earliest = False, now + _BETWEEN_DUMPS_S
