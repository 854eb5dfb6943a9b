# SPDX-License-Identifier: Apache-2.0
"""The checking part alone: reads a file, checks until SIGTERM, reloads on SIGHUP."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from xlvs.config.expand import Expander
from xlvs.config.line import Line, Origin, without_comment
from xlvs.config.tree import parse
from xlvs.keepalived.check_grammar import GRAMMAR
from xlvs.keepalived.check_notify import ScriptNotifier
from xlvs.keepalived.check_translate import translate
from xlvs.keepalived.checking import run_checkers
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.problem import Problem
    from xlvs.keepalived.check_plan import CheckPlan


def read_plan(path: str) -> tuple[CheckPlan, list[Problem]]:
    """The plan in a file, and what is wrong with it. Raises UsageError: the file cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    statements, problems = parse(_lines(text, path), GRAMMAR)
    return translate(statements, problems), problems


def _lines(text: str, path: str) -> Iterator[Line]:
    expander = Expander(os.uname().nodename.partition(".")[0], {})
    for number, line in enumerate(text.splitlines(), 1):
        yield from expander.feed(without_comment(line), Origin(path, number, line))


def log_line(text: str) -> None:
    """One line to the console."""
    print(f"{time.ctime()}: {text}", file=sys.stderr, flush=True)


def run_file(path: str) -> int:
    """Check what a file says until SIGTERM or SIGINT."""
    plan, problems = read_plan(path)
    for problem in problems:
        log_line(problem.report())
    asyncio.run(_run(path, plan))
    return 0


async def _run(path: str, plan: CheckPlan) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    reloads: asyncio.Queue[CheckPlan] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def reread() -> None:
        try:
            again, problems = read_plan(path)
        except UsageError as error:
            log_line(error.message)
            return
        for problem in problems:
            log_line(problem.report())
        reloads.put_nowait(again)

    loop.add_signal_handler(signal.SIGHUP, reread)
    await run_checkers(plan, log=log_line, notify=ScriptNotifier(log_line), reloads=reloads, stop=stop)
