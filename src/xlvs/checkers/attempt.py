# SPDX-License-Identifier: Apache-2.0
"""One probe under way: it ends with exactly one result, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.healthcheck.probe import SECOND_US, ProbeResult

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable


class Attempt:
    """A socket, a limit of time and somebody who waits for the result."""

    __slots__ = ("_done", "_limit", "_loop", "_socket", "_timeout_us")

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_us: int, done: Callable[[ProbeResult], None]) -> None:
        self._loop = loop
        self._done: Callable[[ProbeResult], None] | None = done
        self._timeout_us = timeout_us
        self._socket: socket.socket | None = None
        self._limit: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        """Give up: there will be no result."""
        self._done = None
        self._release()

    def _begin(self, opened: socket.socket) -> None:
        self._socket = opened
        self._restart_limit()

    def _restart_limit(self) -> None:
        if self._limit:
            self._limit.cancel()
        self._limit = self._loop.call_later(self._timeout_us / SECOND_US, self._expired)

    def _expired(self) -> None:
        self._finish(ok=False, reason="timeout")

    def _finish(self, *, ok: bool, reason: str, said: str = "") -> None:
        self._end(ProbeResult(ok, reason, said=said))

    def _end(self, result: ProbeResult) -> None:
        done, self._done = self._done, None
        self._release()
        if done:
            done(result)

    def _release(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None
        if self._socket:
            # By number: asyncio writes out a socket object for each that it does not know, which takes half the time.
            # Below 0: TLS took the socket over and lost it, as when the peer has reset the connection just then.
            descriptor = self._socket.fileno()
            if descriptor >= 0:
                self._loop.remove_writer(descriptor)
                self._loop.remove_reader(descriptor)
            self._socket.close()
            self._socket = None
