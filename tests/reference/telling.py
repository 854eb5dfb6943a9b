# SPDX-License-Identifier: Apache-2.0
"""Which packets another director is told of: scenes `traffic-sync-thresholds`, `sync-master-v1`, `sync-master-v0`.

Without sync_refresh_period, under which it depends on times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reference.connections import Connection
    from tests.reference.templates import Template

WORTH_TELLING = frozenset({"ESTABLISHED", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT"})


class Telling:
    """`threshold` and `period` as sync_threshold has them; `former`: messages of version 0."""

    def __init__(self, threshold: int, period: int, *, persist_mode: bool = False, former: bool = False) -> None:
        self.threshold = threshold
        self.period = period
        self.persist_mode = persist_mode
        self.former = former
        self._packets: dict[Connection | Template, int] = {}
        self._told_state: dict[Connection, str] = {}

    def packet(self, connection: Connection) -> list[Connection | Template]:
        """What is told after a packet of the client's, which moved its TCP connection on: that, its template, both."""
        found: list[Connection | Template] = []
        if self._is_due(connection):
            self._told_state[connection] = connection.state
            found.append(connection)
        template = connection.control
        if template is not None and (found or not self.former):
            number = self._count(template)
            if self.period or number == self.threshold:
                found.append(template)
        return found

    def _is_due(self, connection: Connection) -> bool:
        number = self._count(connection)
        if connection.state not in WORTH_TELLING or (self.persist_mode and connection.control is not None):
            return False
        if connection.state not in ("ESTABLISHED", self._told_state.get(connection, "NONE")):
            return True
        return (number % self.period if self.period else number) == self.threshold

    def _count(self, whose: Connection | Template) -> int:
        self._packets[whose] = self._packets.get(whose, 0) + 1
        return self._packets[whose]
