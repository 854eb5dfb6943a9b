# SPDX-License-Identifier: Apache-2.0
"""max_auto_priority: a process whose timers are late gets real-time priority, a step more each time."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.config.settings.general import GlobalSettings
    from xlvs.keepalived.daemon.log import Log

PERIOD_S: Final = 0.5
_SECOND_US: Final = 1_000_000


def take_priority(priority: int) -> None:
    """SCHED_RR for this process; scripts and other children begin as usual ones. Raises OSError."""
    os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))


class AutoPriority:
    """Looks at its own timer twice a second, on the running event loop. `take` gives the process a priority."""

    def __init__(self, log: Log, take: Callable[[int], None] = take_priority) -> None:
        self.priority = 0
        self._log = log
        self._take = take
        self._most = 0
        self._allowed_us = 0
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, settings: GlobalSettings, *, fixed: bool) -> None:
        """Go over to a configuration; `fixed`: the process has a real-time priority that is given."""
        self._most = 0 if fixed else max(settings.max_auto_priority, 0)
        self._allowed_us = settings.min_auto_priority_delay
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._most:
            self._wait()

    def late(self, late_us: int) -> None:
        """A timer expired so much too late."""
        if late_us <= self._allowed_us or self.priority >= self._most:
            return
        self.priority += 1
        try:
            self._take(self.priority)
        except OSError as error:
            self._log.write(f"max_auto_priority cannot be had: {error.strerror}")
            self._most = 0
        else:
            late_s = late_us / _SECOND_US
            self._log.write(f"A thread timer expired {late_s:.6f} seconds ago: real-time priority {self.priority}")

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(PERIOD_S, self._look, loop.time() + PERIOD_S)

    def _look(self, due: float) -> None:
        self.late(int((asyncio.get_running_loop().time() - due) * _SECOND_US))
        self._timer = None
        if self._most:
            self._wait()
