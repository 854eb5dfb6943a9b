# SPDX-License-Identifier: Apache-2.0
"""Telling scripts, FIFOs and people what happened, with the original's arguments, lines and mails."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.keepalived import mail, programs
from xlvs.keepalived.mailer import MAILS_LAST_S, Mailer
from xlvs.vrrp.effects import State

if TYPE_CHECKING:
    from xlvs.keepalived.log import Log
    from xlvs.keepalived.vrrp_plan import Command, Globals, Notifications

_MODE: Final = 0o600
WORDS: Final = {State.MASTER: "MASTER", State.BACKUP: "BACKUP", State.FAULT: "FAULT", State.INIT: "STOP"}


class Fifo:
    """A named pipe that is written to, made if it is missing. What nobody reads is lost when the pipe is full."""

    def __init__(self, path: str, log: Log) -> None:
        self.path = path
        self._made = False
        self._fd = -1
        try:
            with suppress(FileExistsError):
                os.mkfifo(path, _MODE)
                self._made = True
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            log.write(f"Unable to open FIFO {path}: {error.strerror}")

    def write(self, line: str) -> None:
        """One line."""
        if self._fd >= 0:
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._fd, line.encode() + b"\n")

    def close(self) -> None:
        """Remove it if it was made here."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._made:
            with suppress(FileNotFoundError):
                os.unlink(self.path)


class Notifier:
    """Scripts and FIFOs of one configuration."""

    def __init__(self, settings: Globals, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._owner = (settings.script_user, settings.script_group)
        self._mailer = Mailer(settings.mail, log) if settings.mail else None
        self._fifos = [Fifo(path, log) for path in dict.fromkeys((settings.fifo, settings.vrrp_fifo)) if path]
        self._readers = [
            programs.run(command, path, owner=self._owner)
            for command, path in (
                (settings.fifo_script, settings.fifo),
                (settings.vrrp_fifo_script, settings.vrrp_fifo),
            )
            if command and path
        ]

    async def drain(self) -> None:
        """At the very end: mails that are on their way are given a second."""
        if self._mailer:
            await self._mailer.drain(MAILS_LAST_S)

    def close(self) -> None:
        """End: FIFOs made here go, so do their readers."""
        for fifo in self._fifos:
            fifo.close()
        for reader in self._readers:
            reader.kill()

    def changed(self, kind: str, name: str, state: str, priority: int, to: Notifications) -> None:
        """A router (`INSTANCE`) or a group (`GROUP`) is in another state."""
        specific = {"MASTER": to.on_master, "BACKUP": to.on_backup, "FAULT": to.on_fault}.get(state)
        if state == "DELETED":
            specific = to.on_deleted
        self._write(kind, name, state, priority)
        if specific:
            self._run(specific)
        if to.on_any:
            self._run(to.on_any, kind, name, state, str(priority))
        self._mail(kind, name, state, to)

    def stopped(self, kind: str, name: str, priority: int, to: Notifications) -> None:
        """The daemon ends: scripts are waited for, one second each."""
        self._write(kind, name, "STOP", priority)
        self._mail(kind, name, "STOP", to)
        for command, more in ((to.on_any, (kind, name, "STOP", str(priority))), (to.on_stop, ())):
            if command:
                with suppress(OSError):
                    programs.run_and_wait(command, *more, owner=self._owner)

    def lower_priority(self, name: str, priority: int, to: Notifications) -> None:
        """A master heard a lower priority."""
        self._write("INSTANCE", name, "MASTER_RX_LOWER_PRI", priority)
        if to.on_lower_priority:
            self._run(to.on_lower_priority)

    def priority(self, name: str, state: State, priority: int, to: Notifications) -> None:
        """The effective priority changed."""
        if to.priority_changes and state in {State.MASTER, State.BACKUP}:
            self._write("INSTANCE", name, f"{state.name}_PRIORITY", priority)

    def _write(self, kind: str, name: str, state: str, priority: int) -> None:
        for fifo in self._fifos:
            fifo.write(f'{kind} "{name}" {state} {priority}')

    def _mail(self, kind: str, name: str, state: str, to: Notifications) -> None:
        if self._mailer and to.mail and (state != "FAULT" or self._mailer.settings.faults):
            self._mailer.send(mail.of_router(kind, name, state))

    def _run(self, command: Command, *more: str) -> None:
        try:
            programs.run(command, *more, owner=self._owner)
        except OSError as error:
            self._log.write(f"Unable to run {command.text}: {error.strerror}")
