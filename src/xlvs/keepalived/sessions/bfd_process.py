# SPDX-License-Identifier: Apache-2.0
"""The BFD process: sessions, their sockets and signals on one event loop, apart from whatever could delay their timers."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Final

from xlvs.bfd.effects import Note, SendPacket, StateChanged
from xlvs.bfd.packet import build
from xlvs.bfd.session import Session
from xlvs.bfd.sessions import NotHeard, Sessions
from xlvs.keepalived.sessions.bfd_events import REFRESH_S
from xlvs.keepalived.sessions.bfd_socket import Ear, Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.sessions.bfd_events import EventWriter
    from xlvs.keepalived.sessions.bfd_translate import BfdPlan

_SECOND_US: Final = 1_000_000
_NOTES_MOST: Final = 100
"""Lines a second about what strangers send."""
REOPEN_S: Final = 1.0
"""Between tries to open a socket."""


def now_us() -> int:
    """The clock of the sessions, the same in all processes."""
    return time.monotonic_ns() // 1000


class RunningSession:
    """A bfd_instance with its socket and its timer."""

    def __init__(self, plan: BfdPlan, discriminator: int, host: BfdProcess) -> None:
        self.plan = plan
        self.session = Session(plan.settings, discriminator, random.random)
        self.heard_at: float | None = None
        """Seconds since 1970."""
        self.changed_at = time.time()
        self.send_error = False
        self._host = host
        self._voice: Voice | None = None
        self._open_error = ""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None

    @property
    def name(self) -> str:
        """Of the bfd_instance."""
        return self.plan.settings.name

    def start(self) -> None:
        """Begin, or try again later when there is no socket to be had."""
        try:
            self._voice = Voice(self.plan.settings)
        except OSError as error:
            text = error.strerror or str(error)
            if text != self._open_error:
                self._open_error = text
                self._host.log.write(f"({self.name}) bind() error ({text})")
            self._timer = asyncio.get_running_loop().call_later(REOPEN_S, self.start)
            return
        self._timer = None
        self.session.start(now_us())
        self.settle()

    def stop(self) -> None:
        """Say nothing more: the neighbor finds out by itself, as it would if this host went down."""
        if self._timer:
            self._timer.cancel()
        self._timer = self._timer_at = None
        if self._voice:
            self._voice.close()
        self._voice = None

    def reconfigure(self, plan: BfdPlan) -> None:
        """Other parameters."""
        self.plan = plan
        self.session.reconfigure(plan.settings, now_us())
        if self._voice:
            self.settle()

    def settle(self) -> None:
        """Do what is pending and set the timer anew."""
        for effect in self.session.effects():
            match effect:
                case SendPacket(packet):
                    self._send(build(packet))
                case StateChanged(up):
                    self.changed_at = time.time()
                    self._host.tell(self, up=up)
                case Note(text, detail):
                    self._host.log.write(text, detail=detail)
        self._arm()

    def _send(self, data: bytes) -> None:
        if self._voice is None:
            return
        try:
            self._voice.send(data)
        except OSError as error:
            if not self.send_error:
                self._host.log.write(f"sendto() error ({error.strerror})")
                self._host.log.write(f"({self.name}) Error sending packet")
            self.send_error = True
        else:
            self.send_error = False

    def _arm(self) -> None:
        at = self.session.next_timer()
        if at == self._timer_at or self._voice is None:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at = at
        self._timer = asyncio.get_running_loop().call_at(at / _SECOND_US, self._ring) if at is not None else None

    def _ring(self) -> None:
        """What waits to be read was looked at before: the event loop has descriptors go before timers."""
        now = max(now_us(), self._timer_at or 0)
        self._timer = self._timer_at = None
        self.session.handle_timer(now)
        self.settle()


class BfdProcess:
    """All sessions of a host. `routers` and `checks` are told of those that concern them."""

    def __init__(
        self, plans: Sequence[BfdPlan], log: Log, routers: EventWriter | None, checks: EventWriter | None
    ) -> None:
        self.log = log
        self.running: dict[str, RunningSession] = {}
        self._plans = plans
        self._routers, self._checks = routers, checks
        self._ears: dict[tuple[int, int], Ear] = {}
        self._deaf: set[tuple[int, int]] = set()
        """Where another program listens; tried again."""
        self._sessions = Sessions([])
        self._refresher: asyncio.TimerHandle | None = None
        self._notes_left = _NOTES_MOST

    def start(self) -> None:
        """Begin with all sessions."""
        self._go_over(self._plans)
        self._refresh()

    def reload(self, plans: Sequence[BfdPlan]) -> None:
        """Other plans by difference: sessions that are the same stay up."""
        self._go_over(plans)
        self._tell_all()

    def stop(self) -> None:
        """End."""
        if self._refresher:
            self._refresher.cancel()
        for each in self.running.values():
            each.stop()
        for ear in self._ears.values():
            asyncio.get_running_loop().remove_reader(ear)
            ear.close()
        self._ears.clear()

    def tell(self, running: RunningSession, *, up: bool) -> None:
        """Those who want to know the state of a session."""
        if self._routers and running.plan.tells_routers:
            self._routers.tell([(running.name, up)], now_us())
        if self._checks and running.plan.tells_checks:
            self._checks.tell([(running.name, up)], now_us())

    # Inside

    def _go_over(self, plans: Sequence[BfdPlan]) -> None:
        wanted = {each.settings.name: each for each in plans}
        new: list[RunningSession] = []
        for name, known in list(self.running.items()):
            plan = wanted.get(name)
            if plan is None or plan.settings.place != known.plan.settings.place:
                known.stop()
                del self.running[name]
        for name, plan in wanted.items():
            known_now = self.running.get(name)
            if known_now is None:
                self.running[name] = RunningSession(plan, self._discriminator(), self)
                new.append(self.running[name])
            elif known_now.plan != plan:
                known_now.reconfigure(plan)
        self._sessions = Sessions(each.session for each in self.running.values())
        self._listen()
        for each in new:
            self.tell(each, up=False)
            each.start()

    def _discriminator(self) -> int:
        """One that no other session here has."""
        taken = {each.session.discriminator for each in self.running.values()}
        return next(number for number in iter(lambda: random.randint(1, 0xFFFFFFFF), 0) if number not in taken)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        wanted = {
            (4 if len(each.plan.settings.neighbor) == 4 else 6, each.plan.settings.port)
            for each in self.running.values()
        }
        for key in [each for each in self._ears if each not in wanted]:
            ear = self._ears.pop(key)
            loop.remove_reader(ear)
            ear.close()
        for family, port in wanted - set(self._ears):
            try:
                ear = Ear(family, port)
            except OSError as error:
                if (family, port) not in self._deaf:
                    self.log.write(f"bind() error ({error.strerror})")
                    self.log.write(f"Unable to open listening socket on port {port}: another BFD daemon may have it")
                self._deaf.add((family, port))
                continue
            self._deaf.discard((family, port))
            self._ears[family, port] = ear
            loop.add_reader(ear, self._hear, ear)

    def _hear(self, ear: Ear) -> None:
        for datagram in ear.datagrams():
            try:
                session, packet = self._sessions.accept(datagram)
            except NotHeard as reason:
                self._complain(reason)
                continue
            running = self.running[session.settings.name]
            running.heard_at = time.time()
            session.receive(packet, now_us())
            running.settle()

    def _complain(self, reason: NotHeard) -> None:
        """Not without limit: anybody can send."""
        if self._notes_left <= 0:
            return
        self._notes_left -= len(reason.lines)
        for line in reason.lines:
            self.log.write(line)

    def _refresh(self) -> None:
        self._notes_left = _NOTES_MOST
        if self._deaf:
            self._listen()
        self._tell_all()
        self._refresher = asyncio.get_running_loop().call_later(REFRESH_S, self._refresh)

    def _tell_all(self) -> None:
        for each in self.running.values():
            self.tell(each, up=each.session.up)
