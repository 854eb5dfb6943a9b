# SPDX-License-Identifier: Apache-2.0
"""Telling what became of virtual and real servers: their scripts, lines in the FIFOs, mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.healthcheck.effects import QuorumChanged, ServerChanged
from xlvs.keepalived.checks.check_mail import mail_of
from xlvs.keepalived.notices import programs
from xlvs.keepalived.notices.fifo import Fifos
from xlvs.keepalived.notices.mailer import MAILS_LAST_S, Mailer
from xlvs.keepalived.notices.script_plan import Command

if TYPE_CHECKING:
    from xlvs.healthcheck.effects import CheckerChanged
    from xlvs.healthcheck.settings import Hook
    from xlvs.keepalived.checks.check_plan import CheckPlan
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.monitoring.snmp_checks import CheckAgent


class CheckNotifier:
    """Scripts run without being waited for."""

    def __init__(self, plan: CheckPlan, log: Log) -> None:
        self._log = log
        self._fifos = Fifos("lvs", log)
        self._starter = programs.Starter(log)
        self._mailer: Mailer | None = None
        self.agents: list[CheckAgent] = []
        """Told of everything too."""
        self.use(plan)

    def use(self, plan: CheckPlan) -> None:
        """Another configuration: what it leaves as it was goes on."""
        self._fifos.use(plan.fifos)
        for agent in self.agents:
            agent.use(plan.snmp)
        if plan.mail != (self._mailer.settings if self._mailer else None):
            self._mailer = Mailer(plan.mail, self._log) if plan.mail else None

    def __call__(self, change: CheckerChanged | ServerChanged | QuorumChanged) -> None:
        """Tell of a change."""
        for agent in self.agents:
            agent.changed(change)
        line = fifo_line(change)
        if line:
            self._fifos.write(line)
        letter = mail_of(change, self._mailer.settings) if self._mailer else None
        if self._mailer and letter:
            self._mailer.send(letter)
        hook = hook_of(change)
        if hook:
            self._starter.start(Command(hook.command, run_as=hook.run_as))

    async def drain(self) -> None:
        """At the very end: mails that are on their way and readers of FIFOs are given a second."""
        if self._mailer:
            await self._mailer.drain(MAILS_LAST_S)
        await self._fifos.drain()

    def close(self) -> None:
        """No more events."""
        self._starter.flush()
        self._fifos.close()
        for agent in self.agents:
            agent.close()


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
