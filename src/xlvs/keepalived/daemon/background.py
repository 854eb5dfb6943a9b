# SPDX-License-Identifier: Apache-2.0
"""Leaving the terminal: whoever called gets the shell back when the daemon has started, or failed to."""

from __future__ import annotations

import os
from contextlib import suppress


class Foreground:
    """Whoever called and still waits. Nobody, for a daemon that stays in the foreground."""

    def __init__(self, pipe: int = -1, *, keeps_console: bool = False) -> None:
        self._pipe = pipe
        self._is_left = pipe >= 0
        self._keeps_console = keeps_console

    def started(self) -> None:
        """The daemon runs."""
        if self._pipe >= 0:
            with suppress(OSError):
                os.write(self._pipe, b"\0")
            self.detach()

    def detach(self) -> None:
        """Let go of the caller's terminal and pipes, in this process."""
        if not self._is_left:
            return
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1) if self._keeps_console else (0, 1, 2):
            os.dup2(null, fd)
        os.close(null)


def leave_foreground(*, keeps_console: bool) -> Foreground:
    """Go on in a process of its own session. The one that was called ends: with 0 when the daemon has started."""
    wait, tell = os.pipe()
    if os.fork():
        os.close(tell)
        with os.fdopen(wait, "rb") as pipe:
            os._exit(0 if pipe.read(1) else 1)
    os.close(wait)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    return Foreground(tell, keeps_console=keeps_console)
