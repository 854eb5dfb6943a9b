# SPDX-License-Identifier: Apache-2.0
"""What a configuration needs of the host: interfaces, programs, users. The host itself comes through a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from xlvs.config.build.collect import Problems
from xlvs.config.problem import Severity
from xlvs.config.schema.blocks import TOP, BlockGrammar
from xlvs.config.schema.lines import AddressLine, Track
from xlvs.config.schema.routes import RouteLine
from xlvs.config.schema.special import MailServer, User
from xlvs.config.values import Partly, Script, WrongValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from xlvs.config.line import Origin
    from xlvs.config.problem import Problem
    from xlvs.config.schema.keyword import Keyword
    from xlvs.config.tree import Statement

SCRIPT_USER: Final = "keepalived_script"
"""Whose rights scripts have when nothing else is said and the host has such a user."""

AT_THE_ENDS: Final = frozenset({"startup_script", "shutdown_script"})
"""Scripts of the daemon itself."""

SETUP: Final = ("linkbeat_interfaces", "interface_up_down_delays")
"""What stands on interfaces and is read before anything else."""


class Program(Enum):
    """What a host has under the name of a program."""

    MISSING = "is not there"
    NOT_EXECUTABLE = "is not executable"
    RUNS = "runs"


class Host(Protocol):
    """The host that a configuration is for."""

    @property
    def interfaces(self) -> Collection[str]:
        """Names."""

    @property
    def loopbacks(self) -> Collection[str]:
        """Names of those that are loopback interfaces."""

    def program(self, name: str) -> Program:
        """A program by its path, or by its name on PATH."""

    def has_user(self, name: str) -> bool:
        """Whether there is a user of that name."""

    def has_group(self, name: str) -> bool:
        """Whether there is a group of that name."""

    def resolves(self, name: str) -> bool:
        """Whether a host name has an address."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A value in a configuration and where it stands."""

    block: str
    keyword: Keyword
    value: Any
    origin: Origin


def uses(statements: Sequence[Statement], grammar: BlockGrammar = TOP) -> Iterator[_Use]:
    """Every value of a configuration, those of inner blocks and lists too; wrong ones are left out."""
    for statement in statements:
        keyword = grammar.keywords[statement.keyword]
        if keyword.block:
            yield from uses(statement.statements, grammar.inner(statement.keyword))
            continue
        value = keyword.lines or keyword.value
        rows = statement.lines if keyword.lines else (statement,)
        for row in rows:
            try:
                parsed = value.parse(row.words) if value else None
            except Partly as partly:
                parsed = partly.value
            except WrongValue:
                continue
            yield _Use(grammar.block.name, keyword, parsed, row.origin)


def host_problems(statements: Sequence[Statement], host: Host) -> list[Problem]:
    """What the host lacks. Without an interface the original ends before it looks at scripts."""
    found = list(uses(statements))
    if not any(statement.keyword == "vrrp_instance" for statement in statements):
        # nothing would run them
        found = [use for use in found if use.block != "vrrp_script" or isinstance(use.value, User)]
    problems = Problems()
    said = {use.keyword.name: use.value for use in found if use.block == "global_defs"}
    for use in found:
        if isinstance(use.value, MailServer) and not host.resolves(use.value.host):
            problems.say(f"the mail server {use.value.host} has no address", use.origin, use.value.host)
    missing = "dynamic_interfaces" not in said and _interfaces(found, host, problems)
    if not missing:
        _scripts(found, said, host, problems)
    return problems.found


def _interfaces(found: Sequence[_Use], host: Host, problems: Problems) -> bool:
    """Say which interfaces there are not; whether that keeps the daemon from running."""
    fatal = False
    for use in found:
        for name in _names(use):
            if name in host.interfaces:
                if name in host.loopbacks and (use.block, use.keyword.name) == ("vrrp_instance", "interface"):
                    problems.say(f"{name} is a loopback interface: VRRP needs another", use.origin, name)
                continue
            severity = Severity.FATAL if use.keyword.name in SETUP else Severity.ERROR
            remedy = "create it first, or set dynamic_interfaces in global_defs"
            problems.say(f"there is no interface {name}", use.origin, name, remedy, severity)
            fatal |= severity is Severity.ERROR
    return fatal


def _names(use: _Use) -> tuple[str, ...]:
    value = use.value
    if (use.block, use.keyword.name) in {("vrrp_instance", "interface"), ("garp_group", "interface")}:
        return (value,)
    if (use.block, use.keyword.name) == ("garp_group", "interfaces"):
        return tuple(value)
    if use.keyword.name in SETUP:
        return (value.interface,)
    if isinstance(value, Track) and use.keyword.name == "track_interface":
        return (value.name,)
    if isinstance(value, AddressLine):
        return (value.device,) if value.device else ()
    if isinstance(value, RouteLine):
        hops = [hop[hop.index("dev") + 1] for hop in value.nexthops if "dev" in hop[:-1]]
        return tuple(name for name in (value.option("dev"), *hops) if name)
    return ()


def _scripts(found: Sequence[_Use], said: dict[str, Any], host: Host, problems: Problems) -> None:
    default = said.get("script_user")
    known = True
    if isinstance(default, User) and not _exists(default.name, default.group, host):
        use = next(each for each in found if each.keyword.name == "script_user")
        problems.say(f"there is no user or group {default.name} {default.group}".rstrip(), use.origin, default.name)
        known = False
    secure = "enable_script_security" in said
    for use in found:
        if use.block not in {"vrrp_script", "MISC_CHECK"} or not isinstance(use.value, User):
            continue
        if not _exists(use.value.name, use.value.group, host):
            known &= use.block != "vrrp_script"
            text = f"there is no user or group {use.value.name} {use.value.group}".rstrip()
            problems.say(text, use.origin, use.value.name)
    running = [
        use for use in found if isinstance(use.value, Script) and use.value.command and _runs(use, host, problems)
    ]
    if not running or not known:
        return
    origin = running[0].origin
    if secure and default is None and not host.has_user(SCRIPT_USER):
        remedy = f"script_user in global_defs, or create the user {SCRIPT_USER}"
        problems.say("it is not said whose rights scripts have", origin, running[0].keyword.name, remedy)
    elif not secure:
        remedy = "enable_script_security in global_defs"
        text = "scripts run without script security"
        problems.say(text, origin, running[0].keyword.name, remedy, Severity.SECURITY)


def _runs(use: _Use, host: Host, problems: Problems) -> bool:
    script: Script = use.value
    if script.user and not _exists(script.user, script.group, host):
        text = f"there is no user or group {script.user} {script.group}".rstrip()
        severity = Severity.ERROR if use.keyword.name in AT_THE_ENDS else Severity.NOTICE
        problems.say(f"{text}: the script does not run", use.origin, script.user, severity=severity)
        return False
    state = host.program(script.command[0])
    if state is Program.RUNS:
        return True
    severity = Severity.ERROR if use.block == "vrrp_script" else Severity.NOTICE
    problems.say(f"{script.command[0]} {state.value}", use.origin, script.command[0], severity=severity)
    return False


def _exists(user: str, group: str, host: Host) -> bool:
    return host.has_user(user) and (not group or host.has_group(group))
