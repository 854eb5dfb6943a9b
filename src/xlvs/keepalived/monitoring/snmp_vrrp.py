# SPDX-License-Identifier: Apache-2.0
"""The group `vrrp` of KEEPALIVED-MIB: routers, groups, addresses, scripts; and its traps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.monitoring.snmp_agent import SnmpAgent
from xlvs.keepalived.monitoring.snmp_plan import (
    GLOBAL,
    KEEPALIVED,
    ROUTER_ID,
    Bindings,
    command_text,
    family,
    global_objects,
    states,
)
from xlvs.snmp.objects import Column, Oid, Value, gauge, integer, numbered, octets, table, truth
from xlvs.vrrp.effects import State
from xlvs.vrrp.packet import AuthenticationType
from xlvs.vrrp.settings import CENTISECOND_US, SECOND_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.monitoring.snmp_plan import SnmpPlan
    from xlvs.keepalived.routers.vrrp_plan import Group, Instance, Notifications, Script, VirtualAddress
    from xlvs.keepalived.routers.vrrp_process import VrrpProcess
    from xlvs.vrrp.router import VirtualRouter

VRRP: Final = (*KEEPALIVED, 2)
INSTANCES: Final = (*VRRP, 3, 1)
GROUPS: Final = (*VRRP, 1, 1)
GROUP_TRAP: Final = (*VRRP, 10, 0, 1)
INSTANCE_TRAP: Final = (*VRRP, 10, 0, 2)
_AUTHENTICATION: Final = {AuthenticationType.PASS: 1, AuthenticationType.AH: 2}
_SCOPES: Final = {0: 14, 200: 5, 253: 2, 254: 1}
_GLOBAL_SCOPE: Final = 14


@dataclass(frozen=True, slots=True)
class RouterRow:
    """A router as the tables show it. `has` says whether it holds an address, `number` gives that of an interface."""

    plan: Instance
    router: VirtualRouter
    has: Callable[[VirtualAddress], bool]
    number: Callable[[str], int]

    def script(self, name: str) -> Value | None:
        """One of its scripts."""
        return script_of(self.plan.notify, name)


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An address of a router."""

    of: RouterRow
    address: VirtualAddress
    is_advertised: bool

    @property
    def interface(self) -> str:
        """The one that it stands on."""
        return self.address.interface or self.of.plan.home


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A sync group."""

    plan: Group
    state: State


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """A vrrp_script: up is None before its first result."""

    plan: Script
    up: bool | None


def script_of(notify: Notifications, name: str) -> Value | None:
    """A script of a router or a group, if it has it."""
    command = getattr(notify, name)
    return command_text(command.arguments) if command else None


def _runs_scripts(notify: Notifications) -> bool:
    names = ("on_master", "on_backup", "on_fault", "on_stop", "on_any", "on_deleted", "on_lower_priority")
    return any(getattr(notify, name) for name in names)


def _scripts(columns: Mapping[int, str]) -> dict[int, Callable[[RouterRow], Value | None]]:
    return {number: lambda row, name=name: row.script(name) for number, name in columns.items()}  # type: ignore[misc]  # bound in this round; no type is inferred for it


def router_objects(rows: Callable[[], list[RouterRow]], group_of: Callable[[str], str]) -> list[Column]:
    """VrrpInstanceTable."""
    columns: dict[int, Callable[[RouterRow], Value | None]] = {
        2: lambda row: octets(row.plan.name),
        3: lambda row: gauge(row.plan.router.vrid),
        4: lambda row: integer(states(row.router.state.name)),
        5: lambda row: integer(states(row.plan.state_words)),
        6: lambda row: integer(states("MASTER" if row.router.wants_master else row.router.state.name)),
        7: lambda row: integer(row.plan.router.priority),
        8: lambda row: integer(row.router.priority),
        9: lambda row: truth(true=all(row.has(each) for each in row.plan.all_addresses)),
        10: lambda row: octets(row.plan.interface),
        11: lambda row: truth(true=bool(row.plan.tracks.interfaces)),
        12: lambda row: gauge(
            row.plan.router.interval_us // (SECOND_US if row.plan.router.version == 2 else CENTISECOND_US)
        ),
        13: lambda row: truth(true=row.plan.router.preempt),
        14: lambda row: gauge(row.plan.router.preempt_delay_us // SECOND_US),
        15: lambda row: integer(_AUTHENTICATION.get(row.plan.router.authentication, 0)),
        16: lambda _: truth(true=False),
        18: lambda row: octets(group_of(row.plan.name)) if group_of(row.plan.name) else None,
        19: lambda row: gauge(row.plan.router.announcements.delay_us // SECOND_US),
        20: lambda row: truth(true=row.plan.notify.mail),
        21: lambda row: truth(true=_runs_scripts(row.plan.notify)),
        **_scripts({22: "on_master", 23: "on_backup", 24: "on_fault", 25: "on_stop", 26: "on_any"}),
        27: lambda row: integer(int(row.plan.accept) if row.plan.router.version == 3 else 0),
        28: lambda row: truth(true=row.plan.promote_secondaries),
        29: lambda _: truth(true=False),
        30: lambda row: integer(row.plan.router.version),
        **_scripts({31: "on_lower_priority", 32: "on_deleted"}),
        33: lambda row: truth(true=row.plan.notify.tells_deleted),
        34: lambda row: integer(family(row.plan.router.group)),
        35: lambda row: octets(row.plan.router.group),
    }
    return table(INSTANCES, lambda: numbered(rows()), columns)


def address_objects(rows: Callable[[], list[RouterRow]]) -> list[Column]:
    """vrrpAddressTable: by router and address."""

    def addresses() -> dict[Oid, AddressRow]:
        return {
            (at, number): AddressRow(row, each, number <= len(row.plan.addresses))
            for at, row in enumerate(rows(), 1)
            for number, each in enumerate(row.plan.all_addresses, 1)
        }

    columns: dict[int, Callable[[AddressRow], Value | None]] = {
        2: lambda row: integer(family(row.address.address)),
        3: lambda row: octets(row.address.address),
        4: lambda row: octets(row.address.broadcast or bytes(4)) if len(row.address.address) == 4 else None,
        5: lambda row: gauge(row.address.prefix),
        6: lambda row: integer(_SCOPES.get(row.address.scope, _GLOBAL_SCOPE)),
        7: lambda row: integer(row.of.number(row.interface)),
        8: lambda row: octets(row.interface),
        9: lambda row: octets(row.address.label) if row.address.label else None,
        10: lambda row: truth(true=row.of.has(row.address)),
        11: lambda row: truth(true=row.is_advertised),
        12: lambda row: octets(row.address.peer) if row.address.peer else None,
    }
    return table((*VRRP, 6, 1), addresses, columns)


def group_objects(rows: Callable[[], list[GroupRow]]) -> list[Column]:
    """VrrpSyncGroupTable and vrrpSyncGroupMemberTable."""
    columns: dict[int, Callable[[GroupRow], Value | None]] = {
        2: lambda row: octets(row.plan.name),
        3: lambda row: integer(states(row.state.name)),
        4: lambda row: truth(true=row.plan.notify.mail),
        5: lambda row: truth(true=_runs_scripts(row.plan.notify)),
        6: lambda row: script_of(row.plan.notify, "on_master"),
        7: lambda row: script_of(row.plan.notify, "on_backup"),
        8: lambda row: script_of(row.plan.notify, "on_fault"),
        9: lambda row: script_of(row.plan.notify, "on_any"),
        10: lambda row: truth(true=row.plan.weighs_members),
        11: lambda row: script_of(row.plan.notify, "on_stop"),
    }

    def members() -> dict[Oid, str]:
        return {
            (at, number): name for at, row in enumerate(rows(), 1) for number, name in enumerate(row.plan.members, 1)
        }

    return [*table(GROUPS, lambda: numbered(rows()), columns), *table((*VRRP, 2, 1), members, {2: octets})]


def script_objects(rows: Callable[[], Iterable[ScriptRow]]) -> list[Column]:
    """VrrpScriptTable."""
    columns: dict[int, Callable[[ScriptRow], Value | None]] = {
        2: lambda row: octets(row.plan.name),
        3: lambda row: command_text(row.plan.command.arguments),
        4: lambda row: integer(row.plan.interval_us // SECOND_US),
        5: lambda row: integer(row.plan.weight),
        6: lambda row: integer({None: 1, False: 2, True: 3}[row.up]),
        7: lambda row: integer(row.plan.rise),
        8: lambda row: integer(row.plan.fall),
        9: lambda row: truth(true=row.plan.reverse),
    }
    return table((*VRRP, 9, 1), lambda: numbered(rows()), columns)


class RouterAgent:
    """SNMP of the process of the routers: begun, ended and begun anew as the configuration says."""

    def __init__(self, process: VrrpProcess, log: Log) -> None:
        self._process = process
        self._log = log
        self._plan: SnmpPlan | None = None
        self._agent: SnmpAgent | None = None

    def use(self, plan: SnmpPlan | None) -> None:
        """Go over to a configuration."""
        if plan == self._plan:
            return
        self.close()
        self._plan = plan
        if plan:
            columns = [
                *global_objects(plan),
                *router_objects(self._routers, self._group_of),
                *address_objects(self._routers),
                *group_objects(self._groups),
                *script_objects(self._scripts),
            ]
            self._agent = SnmpAgent(plan.socket, "Keepalived_vrrp", (GLOBAL, VRRP), columns, self._log)

    def close(self) -> None:
        """No more answers."""
        if self._agent:
            self._agent.close()
        self._agent = None

    def changed(self, kind: str, name: str, state: str) -> None:
        """A router or a group has another state: the trap of it."""
        if not self._agent or not self._plan or not self._plan.traps:
            return
        trap, bindings = trap_of(kind, name, state, self._place(kind, name), self._initial(name))
        self._agent.trap(trap, [*bindings, (ROUTER_ID, octets(self._plan.router_id))])

    def _place(self, kind: str, name: str) -> int:
        names = list(self._process.groups if kind == "GROUP" else self._process.routers)
        return names.index(name) + 1 if name in names else 0

    def _initial(self, name: str) -> str:
        router = self._process.routers.get(name)
        return router.plan.state_words if router else "BACKUP"

    def _routers(self) -> list[RouterRow]:
        links = self._process.links

        def number(name: str) -> int:
            link = links.by_name.get(name)
            return link.ifindex if link else 0

        return [RouterRow(each.plan, each.router, each.has, number) for each in self._process.routers.values()]

    def _groups(self) -> list[GroupRow]:
        groups = self._process.groups
        return [GroupRow(each, groups[each.name].state) for each in self._process.plan.groups if each.name in groups]

    def _group_of(self, name: str) -> str:
        return next((each.name for each in self._process.plan.groups if name in each.members), "")

    def _scripts(self) -> list[ScriptRow]:
        return [ScriptRow(each.plan, each.up) for each in self._process.tracker.scripts.values()]


def trap_of(kind: str, name: str, state: str, place: int, initial: str) -> tuple[Oid, Bindings]:
    """The identifier of a trap and its objects but the last."""
    if kind == "GROUP":
        return GROUP_TRAP, [
            ((*GROUPS, 2, place), octets(name)),
            ((*GROUPS, 3, place), integer(states(state))),
        ]
    return INSTANCE_TRAP, [
        ((*INSTANCES, 2, place), octets(name)),
        ((*INSTANCES, 4, place), integer(states(state))),
        ((*INSTANCES, 5, place), integer(states(initial))),
    ]
