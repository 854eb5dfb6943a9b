# SPDX-License-Identifier: Apache-2.0
"""Telling what became of virtual and real servers: their scripts, lines in the FIFOs, mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.healthcheck.effects import QuorumChanged, ServerChanged
from xlvs.keepalived import programs
from xlvs.keepalived.check_mail import mail_of
from xlvs.keepalived.mailer import MAILS_LAST_S, Mailer
from xlvs.keepalived.notify import Fifo
from xlvs.keepalived.vrrp_plan import Command
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from xlvs.healthcheck.effects import CheckerChanged
    from xlvs.healthcheck.settings import Hook
    from xlvs.keepalived.check_plan import CheckPlan
    from xlvs.keepalived.log import Log


class CheckNotifier:
    """Scripts run without being waited for."""

    def __init__(self, plan: CheckPlan, log: Log) -> None:
        self._log = log
        self._owner = plan.script_owner
        self._fifos: list[Fifo] = []
        self._mailer: Mailer | None = None
        self.use(plan)

    def use(self, plan: CheckPlan) -> None:
        """Another configuration: what it leaves as it was goes on."""
        self._owner = plan.script_owner
        known = {fifo.path: fifo for fifo in self._fifos}
        paths = dict.fromkeys(plan.fifos)
        self._fifos = [known.pop(path) if path in known else Fifo(path, self._log) for path in paths]
        for fifo in known.values():
            fifo.close()
        if plan.mail != (self._mailer.settings if self._mailer else None):
            self._mailer = Mailer(plan.mail, self._log) if plan.mail else None

    def __call__(self, change: CheckerChanged | ServerChanged | QuorumChanged) -> None:
        """Tell of a change."""
        line = fifo_line(change)
        for fifo in self._fifos if line else ():
            fifo.write(line)
        letter = mail_of(change, self._mailer.settings) if self._mailer else None
        if self._mailer and letter:
            self._mailer.send(letter)
        hook = hook_of(change)
        if hook:
            try:
                programs.run(Command(hook.command, hook.user, hook.group), owner=self._owner)
            except (OSError, XlvsError) as problem:
                self._log.write(f"Unable to run {' '.join(hook.command)}: {problem}")

    async def drain(self) -> None:
        """At the very end: mails that are on their way are given a second."""
        if self._mailer:
            await self._mailer.drain(MAILS_LAST_S)

    def close(self) -> None:
        """FIFOs that were made here go."""
        for fifo in self._fifos:
            fifo.close()


def fifo_line(change: CheckerChanged | ServerChanged | QuorumChanged) -> str:
    """The line of a change; none for a checker."""
    match change:
        case ServerChanged(virtual_server, server, up):
            return f"RS {server.name} {virtual_server.name} {'UP' if up else 'DOWN'}"
        case QuorumChanged(virtual_server, up):
            return f"VS {virtual_server.name} {'UP' if up else 'DOWN'}"
        case _:
            return ""


def hook_of(change: CheckerChanged | ServerChanged | QuorumChanged) -> Hook | None:
    """The script for a change."""
    match change:
        case ServerChanged(_, server, up):
            return server.notify_up if up else server.notify_down
        case QuorumChanged(virtual_server, up):
            return virtual_server.quorum_up if up else virtual_server.quorum_down
        case _:
            return None
