# SPDX-License-Identifier: Apache-2.0
"""Virtual servers, their groups and their real servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from xlvs.config.build.checkers import checkers
from xlvs.config.build.collect import Given, Problems, collect, head
from xlvs.config.build.general import only
from xlvs.config.problem import Severity
from xlvs.config.schema.blocks import GRAMMARS
from xlvs.config.schema.lines import GROUP_LINE
from xlvs.config.schema.special import NAT, ServerHead
from xlvs.config.settings.servers import RealServer, ServerGroup, TlsFiles, VirtualServer
from xlvs.config.values import WrongValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlvs.config.line import Origin
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.config.tree import Statement
    from xlvs.config.values import Address

PERSISTENCE: Final = 360
PASSED_ON: Final = (
    *("delay_loop", "connect_timeout", "retry", "delay_before_retry", "warmup", "alpha"),
    *("log_all_failures", "virtualhost"),
)
"""What a checker takes from its servers when it says nothing itself."""
FLAGS: Final = {"sh_port": "sh", "sh_fallback": "sh", "hashed": "sh", "mh_port": "mh", "mh_fallback": "mh"}
"""Flags that mean something to one scheduler only."""
SERVER_DEFAULTS: Final = (
    *("inhibit_on_failure", "lvs_method", "virtualhost", "alpha", "weight"),
    *("connect_timeout", "delay_loop", "retry", "delay_before_retry", "warmup"),
)


def groups(statements: list[Statement], problems: Problems) -> Iterator[ServerGroup]:
    """virtual_server_group."""
    seen: set[str] = set()
    for statement in statements:
        if not statement.words:
            text = "virtual_server_group must have a name"
            problems.say(text, statement.origin, statement.keyword, severity=Severity.PARAMETER)
            continue
        name = statement.words[0]
        members = []
        for line in statement.lines:
            try:
                members.append(GROUP_LINE.parse(line.words))
            except WrongValue as error:
                problems.wrong("", error, line.origin)
        if not members:
            problems.say(f"virtual_server_group {name} has no members", statement.origin, name)
        elif name in seen:
            text = f"virtual_server_group {name} is defined already"
            problems.say(text, statement.origin, name, severity=Severity.NOTICE)
        else:
            seen.add(name)
            yield ServerGroup(name, tuple(members))  # type: ignore[arg-type] # GROUP_LINE makes members


def tls_files(top: Given, problems: Problems) -> TlsFiles | None:
    """SSL."""
    blocks = top.inner("SSL")
    given = Given()
    for block in blocks:
        collect(block.statements, GRAMMARS["SSL"], problems, given)
    return TlsFiles(**only(TlsFiles, given.values)) if blocks else None


def virtual_servers(
    top: Given,
    settings: GlobalSettings,
    names: Mapping[str, frozenset[str]],
    known_groups: Mapping[str, ServerGroup],
    problems: Problems,
) -> Iterator[VirtualServer]:
    """virtual_server, with its real servers."""
    seen: set[tuple[ServerHead, str]] = set()
    for statement in top.inner("virtual_server"):
        found = _Builder(statement, settings, names, known_groups, problems).server()
        if found is None:
            continue
        key = (found.head, found.protocol)
        if key in seen:
            text = f"virtual_server {found.head} is defined already"
            problems.say(text, statement.origin, statement.keyword, severity=Severity.NOTICE)
            continue
        seen.add(key)
        yield found


class _Builder:
    """Makes one virtual server."""

    def __init__(
        self,
        statement: Statement,
        settings: GlobalSettings,
        names: Mapping[str, frozenset[str]],
        known_groups: Mapping[str, ServerGroup],
        problems: Problems,
    ) -> None:
        self._statement = statement
        self._settings = settings
        self._names = names
        self._groups = known_groups
        self._problems = problems
        grammar = GRAMMARS["virtual_server"]
        self._head: ServerHead | None = head(statement, grammar, problems)
        self._given = collect(statement.statements, grammar, problems)
        smtp = settings.smtp_alert_checker if settings.smtp_alert_checker is not None else settings.smtp_alert
        self._smtp = smtp
        self._values: dict[str, Any] = {"smtp_alert": bool(smtp), **self._given.values}

    def _say(self, message: str, field: str = "", remedy: str = "", severity: Severity = Severity.ERROR) -> None:
        where = self._given.where.get(field, self._statement.origin)
        word = field.replace("_", "-") if "-" in where.text and field.replace("_", "-") in where.text else field
        text = f"virtual_server {self._head}: {message}"
        self._problems.say(text, where, word or self._statement.keyword, remedy, severity)

    def server(self) -> VirtualServer | None:
        """The virtual server; None when it has no address or no real servers."""
        if self._head is None:
            return None
        if self._head.group and self._head.group not in self._groups:
            remedy = f"virtual_server_group {self._head.group} {{ ADDRESS PORT }}"
            self._say(f"there is no virtual_server_group {self._head.group}", remedy=remedy, severity=Severity.NOTICE)
            return None
        self._defaults()
        self._persistence()
        servers = tuple(self._real_servers())
        if not servers:
            self._say("it has no real servers; it is ignored", remedy="real_server ADDRESS PORT { ... }")
            return None
        self._quorum(servers)
        values = only(VirtualServer, self._values)
        return replace(VirtualServer(self._head, **values), real_servers=servers)

    def _defaults(self) -> None:
        given, head_ = self._given, self._head
        members = self._groups[head_.group].members if head_ and head_.group else ()
        by_mark = bool(head_ and head_.mark) or bool(members and all(each.mark for each in members))
        if given.has("protocol") and by_mark:
            self._say("a mark has no protocol; it is ignored", "protocol", "remove it")
        if not given.has("protocol") and not by_mark:
            self._say("protocol is missing: UDP is taken", remedy="protocol TCP, UDP or SCTP")
        self._values.setdefault("protocol", "UDP")
        if not given.has("lvs_sched"):
            self._say("the scheduler is missing: wlc is taken", remedy="lvs_sched wlc")
        if not given.has("lvs_method"):
            self._say("the forwarding method is missing: NAT is taken", remedy="lvs_method NAT, DR or TUN")
        self._values.setdefault("lvs_method", NAT)
        if given.has("ops") and not by_mark and self._values["protocol"] != "UDP":
            self._say("ops goes with UDP only; it is ignored", "ops", "remove it")
            self._values["ops"] = False
        self._scheduler_flags()
        self._sorry_server()
        family = given.get("ip_family", "")
        if family and head_ and head_.address and head_.address.version != (6 if family == "inet6" else 4):
            self._say(f"ip_family {family} is not the address's", "ip_family", "remove it")
            self._values["ip_family"] = ""

    def _sorry_server(self) -> None:
        for field in ("sorry_server_inhibit", "sorry_server_lvs_method"):
            if self._given.has(field) and not self._given.has("sorry_server"):
                self._say(f"{field} needs sorry_server", field, "sorry_server ADDRESS PORT")
        sorry, own = self._given.get("sorry_server", None), self._head.address if self._head else None
        method = self._values.get("sorry_server_lvs_method") or self._values["lvs_method"]
        if sorry and own and sorry.address.version != own.version and method.method != "TUN":
            remedy = "a tunnel can cross families: sorry_server_lvs_method TUN"
            self._say(f"{sorry.address} is not of the virtual server's family; it is ignored", "sorry_server", remedy)
            del self._values["sorry_server"]

    def _scheduler_flags(self) -> None:
        for flag, scheduler in FLAGS.items():
            if self._given.has(flag) and self._values.get("lvs_sched", "wlc") != scheduler:
                self._say(f"{flag.replace('_', '-')} goes with {scheduler} only; it is ignored", flag)
                self._values[flag] = False

    def _persistence(self) -> None:
        members = self._groups[self._head.group].members if self._head and self._head.group else ()
        without_port = self._head is not None and self._head.address is not None and not self._head.port
        without_port |= any(each.address and not each.port for each in members)
        if without_port and not self._given.has("persistence_timeout"):
            remedy = "virtual_server ADDRESS PORT, or persistence_timeout"
            self._say(f"all ports need persistence: {PERSISTENCE} s are taken", remedy=remedy)
            self._values["persistence_timeout"] = PERSISTENCE

    def _quorum(self, servers: tuple[RealServer, ...]) -> None:
        total = sum(server.weight for server in servers)
        quorum = self._values.get("quorum", 1)
        if quorum > total:
            self._say(f"quorum {quorum} is more than all weights together: {total} is taken", "quorum")
            quorum = self._values["quorum"] = total
        hysteresis = self._values.get("hysteresis", 0)
        if hysteresis and hysteresis >= quorum:
            kept = max(quorum - 1, 0)
            self._say(f"hysteresis {hysteresis} is not less than the quorum: {kept} is taken", "hysteresis")
            self._values["hysteresis"] = kept

    def _real_servers(self) -> Iterator[RealServer]:
        grammar = GRAMMARS["real_server"]
        seen: set[tuple[object, int]] = set()
        for statement in self._given.inner("real_server"):
            at = head(statement, grammar, self._problems)
            given = collect(statement.statements, grammar, self._problems)
            if at is None or not self._fits(at.address, given, statement.origin):
                continue
            server = RealServer(at.address, at.port, **self._server_values(given))
            server = self._port(server, statement.origin)
            if (server.address, server.port) in seen:
                text = f"real_server {server.address} {server.port} stands twice; the second is ignored"
                self._problems.say(text, statement.origin, str(server.address), "remove it")
                continue
            seen.add((server.address, server.port))
            yield replace(server, checkers=tuple(self._checkers(server.address, given)))

    def _fits(self, address: Address, given: Given, origin: Origin) -> bool:
        own = self._head.address if self._head else None
        method = given.get("lvs_method", self._values["lvs_method"]).method
        if own and own.version != address.version and method != "TUN":
            text = f"{address} is not of the virtual server's family; it is ignored"
            self._problems.say(text, origin, str(address), "a tunnel can cross families: lvs_method TUN")
            return False
        return True

    def _port(self, server: RealServer, origin: Origin) -> RealServer:
        if not self._head or self._head.group:
            return server
        if server.lvs_method.method == "NAT":
            return server if server.port else replace(server, port=self._head.port)
        if server.port not in {0, self._head.port}:
            text = f"with {server.lvs_method.method} the port stays {self._head.port}: {server.port} is ignored"
            self._problems.say(text, origin, str(server.port), "use the virtual server's port")
        return replace(server, port=self._head.port)

    def _server_values(self, given: Given) -> dict[str, Any]:
        values: dict[str, Any] = {name: self._values[name] for name in SERVER_DEFAULTS if name in self._values}
        values["smtp_alert"] = True if self._smtp is None else self._smtp
        if given.get("uthreshold", 0) and given.get("lthreshold", 0) > given.values["uthreshold"]:
            text = "lthreshold is more than uthreshold"
            self._problems.say(text, given.where["lthreshold"], "lthreshold", severity=Severity.NOTICE)
        return only(RealServer, {**values, **given.values})

    def _checkers(self, address: Address, given: Given) -> Iterator[Any]:
        inherited: dict[str, Any] = {
            "server_address": address,
            "log_all_failures": self._settings.checker_log_all_failures,
        }
        for values in (self._values, given.values):
            inherited |= {name: values[name] for name in PASSED_ON if name in values}
        yield from checkers(given, inherited, self._names, self._problems)
