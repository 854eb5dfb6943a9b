# SPDX-License-Identifier: Apache-2.0
"""How the kernel is to treat the process of a part: nice value, real-time priority, CPUs, memory that is never swapped."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from xlvs.linux.syscall import lock_memory
from xlvs.model.errors import KernelError, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.config.settings.general import GlobalSettings
    from xlvs.keepalived.daemon.log import Log


@dataclass(frozen=True, slots=True)
class Wish:
    """What global_defs says for a part. None: as the process was begun."""

    priority: int | None = None
    rt_priority: int | None = None
    cpu_affinity: tuple[int, ...] | None = None
    no_swap: bool = False


def wish(settings: GlobalSettings, part: str) -> Wish:
    """That of a part, by the word with which its keywords begin: vrrp, checker or bfd."""
    return Wish(**{each.name: getattr(settings, f"{part}_{each.name}") for each in fields(Wish)})


class Scheduling:
    """Of this process. What cannot be had is said, and the process goes on without it."""

    def __init__(self, part: str, log: Log) -> None:
        self._part = part
        self._log = log
        self._now = Wish()
        self._nice = os.getpriority(os.PRIO_PROCESS, 0)
        self._cpus = os.sched_getaffinity(0)

    def follow(self, settings: GlobalSettings) -> None:
        """Change what differs from before."""
        before, self._now = self._now, wish(settings, self._part)
        ways: dict[str, Callable[[Wish], None]] = {
            "cpu_affinity": self._set_cpus,
            "rt_priority": self._set_policy,
            "priority": self._set_nice,
            "no_swap": lambda it: lock_memory(lock=it.no_swap),
        }
        for name, way in ways.items():
            if getattr(before, name) != getattr(self._now, name):
                self._try(f"{self._part}_{name}", way)

    def _try(self, keyword: str, way: Callable[[Wish], None]) -> None:
        try:
            way(self._now)
        except OSError as error:
            self._log.write(f"{keyword} cannot be had: {error.strerror}")
        except (KernelError, PermissionDenied) as error:
            self._log.write(f"{keyword} cannot be had: {error.message}")

    def _set_cpus(self, given: Wish) -> None:
        os.sched_setaffinity(0, self._cpus if given.cpu_affinity is None else given.cpu_affinity)

    def _set_policy(self, given: Wish) -> None:
        """Scripts and other children begin as usual ones."""
        policy = os.SCHED_RR if given.rt_priority else os.SCHED_OTHER
        os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(given.rt_priority or 0))

    def _set_nice(self, given: Wish) -> None:
        if not given.rt_priority:
            self._set_policy(given)
        os.setpriority(os.PRIO_PROCESS, 0, self._nice if given.priority is None else given.priority)
