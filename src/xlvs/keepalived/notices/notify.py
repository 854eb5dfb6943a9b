# SPDX-License-Identifier: Apache-2.0
"""Telling scripts, FIFOs and people what happened, with the original's arguments, lines and mails."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.notices import mail, programs
from xlvs.keepalived.notices.fifo import Fifos
from xlvs.keepalived.notices.mailer import MAILS_LAST_S, Mailer
from xlvs.vrrp.effects import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.script_plan import Command
    from xlvs.keepalived.routers.vrrp_plan import Globals, Notifications

WORDS: Final = {State.MASTER: "MASTER", State.BACKUP: "BACKUP", State.FAULT: "FAULT", State.INIT: "STOP"}


class Notifier:
    """Scripts and FIFOs of one configuration."""

    def __init__(self, settings: Globals, log: Log) -> None:
        self._log = log
        self._starter = programs.Starter(log)
        self._mailer: Mailer | None = None
        self.watchers: list[Callable[[str, str, str], None]] = []
        """Told of every change too: kind, name and state."""
        self._fifos = Fifos("vrrp", log)
        self.use(settings)

    def use(self, settings: Globals) -> None:
        """Another configuration: what it leaves as it was goes on."""
        self._fifos.use(settings.fifos)
        if settings.mail != (self._mailer.settings if self._mailer else None):
            self._mailer = Mailer(settings.mail, self._log) if settings.mail else None

    async def drain(self) -> None:
        """At the very end: mails that are on their way and readers of FIFOs are given a second."""
        if self._mailer:
            await self._mailer.drain(MAILS_LAST_S)
        await self._fifos.drain()

    def close(self) -> None:
        """No more events."""
        self._starter.flush()
        self._fifos.close()

    def changed(self, kind: str, name: str, state: str, priority: int, to: Notifications) -> None:
        """A router (`INSTANCE`) or a group (`GROUP`) is in another state."""
        self._tell(
            kind,
            name,
            state,
            priority,
            to,
            {"MASTER": to.on_master, "BACKUP": to.on_backup, "FAULT": to.on_fault}.get(state),
        )

    def deleted(self, name: str, priority: int, to: Notifications) -> None:
        """A reload took a router out. Without notify_deleted that is called a fault, but notify_fault does not run."""
        self._tell("INSTANCE", name, "DELETED" if to.tells_deleted else "FAULT", priority, to, to.on_deleted)

    def _tell(
        self, kind: str, name: str, state: str, priority: int, to: Notifications, specific: Command | None
    ) -> None:
        self._write(kind, name, state, priority)
        for watch in self.watchers:
            watch(kind, name, state)
        if specific:
            self._starter.start(specific)
        if to.on_any:
            self._starter.start(to.on_any, kind, name, state, str(priority))
        self._mail(kind, name, state, to)

    def repeat(self, kind: str, name: str, state: str, priority: int) -> None:
        """A state that was told before, for who reads a FIFO."""
        self._write(kind, name, state, priority)

    def stopped(self, kind: str, name: str, priority: int, to: Notifications) -> None:
        """The daemon ends: scripts are waited for, one second each."""
        self._write(kind, name, "STOP", priority)
        self._mail(kind, name, "STOP", to)
        for command, more in ((to.on_any, (kind, name, "STOP", str(priority))), (to.on_stop, ())):
            if command:
                with suppress(OSError):
                    programs.run_and_wait(command, *more)

    def lower_priority(self, name: str, priority: int, to: Notifications) -> None:
        """A master heard a lower priority."""
        self._write("INSTANCE", name, "MASTER_RX_LOWER_PRI", priority)
        if to.on_lower_priority:
            self._starter.start(to.on_lower_priority)

    def priority(self, name: str, state: State, priority: int, to: Notifications) -> None:
        """The effective priority changed."""
        if to.priority_changes and state in {State.MASTER, State.BACKUP}:
            self._write("INSTANCE", name, f"{state.name}_PRIORITY", priority)

    def _write(self, kind: str, name: str, state: str, priority: int) -> None:
        self._fifos.write(f'{kind} "{name}" {state} {priority}')

    def _mail(self, kind: str, name: str, state: str, to: Notifications) -> None:
        if self._mailer and to.mail and (state != "FAULT" or self._mailer.settings.faults):
            self._mailer.send(mail.of_router(kind, name, state))
