# SPDX-License-Identifier: Apache-2.0
"""Named pipes that events are written to, and the programs that read them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.notices import programs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.programs import Program
    from xlvs.keepalived.notices.script_plan import Command, FifoPlan

_MODE: Final = 0o600
_READERS_LAST_S: Final = 1.0


class Fifo:
    """A named pipe, made if it is missing. What nobody reads is lost when it is full."""

    def __init__(self, plan: FifoPlan, log: Log) -> None:
        self.plan = plan
        self._made = False
        self._fd = -1
        try:
            self._make()
        except OSError:
            log.write(f"Unable to create {plan.kind} {plan.path}")
            return
        try:
            self._fd = os.open(plan.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            log.write(f"Unable to open {plan.kind} {plan.path} - errno {error.errno}")
            return
        if not stat.S_ISFIFO(os.fstat(self._fd).st_mode):
            log.write(f"Unable to open {plan.kind} {plan.path} - it is no named pipe")
            os.close(self._fd)
            self._fd = -1

    def _make(self) -> None:
        path, owner = self.plan.path, self.plan.owner
        try:
            os.mkfifo(path, _MODE)
        except FileExistsError:
            return
        self._made = True
        if owner and owner.uid | owner.gid:
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)

    def is_ours_to_read(self) -> bool:
        """Whether a reader is to be started here: of the processes that write to the pipe one does."""
        if self._fd < 0:
            return False
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def write(self, line: str) -> None:
        """One line."""
        if self._fd >= 0:
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._fd, line.encode(errors="surrogateescape") + b"\n")

    def close(self) -> None:
        """Remove it if it was made here."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._made:
            with suppress(FileNotFoundError):
                os.unlink(self.plan.path)


class Fifos:
    """The named pipes of a process. `process`: how the log calls it."""

    def __init__(self, process: str, log: Log) -> None:
        self._process = process
        self._log = log
        self._fifos: dict[FifoPlan, Fifo] = {}
        self._readers: dict[FifoPlan, Program] = {}
        self._former: list[Program] = []

    def use(self, plans: Iterable[FifoPlan]) -> None:
        """Those of a configuration: what it leaves as it was goes on, readers too."""
        wanted = dict.fromkeys(plans)
        for plan in [each for each in self._fifos if each not in wanted]:
            self._end(plan)
        for plan in wanted:
            if plan not in self._fifos:
                self._begin(plan)

    def write(self, line: str) -> None:
        """A line into each pipe, once where two have one path."""
        for fifo in {plan.path: fifo for plan, fifo in self._fifos.items()}.values():
            fifo.write(line)

    def close(self) -> None:
        """No more lines: readers find the end of the pipe."""
        for plan in list(self._fifos):
            self._end(plan)

    async def drain(self) -> None:
        """At the very end: readers have a second to take the last lines, then they are told to end."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _READERS_LAST_S
        while any(each.runs for each in self._former) and loop.time() < deadline:
            await asyncio.sleep(0.01)
        for each in self._former:
            each.kill()

    def _begin(self, plan: FifoPlan) -> None:
        self._fifos[plan] = fifo = Fifo(plan, self._log)
        if plan.script and fifo.is_ours_to_read():
            # Not before signals that are held back at the start of a process are let in: a program inherits that.
            asyncio.get_running_loop().call_soon(self._read, plan, plan.script)

    def _read(self, plan: FifoPlan, script: Command) -> None:
        if plan not in self._fifos or plan in self._readers:
            return
        try:
            self._readers[plan] = programs.run(script, plan.path, ended=lambda *_: self._ended(plan))
        except OSError as error:
            self._log.write(f"Unable to run {script.text}: {error.strerror}")

    def _end(self, plan: FifoPlan) -> None:
        self._fifos.pop(plan).close()
        reader = self._readers.pop(plan, None)
        if reader:
            self._former.append(reader)

    def _ended(self, plan: FifoPlan) -> None:
        if self._readers.pop(plan, None):
            self._log.write(f"{self._process} notify fifo script terminated")
