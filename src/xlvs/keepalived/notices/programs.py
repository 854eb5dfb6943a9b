# SPDX-License-Identifier: Apache-2.0
"""Programs that the daemon runs: started without waiting, and told of when they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.linux.program import start

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.script_plan import Command

_KILL_AFTER_S: Final = 2.0


class Program:
    """One that runs. `ended` gets its exit status, negative for a signal; `timed_out` tells whether it was stopped."""

    def __init__(self, process: subprocess.Popen[bytes], ended: Callable[[Program, int], None] | None) -> None:
        self._process = process
        self._ended = ended
        self.timed_out = False
        self.runs = True
        self._limit: asyncio.TimerHandle | None = None
        self._handle = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._handle, self._reap)

    def limit(self, seconds: float) -> None:
        """Stop it after so long: asked to first, then killed."""
        self._limit = asyncio.get_running_loop().call_later(seconds, self._stop, signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, now."""
        self._ended = None
        with suppress(ProcessLookupError):
            if self.runs:
                os.killpg(self._process.pid, signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        self.timed_out = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        self._limit = asyncio.get_running_loop().call_later(_KILL_AFTER_S, self._stop, signal.SIGKILL)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        if self._limit:
            self._limit.cancel()
        status = self._process.wait()
        self.runs = False
        if self._ended:
            self._ended(self, status)


def run(command: Command, *more: str, ended: Callable[[Program, int], None] | None = None) -> Program:
    """Start a command with more arguments. Raises OSError."""
    return Program(start((*command.arguments, *more), command.run_as), ended)


class Starter:
    """Starts programs one after the other, so that between two of many everything else has its turn."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: deque[tuple[Command, tuple[str, ...]]] = deque()

    def start(self, command: Command, *more: str) -> None:
        """As soon as those before it have begun."""
        self._waiting.append((command, more))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def flush(self) -> None:
        """At the end: all of them now."""
        while self._waiting:
            self._begin()

    def _next(self) -> None:
        if self._waiting:
            self._begin()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)

    def _begin(self) -> None:
        command, more = self._waiting.popleft()
        try:
            run(command, *more)
        except OSError as error:
            self._log.write(f"Unable to run {command.text}: {error.strerror}")


def run_and_wait(command: Command, *more: str, limit_s: float = 1.0) -> int | None:
    """Start a command and wait for its end, not for ever: its exit status, None if it was killed. Raises OSError."""
    process = start((*command.arguments, *more), command.run_as)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and all that it started; two seconds later they are killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_KILL_AFTER_S)
            return
