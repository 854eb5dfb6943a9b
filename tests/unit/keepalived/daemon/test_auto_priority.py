# SPDX-License-Identifier: Apache-2.0
"""max_auto_priority: late timers raise the priority of the process, step by step."""

import asyncio
import time

import pytest

from tests.unit.config.texts import read
from xlvs.config.settings.general import GlobalSettings
from xlvs.keepalived.daemon.auto_priority import PERIOD_S, AutoPriority
from xlvs.keepalived.daemon.log import Log


def settings(lines: str) -> GlobalSettings:
    """What global_defs say."""
    return read(f"global_defs {{\n{lines}\n}}\n").config.settings


@pytest.mark.keyword("global_defs.max_auto_priority", "global_defs.min_auto_priority_delay")
def test_lateness_beyond_the_allowed_raises_the_priority_up_to_the_most() -> None:
    """One step each time; a little late is nothing, and so is everything without the keyword."""

    async def run(lines: str, *, fixed: bool = False) -> list[int]:
        taken: list[int] = []
        priority = AutoPriority(Log("test", to_syslog=False), taken.append)
        priority.follow(settings(lines), fixed=fixed)
        for late_us in (400_000, 600_000, 2_000_000, 600_000):
            priority.late(late_us)
        priority.follow(settings(""), fixed=False)
        return taken

    assert asyncio.run(run("max_auto_priority 2\nmin_auto_priority_delay 500000")) == [1, 2]
    assert asyncio.run(run("max_auto_priority 9")) == [1]
    assert asyncio.run(run("max_auto_priority 2\nmin_auto_priority_delay 500000", fixed=True)) == []
    assert asyncio.run(run("")) == asyncio.run(run("max_auto_priority -1")) == []


def test_a_loop_that_is_held_up_is_late() -> None:
    """Found by its own timer."""

    async def run() -> list[int]:
        taken: list[int] = []
        priority = AutoPriority(Log("test", to_syslog=False), taken.append)
        priority.follow(settings("max_auto_priority 1\nmin_auto_priority_delay 1000"), fixed=False)
        time.sleep(PERIOD_S + 0.1)
        async with asyncio.timeout(10):
            while not taken:
                await asyncio.sleep(0.01)
        return taken

    assert asyncio.run(run()) == [1]


def test_priority_that_cannot_be_had_is_not_tried_again() -> None:
    """The process goes on without it."""
    tries = []

    def refuse(number: int) -> None:
        tries.append(number)
        raise PermissionError(1, "Operation not permitted")

    async def run() -> None:
        priority = AutoPriority(Log("test", to_syslog=False), refuse)
        priority.follow(settings("max_auto_priority 9"), fixed=False)
        for _ in range(3):
            priority.late(5_000_000)
        priority.follow(settings(""), fixed=False)

    asyncio.run(run())
    assert tries == [1]
