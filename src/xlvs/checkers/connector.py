# SPDX-License-Identifier: Apache-2.0
"""Opens connections for TCP_CHECK, thousands a second: one epoll and one timer for all of them.

A probe costs the system calls that it needs and little more. It is the most frequent kind by far; what asyncio does for
each socket, with a timer of its own, takes as long as the connection.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from os import strerror
from typing import TYPE_CHECKING, Final

from xlvs.checkers import phrases
from xlvs.checkers.sockets import connected
from xlvs.healthcheck.probe import SECOND_US, ProbeResult, end_text

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from xlvs.healthcheck.probe import Endpoint

_AT_ONCE: Final = 256
"""Connections that are looked at before others on the event loop have their turn."""
_GOOD: Final = ProbeResult(ok=True, reason="The connection opened.")


class _Opening:
    """A connection under way; without `done` it is over."""

    __slots__ = ("deadline", "done", "endpoint", "socket")

    def __init__(
        self, opened: socket.socket, endpoint: Endpoint, done: Callable[[ProbeResult], None], deadline: float
    ) -> None:
        self.socket = opened
        self.endpoint = endpoint
        self.done: Callable[[ProbeResult], None] | None = done
        self.deadline = deadline


class Connector:
    """All connections under way. `freed` is called when some of them are over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, freed: Callable[[], None]) -> None:
        self._loop = loop
        self._freed = freed
        self._epoll = select.epoll()
        self._openings: dict[int, _Opening] = {}
        self._limits: dict[int, deque[_Opening]] = {}
        """By how long they may take: the oldest ends first. Those that are over stay until it is their turn."""
        self._timer: asyncio.TimerHandle | None = None
        loop.add_reader(self._epoll.fileno(), self._look)

    def __len__(self) -> int:
        return len(self._openings)

    def connect(self, endpoint: Endpoint, done: Callable[[ProbeResult], None]) -> None:
        """Open a connection and close it; `done` gets what came of it, perhaps before this returns."""
        try:
            opened, error = connected(endpoint, socket.SOCK_STREAM)
        except OSError as problem:
            done(_failed(endpoint, problem.errno or 0, problem.strerror or str(problem)))
            return
        if error:
            opened.close()
            done(_failed(endpoint, error))
            return
        opening = _Opening(opened, endpoint, done, self._loop.time() + endpoint.timeout_us / SECOND_US)
        descriptor = opened.fileno()
        self._openings[descriptor] = opening
        self._epoll.register(descriptor, select.EPOLLOUT)
        limits = self._limits.get(endpoint.timeout_us)
        if limits is None:
            limits = self._limits[endpoint.timeout_us] = deque()
        limits.append(opening)
        if self._timer is None or self._timer.when() > opening.deadline:
            self._arm(opening.deadline)

    def close(self) -> None:
        """Give up all of them."""
        for opening in self._openings.values():
            opening.done = None
            self._shut(opening)
        self._openings.clear()
        self._limits.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _arm(self, when: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._expire)

    def _look(self) -> None:
        """What opened or was refused. All are taken before any is told: a new one may have the number of an old one."""
        taken = [self._openings.pop(descriptor, None) for descriptor, _ in self._epoll.poll(0, _AT_ONCE)]
        for opening in taken:
            if opening:
                error = opening.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                self._end(opening, _failed(opening.endpoint, error) if error else _GOOD)
        self._freed()

    def _expire(self) -> None:
        """End those whose time is over."""
        self._timer = None
        now = self._loop.time()
        for limits in list(self._limits.values()):
            while limits and (limits[0].done is None or limits[0].deadline <= now):
                opening = limits.popleft()
                if opening.done:
                    del self._openings[opening.socket.fileno()]
                    self._end(opening, _late(opening.endpoint))
        following = min((limits[0].deadline for limits in self._limits.values() if limits), default=None)
        if following is not None:
            self._arm(following)
        self._freed()

    def _end(self, opening: _Opening, result: ProbeResult) -> None:
        done, opening.done = opening.done, None
        self._shut(opening)
        if done:
            done(result)

    def _shut(self, opening: _Opening) -> None:
        """Close it, and out of the epoll: a program that is just being started may hold it open for a moment."""
        self._epoll.unregister(opening.socket.fileno())
        opening.socket.close()


def _name(endpoint: Endpoint) -> str:
    return end_text(endpoint.address, endpoint.port, "tcp")


def _failed(endpoint: Endpoint, error: int, why: str = "") -> ProbeResult:
    reason = f"TCP connection to {_name(endpoint)} failed: {why or strerror(error)}."
    return ProbeResult(ok=False, reason=reason, said=phrases.TCP.of(error))


def _late(endpoint: Endpoint) -> ProbeResult:
    return ProbeResult(ok=False, reason=f"Timeout connecting to {_name(endpoint)}.", said=phrases.TCP.unconnected)
