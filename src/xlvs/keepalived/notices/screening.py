# SPDX-License-Identifier: Apache-2.0
"""Scripts of a configuration before they may run: those that may not are left out, and the log says why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from xlvs.healthcheck.probe import MiscProbe
from xlvs.keepalived.notices.script_plan import Command
from xlvs.keepalived.notices.script_security import Finding, examine, rights_of
from xlvs.model.errors import UsageError
from xlvs.model.rights import Rights

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.healthcheck.settings import CheckerSettings, Hook, RealServerSettings
    from xlvs.keepalived.checks.check_plan import CheckPlan
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.script_plan import FifoPlan, ScriptRules
    from xlvs.keepalived.routers.vrrp_plan import Notifications, Plan, Script

DEFAULT_USER: Final = "keepalived_script"


class Screening:
    """One look at a configuration. What is asked twice is looked at once, and said once."""

    def __init__(self, rules: ScriptRules, log: Log) -> None:
        self._rules = rules
        self._log = log
        self._default: Rights | None = None
        self._has_default = False
        self._found: dict[tuple[str, Rights], Finding] = {}
        self._runs = False
        self._insecure = False

    def command(self, command: Command | None, kind: str = "notify") -> Command | None:
        """A script that is run on an occasion, None when it may not. `kind`: how the log calls it."""
        if command is None:
            return None
        name = command.arguments[0]
        who = self.rights(command.user, command.group)
        if who is None:
            how = "Invalid user/group" if command.user else "Failed to set default user"
            self._log.write(f"{how} for {kind} script {name} - ignoring")
            return None
        return self._allowed(command, who, self._look(name, who))

    def tracked(self, script: Script) -> Script | None:
        """A vrrp_script."""
        name = script.command.arguments[0]
        who = self.rights(script.command.user, script.command.group)
        if who is None:
            if script.command.user:
                self._log.write(f"Unable to set uid/gid for script '{name}'")
            else:
                self._log.write(f"Unable to set default user for vrrp script {script.name} - removing")
            return None
        finding = self._look(name, who)
        if finding.fault and finding.fault.value:
            self._log.write(f"Disabling track script {script.name} {finding.fault.value}")
        command = self._allowed(script.command, who, finding)
        return replace(script, command=command) if command else None

    def checker(self, checker: CheckerSettings) -> CheckerSettings | None:
        """A checker; only one that runs a program is looked at."""
        (probe, *_) = checker.probes
        if not isinstance(probe, MiscProbe):
            return checker
        name = probe.command[0]
        who = self.rights(probe.user, probe.group)
        if who is None:
            how = "Failed to set uid/gid for misc checker" if probe.user else "Unable to set default user for misc"
            self._log.write(f"{how} script {_quoted(probe.command)} - removing")
            return None
        finding = self._look(name, who)
        if finding.fault and finding.fault.value:
            self._log.write(f"Disabling misc script {_quoted(probe.command)} {finding.fault.value}")
        command = self._allowed(Command(probe.command), who, finding)
        if command is None:
            return None
        return replace(checker, probes=(replace(probe, command=command.arguments, run_as=who),))

    def fifos(self, given: Iterable[FifoPlan]) -> tuple[FifoPlan, ...]:
        """FIFOs whose owners are known, with their scripts."""
        return tuple(found for each in given if (found := self._fifo(each)))

    def _fifo(self, fifo: FifoPlan) -> FifoPlan | None:
        owner = self.rights(fifo.user, fifo.group)
        if owner is None:
            how = "Invalid user/group" if fifo.user else "Failed to set default user"
            self._log.write(f"{how} for {fifo.kind} {fifo.path} - ignoring")
            return None
        return replace(fifo, owner=owner, script=self.command(fifo.script, fifo.kind.replace(" ", "_")))

    def rights(self, user: str, group: str) -> Rights | None:
        """Whose rights a script has that names this user, or none. None: it is not known, so nothing may run."""
        if not user:
            return self._usual()
        try:
            return rights_of(user, group, supplementary=self._rules.supplementary)
        except UsageError as error:
            self._log.write(error.message)
            return None

    def conclude(self, what: str) -> None:
        """Warn of scripts that run although nothing is known about who may write them."""
        if self._runs and not self._rules.secure:
            more = " There are insecure scripts." if self._insecure else ""
            text = f"SECURITY VIOLATION - {what} are being executed but script_security not enabled.{more}"
            self._log.write(text)

    # Inside

    def _usual(self) -> Rights | None:
        if not self._has_default:
            self._has_default = True
            self._default = self._make_usual()
        return self._default

    def _make_usual(self) -> Rights | None:
        """script_user; else a user kept for that; else root, which only those get who did not ask for security."""
        rules = self._rules
        if rules.user:
            found = self.rights(rules.user, rules.group)
            if found is None:
                self._log.write("Error setting global script uid/gid")
            return found
        found = self.rights(DEFAULT_USER, "")
        if found is None and rules.secure:
            self._log.write(f"Unable to set default user {DEFAULT_USER} for script")
        return found or (None if rules.secure else Rights(0, 0))

    def _look(self, name: str, who: Rights) -> Finding:
        found = self._found.get((name, who))
        if found is None:
            rules = self._rules
            found = examine(name, who, secure=rules.secure, keeps_links=rules.keeps_links)
            self._found[name, who] = found
            for line in found.lines:
                self._log.write(line)
        return found

    def _allowed(self, command: Command, who: Rights, found: Finding) -> Command | None:
        if found.fault:
            return None
        self._runs = True
        self._insecure |= found.insecure
        return replace(command, arguments=(found.program, *command.arguments[1:]), run_as=who)


def _quoted(command: Sequence[str]) -> str:
    return " ".join(f"'{each}'" for each in command)


def screened_plan(plan: Plan, log: Log) -> Plan:
    """A plan of VRRP with those scripts that may run."""
    settings = plan.settings
    screening = Screening(settings.scripts, log)

    def notifications(given: Notifications) -> Notifications:
        return replace(
            given,
            on_master=screening.command(given.on_master),
            on_backup=screening.command(given.on_backup),
            on_fault=screening.command(given.on_fault),
            on_stop=screening.command(given.on_stop),
            on_deleted=screening.command(given.on_deleted),
            on_any=screening.command(given.on_any),
            on_lower_priority=screening.command(given.on_lower_priority),
        )

    settings = replace(settings, fifos=screening.fifos(settings.fifos))
    instances = tuple(replace(each, notify=notifications(each.notify)) for each in plan.instances)
    groups = tuple(replace(each, notify=notifications(each.notify)) for each in plan.groups)
    tracks = [*(each.tracks for each in plan.instances), *(each.tracks for each in plan.groups)]
    used = {each.name for track in tracks for each in track.scripts}
    scripts = (screening.tracked(each) if each.name in used else each for each in plan.scripts)
    plan = replace(
        plan,
        settings=settings,
        instances=instances,
        groups=groups,
        scripts=tuple(each for each in scripts if each),
    )
    screening.conclude("scripts")
    return plan


def screened_checks(plan: CheckPlan, log: Log) -> CheckPlan:
    """A plan of health checks with those scripts that may run; without its program a checker is left out."""
    screening = Screening(plan.scripts, log)

    def hook(given: Hook | None, kind: str) -> Hook | None:
        if given is None:
            return None
        command = screening.command(Command(given.command, given.user, given.group), kind)
        return replace(given, command=command.arguments, run_as=command.run_as) if command else None

    def real_server(given: RealServerSettings) -> RealServerSettings:
        checkers = tuple(kept for each in given.checkers if (kept := screening.checker(each)))
        return replace(
            given,
            checkers=checkers,
            notify_up=hook(given.notify_up, "notify"),
            notify_down=hook(given.notify_down, "notify"),
        )

    servers = tuple(
        replace(
            each,
            servers=tuple(real_server(real) for real in each.servers),
            quorum_up=hook(each.quorum_up, "quorum"),
            quorum_down=hook(each.quorum_down, "quorum"),
        )
        for each in plan.health.servers
    )
    plan = replace(plan, health=replace(plan.health, servers=servers), fifos=screening.fifos(plan.fifos))
    screening.conclude("check scripts")
    return plan
