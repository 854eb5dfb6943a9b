# SPDX-License-Identifier: Apache-2.0
"""Probes that look at this host: programs (MISC_CHECK) and files (FILE_CHECK)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from xlvs.healthcheck.probe import FILE_DOWN, SECOND_US, ProbeResult, Weight
from xlvs.linux.program import start
from xlvs.linux.small_file import beginning

if TYPE_CHECKING:
    import asyncio
    import subprocess
    from collections.abc import Callable

    from xlvs.healthcheck.probe import FileProbe, MiscProbe

_GRACE_S = 2.0
_NOT_STARTED = 127
_DYNAMIC_OFFSET = 2


class ProgramAttempt:
    """Runs a program; SIGTERM when its time is over, SIGKILL two seconds later."""

    def __init__(self, loop: asyncio.AbstractEventLoop, probe: MiscProbe, done: Callable[[ProbeResult], None]) -> None:
        self._loop = loop
        self._probe = probe
        self._done: Callable[[ProbeResult], None] | None = done
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._limit: asyncio.TimerHandle | None = None
        self._late = False

    def start(self) -> None:
        """Start the program, in a process group of its own."""
        try:
            self._process = start(self._probe.command, self._probe.run_as)
            self._pidfd = os.pidfd_open(self._process.pid)
        except (OSError, ValueError, LookupError) as problem:
            reason = f"Cannot run {self._name()}: {problem}"
            self._end(ProbeResult(ok=False, reason=reason, said=f"failed (exited with status {_NOT_STARTED})"))
            return
        self._loop.add_reader(self._pidfd, self._ended)
        self._limit = self._loop.call_later(self._probe.timeout_us / SECOND_US, self._too_long)

    def cancel(self) -> None:
        """Give up: the program is ended and there will be no result."""
        self._done = None
        self._signal(signal.SIGKILL)

    def _name(self) -> str:
        return " ".join(self._probe.command)

    def _too_long(self) -> None:
        self._signal(signal.SIGKILL if self._late else signal.SIGTERM)
        if not self._late:
            self._late = True
            self._limit = self._loop.call_later(_GRACE_S, self._too_long)

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        if self._limit:
            self._limit.cancel()
        status = self._process.wait() if self._process else _NOT_STARTED
        self._end(judge_status(self._probe, status, late=self._late))

    def _end(self, result: ProbeResult) -> None:
        done, self._done = self._done, None
        if done:
            done(result)


def judge_status(probe: MiscProbe, status: int, *, late: bool = False) -> ProbeResult:
    """What an exit status means; below 0 it is a signal's number."""
    name = " ".join(probe.command)
    if late:
        return ProbeResult(ok=False, reason=f"{name} did not end in time.", said="timed out")
    if probe.dynamic and status >= _DYNAMIC_OFFSET:
        weight = Weight(status - _DYNAMIC_OFFSET, absolute=True)
        return ProbeResult(ok=True, reason=f"{name} succeeded.", weight=weight)
    if status == 0:
        return ProbeResult(ok=True, reason=f"{name} succeeded.")
    ended = f"due to signal {-status}" if status < 0 else f"exited with status {status}"
    return ProbeResult(ok=False, reason=f"{name} failed: {ended}.", said=f"failed ({ended})")


def read_number(probe: FileProbe) -> ProbeResult:
    """The number in a file times the weight; no file and no number count as 0."""
    value = 0
    with suppress(OSError, ValueError):
        value = int(beginning(probe.path).strip() or 0)
    value = value * probe.weight
    if value <= FILE_DOWN:
        return ProbeResult(ok=False, reason=f"File {probe.path} says that the server is down.")
    return ProbeResult(ok=True, weight=Weight(value))
