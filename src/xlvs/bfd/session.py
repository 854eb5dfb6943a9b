# SPDX-License-Identifier: Apache-2.0
"""A session: RFC 5880 6.2 and 6.8, asynchronous mode without echo and without authentication.

Feed it events, each with the present time in microseconds of a clock that never goes back, and take its effects:

    session.start(now)  session.receive(packet, now)  session.handle_timer(now)  session.effects()

`next_timer()` says when `handle_timer` is due.

    heard     | DOWN    | INIT                 | UP
    Down      | -> INIT |                      | -> DOWN (neighbor signaled)
    Init      | -> UP   | -> UP                |
    Up        |         | -> UP                |
    AdminDown |         | -> DOWN (signaled)   | -> DOWN (signaled)
    nothing   |         | -> DOWN (expired)    | -> DOWN (expired)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.bfd.effects import Note, SendPacket, StateChanged
from xlvs.bfd.packet import ControlPacket, Diagnostic, State, diagnostic_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.bfd.effects import Effect
    from xlvs.bfd.settings import SessionSettings

JITTER: Final = 0.25
JITTER_LEAST_SINGLE: Final = 0.10
"""With a multiplier of 1 the neighbor waits for no second packet (RFC 5880 6.8.7)."""
_NEXT: Final = {
    (State.DOWN, State.DOWN): State.INIT,
    (State.DOWN, State.INIT): State.UP,
    (State.INIT, State.INIT): State.UP,
    (State.INIT, State.UP): State.UP,
    (State.INIT, State.ADMIN_DOWN): State.DOWN,
    (State.UP, State.DOWN): State.DOWN,
    (State.UP, State.ADMIN_DOWN): State.DOWN,
}
"""By own state and the neighbor's; what is not here changes nothing."""


@dataclass(frozen=True, slots=True)
class Neighbor:
    """What the other end said last; as RFC 5880 6.8.1 has it at the beginning."""

    discriminator: int = 0
    state: State = State.DOWN
    diagnostic: int = Diagnostic.NONE
    desired_min_tx_us: int = 0
    required_min_rx_us: int = 1
    multiplier: int = 0
    demand: bool = False


