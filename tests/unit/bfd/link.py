# SPDX-License-Identifier: Apache-2.0
"""Two sessions that hear each other over a wire of their own, with a clock that stands still between events."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from xlvs.bfd.effects import Note, SendPacket, StateChanged
from xlvs.bfd.packet import ControlPacket, State, build, parse
from xlvs.bfd.session import Session
from xlvs.bfd.settings import SessionSettings

if TYPE_CHECKING:
    from xlvs.bfd.effects import Effect

MS: Final = 1000
SECOND: Final = 1_000_000
HERE, THERE = (ip_address(f"10.77.0.{number}").packed for number in (1, 2))


def settings(**more: Any) -> SessionSettings:
    """50 ms both ways, three packets."""
    usual = {"min_rx_us": 50 * MS, "min_tx_us": 50 * MS, "multiplier": 3}
    return SessionSettings(**{"name": "peer", "neighbor": THERE, "source": HERE} | usual | more)


def session(**more: object) -> Session:
    """With the discriminator 7 and without jitter."""
    return Session(settings(**more), 7, lambda: 0.0)


def packet(state: State, **more: Any) -> ControlPacket:
    """What a neighbor with the discriminator 9 says to it."""
    return replace(ControlPacket(state, 9, 7, 3, 50 * MS, 50 * MS), **more)


def sent(effects: list[Effect]) -> list[ControlPacket]:
    """What is to be sent."""
    return [each.packet for each in effects if isinstance(each, SendPacket)]


def notes(effects: list[Effect]) -> list[str]:
    """Lines for the log."""
    return [each.text for each in effects if isinstance(each, Note)]


def changes(effects: list[Effect]) -> list[bool]:
    """Up and down."""
    return [each.up for each in effects if isinstance(each, StateChanged)]


def brought_up(**more: object) -> Session:
    """A session that came up at the time 0."""
    made = session(**more)
    made.start(0)
    made.receive(packet(State.DOWN, your_discriminator=0, desired_min_tx_us=SECOND), 0)
    made.receive(packet(State.UP), 0)
    made.effects()
    return made


class Link:
    """Carries packets, as bytes, both ways; nothing while it is `cut`."""

    def __init__(self, one: SessionSettings, other: SessionSettings) -> None:
        self.now = 0
        self.cut = False
        self.ends = (Session(one, 7, lambda: 0.5), Session(other, 9, lambda: 0.5))
        self.history: list[tuple[int, int, Effect]] = []

    def start(self) -> None:
        """Start both."""
        for each in self.ends:
            each.start(self.now)
        self.deliver()

    def deliver(self) -> None:
        """Carry what was sent until nobody says anything more."""
        for _ in range(100):
            pending = [(number, effect) for number, end in enumerate(self.ends) for effect in end.effects()]
            if not pending:
                return
            for number, effect in pending:
                self.history.append((self.now, number, effect))
                if isinstance(effect, SendPacket) and not self.cut:
                    self.ends[1 - number].receive(parse(build(effect.packet)), self.now)
        raise AssertionError("they do not stop talking")

    def run(self, until: int) -> None:
        """Let time go on, to microsecond `until`."""
        while (due := min((at for each in self.ends if (at := each.next_timer()) is not None), default=until)) < until:
            self.now = max(self.now, due)
            for each in self.ends:
                each.handle_timer(self.now)
            self.deliver()
        self.now = until

    @property
    def states(self) -> tuple[State, State]:
        """Of both."""
        return self.ends[0].state, self.ends[1].state

    def sent_by(self, number: int, since: int = 0) -> list[tuple[int, ControlPacket]]:
        """Times and packets."""
        return [
            (at, effect.packet)
            for at, who, effect in self.history
            if who == number and at >= since and isinstance(effect, SendPacket)
        ]
