# SPDX-License-Identifier: Apache-2.0
"""Runs probes on the event loop: plain sockets and call-backs, so that one core carries thousands a second."""

from __future__ import annotations

import resource
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, assert_never

from xlvs.checkers import phrases
from xlvs.checkers.connector import Connector
from xlvs.checkers.stream import StreamAttempt, Tls
from xlvs.healthcheck.probe import (
    BfdProbe,
    DnsProbe,
    FileProbe,
    HttpProbe,
    MiscProbe,
    PingProbe,
    ProbeResult,
    SmtpProbe,
    TcpProbe,
    UdpProbe,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Protocol

    from xlvs.healthcheck.probe import Probe

    class Running(Protocol):
        """A probe under way."""

        def start(self) -> None:
            """Begin."""

        def cancel(self) -> None:
            """Give up; there will be no result."""


RESERVED_DESCRIPTORS = 64


def raise_limit() -> int:
    """Let the process open as many files as it may; gives how many probes can be under way at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return max(soft - RESERVED_DESCRIPTORS, 1)


class Prober:
    """Starts probes and knows which are under way.

    No more than `most` at once, so that a lack of descriptors here is never taken for a dead server there: the others
    wait for their turn.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int | None = None) -> None:
        self._loop = loop
        self._most = raise_limit() if most is None else most
        self._running: dict[int, Running] = {}
        self._waiting: deque[tuple[Probe, Callable[[ProbeResult], None]]] = deque()
        self._count = 0
        self._connector: Connector | None = None

    @property
    def busy(self) -> int:
        """How many are under way."""
        return len(self._running) + (len(self._connector) if self._connector else 0)

    def run(self, probe: Probe, done: Callable[[ProbeResult], None]) -> None:
        """Begin a probe; `done` gets its result, perhaps before this returns."""
        if isinstance(probe, FileProbe):
            from xlvs.checkers.program import read_number

            done(read_number(probe))
            return
        if isinstance(probe, BfdProbe):
            return
        if self.busy >= self._most:
            self._waiting.append((probe, done))
            return
        if isinstance(probe, TcpProbe):
            if self._connector is None:
                self._connector = Connector(self._loop, self._next)
            self._connector.connect(probe.endpoint, done)
            return
        self._count += 1
        number = self._count

        def finished(result: ProbeResult) -> None:
            self._running.pop(number, None)
            if self._waiting:
                self._loop.call_soon(self._next)
            done(result)

        attempt = self._attempt(probe, finished)
        self._running[number] = attempt
        attempt.start()

    def _next(self) -> None:
        while self._waiting and self.busy < self._most:
            self.run(*self._waiting.popleft())

    def cancel_all(self) -> None:
        """Give up every probe that is under way."""
        self._waiting.clear()
        if self._connector:
            self._connector.close()
        for attempt in list(self._running.values()):
            attempt.cancel()
        self._running.clear()

    def _attempt(
        self,
        probe: HttpProbe | SmtpProbe | DnsProbe | UdpProbe | PingProbe | MiscProbe,
        done: Callable[[ProbeResult], None],
    ) -> Running:
        match probe:
            case HttpProbe():
                from xlvs.checkers.http import HttpExchange

                exchange = HttpExchange(probe)
                tls = Tls(probe.sni, probe.identity, takes_leave=probe.takes_leave) if probe.tls else None
                return StreamAttempt(self._loop, probe.endpoint, done, exchange, phrases.HTTP, tls)
            case SmtpProbe():
                from xlvs.checkers.smtp import SmtpExchange

                return StreamAttempt(self._loop, probe.endpoint, done, SmtpExchange(probe), phrases.SMTP)
            case DnsProbe() | UdpProbe() | PingProbe():
                from xlvs.checkers.datagram import DatagramAttempt

                return DatagramAttempt(self._loop, probe, done)
            case MiscProbe():
                from xlvs.checkers.program import ProgramAttempt

                return ProgramAttempt(self._loop, probe, done)
            case _:
                assert_never(probe)