class Session:
    """State, timers and pending effects of one session. `draw` gives numbers from 0 to 1, for the jitter."""

    def __init__(self, settings: SessionSettings, discriminator: int, draw: Callable[[], float]) -> None:
        self.settings = settings
        self.discriminator = discriminator
        self.state = State.DOWN
        self.diagnostic: int = Diagnostic.NONE
        self.neighbor = Neighbor()
        self.polling = False
        """The neighbor has not acknowledged our parameters yet (RFC 5880 6.5)."""
        self.detection_us = 0
        """Silence after which the neighbor is taken for lost; 0 before anything was heard."""
        self._draw = draw
        self._effects: list[Effect] = []
        self._poll_again = False
        self._tx_in_use_us = self.desired_min_tx_us
        self._rx_in_use_us = settings.min_rx_us
        self._send_at: int | None = None
        self._paced_us = 0
        self._sent_at: int | None = None
        self._expire_at: int | None = None

    # What the shell asks

    def effects(self) -> list[Effect]:
        """Take the pending effects, oldest first."""
        taken, self._effects = self._effects, []
        return taken

    def next_timer(self) -> int | None:
        """When `handle_timer` wants to be called, None: not at all."""
        return min((at for at in (self._send_at, self._expire_at) if at is not None), default=None)

    @property
    def up(self) -> bool:
        """Both ends hear each other."""
        return self.state is State.UP

    @property
    def desired_min_tx_us(self) -> int:
        """What we tell the neighbor."""
        return self.settings.min_tx_us if self.up else self.settings.slow_tx_us

    @property
    def tx_interval_us(self) -> int:
        """Between our packets, but for the jitter (RFC 5880 6.8.2)."""
        return max(self._tx_in_use_us, self.neighbor.required_min_rx_us)

    @property
    def neighbor_tx_interval_us(self) -> int:
        """Between those of the neighbor."""
        return max(self._rx_in_use_us, self.neighbor.desired_min_tx_us)

    # Events

    def start(self, now: int) -> None:
        """Begin; an active end speaks at once."""
        self._pace(now)

    def receive(self, packet: ControlPacket, now: int) -> None:
        """A packet for this session that passed the checks of reception (RFC 5880 6.8.6)."""
        known = self.neighbor
        self.neighbor = Neighbor(
            packet.my_discriminator,
            packet.state,
            packet.diagnostic,
            packet.desired_min_tx_us,
            packet.required_min_rx_us,
            packet.multiplier,
            packet.demand,
        )
        if self.polling and packet.final:
            self._end_poll()
        self._update_detection(known)
        after = _NEXT.get((self.state, packet.state))
        if after:
            self._enter(after, now)
        if packet.poll:
            self._do(SendPacket(self._packet(final=True)))
        self._expire_at = now + self.detection_us
        self._pace(now)

    def handle_timer(self, now: int) -> None:
        """Do what is due."""
        if self._expire_at is not None and now >= self._expire_at:
            self._expire(now)
            self._pace(now)  # a neighbor that wanted no packets is forgotten: one may be due at once
        if self._send_at is not None and now >= self._send_at:
            self._send(now)
        self._pace(now)

    def reconfigure(self, settings: SessionSettings, now: int) -> None:
        """Other parameters for the same session, which stays as it is (RFC 5880 6.8.3)."""
        before, self.settings = self.settings, settings
        changed = (before.min_tx_us, before.min_rx_us) != (settings.min_tx_us, settings.min_rx_us)
        if self.up and changed:
            self._tx_in_use_us = min(self._tx_in_use_us, settings.min_tx_us)
            self._rx_in_use_us = max(self._rx_in_use_us, settings.min_rx_us)
            self._start_poll()
        elif changed or before.idle_tx_us != settings.idle_tx_us:
            self._use_parameters()
        self._pace(now)

    # Inside

    def _do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _note(self, text: str, *, detail: bool = False) -> None:
        self._do(Note(f"({self.settings.name}) {text}", detail))

    def _enter(self, state: State, now: int, diagnostic: int = Diagnostic.NEIGHBOR_DOWN) -> None:
        was_up, self.state = self.up, state
        self.diagnostic = diagnostic if state is State.DOWN else Diagnostic.NONE
        if state is State.UP:
            self._note("Entering Up state")
            self._tx_in_use_us = min(self._tx_in_use_us, self.settings.min_tx_us)
            self._start_poll()
            self._do(StateChanged(up=True))
        elif state is State.DOWN:
            ours, theirs = diagnostic_text(self.diagnostic), diagnostic_text(self.neighbor.diagnostic)
            self._note(f"Entering Down state (Local diagnostic - {ours}, Remote diagnostic - {theirs})")
            self.polling = self._poll_again = False
            self._use_parameters()
            if was_up:
                self._do(StateChanged(up=False))
        if self._may_send:
            self._send(now)

    def _expire(self, now: int) -> None:
        """Silence: the neighbor's discriminator is not valid any more (RFC 5880 6.8.1)."""
        overdue = now - (self._expire_at or now)
        self._expire_at = None
        diagnostic = self.neighbor.diagnostic
        self.neighbor = Neighbor(diagnostic=diagnostic)
        if self.state in {State.INIT, State.UP}:
            self._note(f"Expired after {(self.detection_us + overdue) // 1000} ms ({overdue} usec overdue)")
            self._enter(State.DOWN, now, Diagnostic.EXPIRED)

    # Parameters

    def _start_poll(self) -> None:
        if self.polling:
            self._poll_again = True
            return
        self.polling = True
        self._note("Starting poll sequence", detail=True)

    def _end_poll(self) -> None:
        """The neighbor knows; unless there is news meanwhile, which its answer may not be about."""
        self.polling = False
        if self._poll_again:
            self._poll_again = False
            self._start_poll()
        else:
            self._use_parameters()

    def _use_parameters(self) -> None:
        self._tx_in_use_us = self.desired_min_tx_us
        self._rx_in_use_us = self.settings.min_rx_us

    def _update_detection(self, known: Neighbor) -> None:
        was, self.detection_us = self.detection_us, self.neighbor.multiplier * self.neighbor_tx_interval_us
        if _parameters(known) == _parameters(self.neighbor) and was == self.detection_us:
            return
        settings, neighbor = self.settings, self.neighbor
        indent = " " * (len(settings.name) + 2)
        ours = (self.desired_min_tx_us, settings.min_rx_us, self.tx_interval_us, settings.multiplier)
        theirs = (
            neighbor.desired_min_tx_us,
            neighbor.required_min_rx_us,
            self.neighbor_tx_interval_us,
            neighbor.multiplier,
        )
        self._note("---------------< Session parameters >--------------", detail=True)
        self._do(Note(f"{indent}          min_tx  min_rx  tx_intv  mult  detect_time", detail=True))
        self._do(Note(f"{indent} local  {_row(*ours)} {self.detection_us:12}", detail=True))
        waits = settings.multiplier * self.tx_interval_us
        self._do(Note(f"{indent} remote {_row(*theirs)} {waits:12}", detail=True))
        if was != self.detection_us:
            self._do(Note(f"{indent} Detection time is {self.detection_us} us (was {was} us)"))

    # Sending

    @property
    def _may_send(self) -> bool:
        """RFC 5880 6.8.7."""
        neighbor = self.neighbor
        if self.settings.passive and not neighbor.discriminator:
            return False
        if not neighbor.required_min_rx_us:
            return False
        return self.polling or not (neighbor.demand and self.up and neighbor.state is State.UP)

    def _packet(self, *, final: bool = False) -> ControlPacket:
        return ControlPacket(
            self.state,
            self.discriminator,
            self.neighbor.discriminator,
            self.settings.multiplier,
            self.desired_min_tx_us,
            self.settings.min_rx_us,
            self.diagnostic,
            poll=self.polling and not final,
            final=final,
        )

    def _send(self, now: int) -> None:
        self._do(SendPacket(self._packet()))
        self._sent_at, self._send_at = now, None

    def _pace(self, now: int) -> None:
        """Set the time of the next periodic packet, anew when the interval became another one."""
        if not self._may_send:
            self._send_at = None
        elif self._send_at is None or self._paced_us != self.tx_interval_us:
            self._paced_us = self.tx_interval_us
            due = now if self._sent_at is None else max(now, self._sent_at + self._jittered(self._paced_us))
            self._send_at = due if self._send_at is None else min(due, self._send_at)

    def _jittered(self, interval_us: int) -> int:
        """Less by up to a quarter (RFC 5880 6.8.7)."""
        least = JITTER_LEAST_SINGLE if self.settings.multiplier == 1 else 0.0
        return int(interval_us * (1 - least - (JITTER - least) * self._draw()))


def _parameters(neighbor: Neighbor) -> tuple[int, int, int]:
    return neighbor.desired_min_tx_us, neighbor.required_min_rx_us, neighbor.multiplier


def _row(min_tx: int, min_rx: int, interval: int, multiplier: int) -> str:
    return f"{min_tx:8} {min_rx:7} {interval:8} {multiplier:5}"
