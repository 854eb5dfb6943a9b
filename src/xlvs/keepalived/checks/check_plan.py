# SPDX-License-Identifier: Apache-2.0
"""What the checking part of the daemon is to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlvs.healthcheck.settings import HealthSettings
from xlvs.keepalived.notices.script_plan import ScriptRules

if TYPE_CHECKING:
    from xlvs.keepalived.monitoring.snmp_plan import SnmpPlan
    from xlvs.keepalived.notices.mail import MailSettings
    from xlvs.keepalived.notices.script_plan import FifoPlan
    from xlvs.model.service import ServiceKey
    from xlvs.model.settings import Timeouts


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """Virtual servers with their checks, and how the tables are treated around them."""

    health: HealthSettings = field(default_factory=HealthSettings)
    timeouts: Timeouts | None = None
    """lvs_timeouts; 0 leaves one as it is."""
    flush_at_start: bool = False
    flush_at_stop: bool = False
    mend: bool = True
    """What others change in our services is put right within one delay loop."""

    mail: MailSettings | None = None
    fifos: tuple[FifoPlan, ...] = ()
    scripts: ScriptRules = field(default_factory=ScriptRules)

    snmp: SnmpPlan | None = None
    warnings: tuple[str, ...] = ()
    """What is asked for and cannot be had, for the log."""

    @property
    def keys(self) -> frozenset[ServiceKey]:
        """The services that are ours."""
        return frozenset(service.key for server in self.health.servers for service in server.services)

    @property
    def shortest_loop_us(self) -> int | None:
        """Of all checkers, None without any."""
        checkers = (checker for server in self.health.servers for each in server.servers for checker in each.checkers)
        return min((checker.interval_us for checker in checkers), default=None)
