# SPDX-License-Identifier: Apache-2.0
"""The process of the health checks: checks what a file says until SIGTERM, reads it again on SIGHUP."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from xlvs.config.build.config import load
from xlvs.config.files import Identity, Unreadable
from xlvs.keepalived.check_notify import CheckNotifier
from xlvs.keepalived.check_translate import translate
from xlvs.keepalived.checking import run_checkers
from xlvs.keepalived.files import DiskFiles
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from xlvs.config.problem import Problem
    from xlvs.keepalived.check_plan import CheckPlan
    from xlvs.keepalived.log import Log


def read_plan(path: Path, identity: str) -> tuple[CheckPlan, list[Problem]]:
    """The plan in a file, and what is wrong with it. Raises UsageError: the file cannot be read."""
    try:
        loaded = load(str(path), DiskFiles(), Identity(identity))
    except Unreadable as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    return translate(loaded.config), list(loaded.problems)


def run(plan: CheckPlan, path: Path, identity: str, log: Log, *, keep: bool, parent: int | None = None) -> None:
    """Check until told to stop. `parent`: a descriptor that ends when the process above does; `keep`: leave the tables."""
    asyncio.run(_run(plan, path, identity, log, keep=keep, parent=parent))


async def _run(plan: CheckPlan, path: Path, identity: str, log: Log, *, keep: bool, parent: int | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    reloads: asyncio.Queue[CheckPlan] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def reread() -> None:
        try:
            again, problems = read_plan(path, identity)
        except UsageError as error:
            log.write(f"The configuration of before stays: {error.message}")
            return
        for problem in problems:
            log.write(problem.report())
        reloads.put_nowait(again)

    orphaned = False

    def parent_ended() -> None:
        nonlocal orphaned
        orphaned = True  # killed, it will be started again: packets go on, the tables are compared then
        if parent is not None:
            loop.remove_reader(parent)
        stop.set()

    loop.add_signal_handler(signal.SIGHUP, reread)
    if parent is not None:
        loop.add_reader(parent, parent_ended)
    notifier = CheckNotifier(plan, log)
    try:
        await run_checkers(
            plan, log=log.write, notify=notifier, reloads=reloads, stop=stop, keep=lambda: keep or orphaned
        )
    finally:
        notifier.close()
