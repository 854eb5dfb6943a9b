# SPDX-License-Identifier: Apache-2.0
"""Every scheduler once: its name in ipvsadm, its number in the packet path, its flags.

The names and the meaning of the flags are the kernel's; the numbers are ours, fixed, and shared with the packet
path's `enum scheduler`.
"""

from __future__ import annotations

from typing import NamedTuple


class SchedulerRow(NamedTuple):
    """One scheduler; `flags` names the bits of `VirtualService.scheduler_flags` that it knows."""

    name: str
    number: int
    flags: tuple[tuple[str, int], ...] = ()


NO_SCHEDULER = SchedulerRow("", 0)

SCHEDULERS: tuple[SchedulerRow, ...] = (
    SchedulerRow("rr", 1),
    SchedulerRow("wrr", 2),
    SchedulerRow("lc", 3),
    SchedulerRow("wlc", 4),
    SchedulerRow("lblc", 5),
    SchedulerRow("lblcr", 6),
    SchedulerRow("dh", 7),
    SchedulerRow("sh", 8, (("sh-fallback", 0x08), ("sh-port", 0x10))),
    SchedulerRow("sed", 9),
    SchedulerRow("nq", 10),
    SchedulerRow("fo", 11),
    SchedulerRow("ovf", 12),
    SchedulerRow("mh", 13, (("mh-fallback", 0x08), ("mh-port", 0x10))),
    SchedulerRow("twos", 14),
)

_BY_NAME = {row.name: row for row in (NO_SCHEDULER, *SCHEDULERS)}
_BY_NUMBER = {row.number: row for row in _BY_NAME.values()}


def find(name: str) -> SchedulerRow | None:
    """The scheduler of this name ("" is none at all), None if there is no such one."""
    return _BY_NAME.get(name)


def find_number(number: int) -> SchedulerRow | None:
    """The scheduler of this number (0 is none at all), None if there is no such one."""
    return _BY_NUMBER.get(number)
