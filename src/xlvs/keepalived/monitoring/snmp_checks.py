# SPDX-License-Identifier: Apache-2.0
"""The group `check` of KEEPALIVED-MIB: virtual and real servers with their counters, timeouts; and its traps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.healthcheck.effects import QuorumChanged, ServerChanged
from xlvs.keepalived.monitoring.snmp_agent import SnmpAgent
from xlvs.keepalived.monitoring.snmp_plan import (
    GLOBAL,
    KEEPALIVED,
    ROUTER_ID,
    Bindings,
    command_text,
    family,
    global_objects,
)
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import XlvsError
from xlvs.model.service import Protocol
from xlvs.model.views import DestinationView, ServiceView
from xlvs.snmp.objects import (
    Column,
    Oid,
    Value,
    counter,
    counter64,
    gauge,
    integer,
    numbered,
    octets,
    scalars,
    table,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.healthcheck.effects import CheckerChanged
    from xlvs.healthcheck.settings import Hook, RealServerSettings, VirtualServerSettings
    from xlvs.healthcheck.virtual_server import RealServer, VirtualServer
    from xlvs.keepalived.checks.checking import Checking
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.monitoring.snmp_plan import SnmpPlan
    from xlvs.model.destination import Destination, DestinationKey
    from xlvs.model.service import ServiceKey
    from xlvs.model.statistics import Counters

CHECK: Final = (*KEEPALIVED, 3)
VIRTUAL: Final = (*CHECK, 3, 1)
REAL: Final = (*CHECK, 4, 1)
SERVER_TRAP: Final = (*CHECK, 5, 0, 1)
QUORUM_TRAP: Final = (*CHECK, 5, 0, 2)
AGE_S: Final = 5.0
"""Counters are as old as this at most, as in the original."""
_PROTOCOLS: Final = {Protocol.TCP: 1, Protocol.UDP: 2, Protocol.SCTP: 3}
_METHODS: Final = {ForwardingMethod.MASQUERADE: 1, ForwardingMethod.DIRECT_ROUTE: 2, ForwardingMethod.TUNNEL: 3}
_SCHEDULERS: Final = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos")
_UNKNOWN: Final = 99
_NO_PROTOCOL: Final = 4


class Views:
    """What the tables count, looked at again after a while."""

    def __init__(self, look: Callable[[], list[ServiceView]]) -> None:
        self._look = look
        self._at = -AGE_S
        self._views: dict[ServiceKey, ServiceView] = {}
        self._destinations: dict[tuple[ServiceKey, DestinationKey], DestinationView] = {}

    def of(self, key: ServiceKey) -> ServiceView | None:
        """One service, None while it is not there."""
        self._refresh()
        return self._views.get(key)

    def destination(self, service: ServiceKey, key: DestinationKey) -> DestinationView | None:
        """One destination of a service, None while it is not there."""
        self._refresh()
        return self._destinations.get((service, key))

    def _refresh(self) -> None:
        if time.monotonic() - self._at < AGE_S:
            return
        self._at = time.monotonic()
        try:
            self._views = {view.service.key: view for view in self._look()}
        except XlvsError:
            self._views = {}
        self._destinations = {
            (key, each.destination.key): each for key, view in self._views.items() for each in view.destinations
        }


@dataclass(frozen=True, slots=True)
class VirtualRow:
    """A virtual server: that of a group stands for its first service."""

    server: VirtualServer
    views: Views

    @property
    def settings(self) -> VirtualServerSettings:
        """As configured."""
        return self.server.settings

    @property
    def key(self) -> ServiceKey:
        """Its service."""
        return self.settings.services[0].key

    @property
    def group(self) -> str:
        """The name of its virtual_server_group."""
        name = self.settings.name
        return name[1 : name.rindex("]")] if name.startswith("[") and name.endswith("]:0") else ""

    @property
    def kind(self) -> int:
        """fwmark(1), ip(2), group(3)."""
        return 3 if self.group else 1 if self.key.fwmark else 2

    @property
    def alive(self) -> int:
        """How many of its real servers are up."""
        return sum(each.up for each in self.server.servers)

    def counters(self, pick: Callable[[Counters], int]) -> int:
        """Of all its services together."""
        views = (self.views.of(service.key) for service in self.settings.services)
        return sum(pick(view.counters) for view in views if view)


@dataclass(frozen=True, slots=True)
class RealRow:
    """A real server; `server` None: the sorry server."""

    of: VirtualRow
    destination: Destination
    server: RealServer | None

    @property
    def settings(self) -> RealServerSettings | None:
        """As configured, unless it is the sorry server."""
        return self.server.settings if self.server else None

    def view(self) -> DestinationView | None:
        """What the tables count of it."""
        return self.of.views.destination(self.of.key, self.destination.key)

    def number(self, pick: Callable[[DestinationView], int]) -> int:
        """Something that is counted, 0 while it is not in the table."""
        view = self.view()
        return pick(view) if view else 0

    @property
    def is_alive(self) -> bool:
        """It takes connections."""
        return self.server.up if self.server else self.of.server.is_sorry


def _hook(hook: Hook | None) -> Value | None:
    return command_text(hook.command) if hook else None


def _scheduler(name: str) -> int:
    return _SCHEDULERS.index(name) + 1 if name in _SCHEDULERS else _UNKNOWN


def _address_columns(
    key: Callable[[VirtualRow], ServiceKey | None],
) -> dict[int, Callable[[VirtualRow], Value | None]]:
    def of(row: VirtualRow) -> ServiceKey | None:
        return key(row) if row.kind == 2 else None

    return {
        3: lambda row: octets(row.group) if row.group else None,
        4: lambda row: gauge(row.key.fwmark) if row.kind == 1 else None,
        5: lambda row: integer(family(found.address)) if (found := of(row)) else None,
        6: lambda row: octets(found.address) if (found := of(row)) else None,
        7: lambda row: gauge(found.port) if (found := of(row)) else None,
    }


def virtual_objects(rows: Callable[[], list[VirtualRow]]) -> list[Column]:
    """VirtualServerTable."""
    columns: dict[int, Callable[[VirtualRow], Value | None]] = {
        2: lambda row: integer(row.kind),
        **_address_columns(lambda row: row.key),
        8: lambda row: integer(_NO_PROTOCOL if row.kind == 1 else _PROTOCOLS[row.key.protocol]),
        9: lambda row: integer(_scheduler(row.settings.services[0].scheduler)),
        10: lambda row: integer(_METHODS[row.settings.servers[0].destination.forwarding]),
        11: lambda row: truth(true=row.alive > 0 or row.server.is_sorry),
        13: lambda row: truth(true=bool(row.settings.services[0].persistence_timeout_s)),
        14: lambda row: gauge(row.settings.services[0].persistence_timeout_s),
        17: lambda row: truth(true=row.settings.ha_suspend),
        19: lambda row: truth(true=row.settings.omega),
        20: lambda row: gauge(len(row.server.servers)),
        21: lambda row: gauge(row.alive),
        22: lambda row: gauge(row.settings.quorum),
        23: lambda row: truth(true=row.server.quorum_up),
        24: lambda row: _hook(row.settings.quorum_up),
        25: lambda row: _hook(row.settings.quorum_down),
        26: lambda row: gauge(row.settings.hysteresis),
        27: lambda row: counter(row.counters(lambda each: each.conns)),
        28: lambda row: counter(row.counters(lambda each: each.inpkts)),
        29: lambda row: counter(row.counters(lambda each: each.outpkts)),
        30: lambda row: counter64(row.counters(lambda each: each.inbytes)),
        31: lambda row: counter64(row.counters(lambda each: each.outbytes)),
        37: lambda row: truth(true=row.settings.services[0].one_packet),
        38: lambda row: counter64(row.counters(lambda each: each.conns)),
        39: lambda row: counter64(row.counters(lambda each: each.inpkts)),
        40: lambda row: counter64(row.counters(lambda each: each.outpkts)),
        61: lambda row: truth(true=row.settings.mail),
    }
    return table(VIRTUAL, lambda: numbered(rows()), columns)


def real_rows(rows: list[VirtualRow]) -> dict[Oid, RealRow]:
    """By virtual server and place; a sorry server stands first."""
    found: dict[Oid, RealRow] = {}
    for at, row in enumerate(rows, 1):
        servers = [RealRow(row, each.settings.destination, each) for each in row.server.servers]
        sorry = [RealRow(row, row.settings.sorry, None)] if row.settings.sorry else []
        found |= {(at, number): each for number, each in enumerate((*sorry, *servers), 1)}
    return found


def real_objects(rows: Callable[[], dict[Oid, RealRow]]) -> list[Column]:
    """RealServerTable."""
    columns: dict[int, Callable[[RealRow], Value | None]] = {
        2: lambda row: integer(1 if row.server else 2),
        3: lambda row: integer(family(row.destination.key.address)),
        4: lambda row: octets(row.destination.key.address),
        5: lambda row: gauge(row.destination.key.port),
        6: lambda row: truth(true=row.is_alive),
        7: lambda row: integer(row.server.weight if row.server else row.destination.weight),
        8: lambda row: gauge(row.destination.upper_threshold),
        9: lambda row: gauge(row.destination.lower_threshold),
        10: lambda row: integer(2 if row.settings and row.settings.inhibit else 1),
        11: lambda row: _hook(row.settings.notify_up if row.settings else None),
        12: lambda row: _hook(row.settings.notify_down if row.settings else None),
        13: lambda row: gauge(sum(each.failed for each in row.server.checkers)) if row.server else None,
        14: lambda row: counter(row.number(lambda each: each.counters.conns)),
        15: lambda row: gauge(row.number(lambda each: each.active)),
        16: lambda row: gauge(row.number(lambda each: each.inactive)),
        17: lambda row: gauge(row.number(lambda each: each.persistent)),
        18: lambda row: counter(row.number(lambda each: each.counters.inpkts)),
        19: lambda row: counter(row.number(lambda each: each.counters.outpkts)),
        20: lambda row: counter64(row.number(lambda each: each.counters.inbytes)),
        21: lambda row: counter64(row.number(lambda each: each.counters.outbytes)),
    }
    return table(REAL, rows, columns)


class CheckAgent:
    """SNMP of the process of the checks: begun, ended and begun anew as the configuration says."""

    def __init__(self, checking: Checking, plan: SnmpPlan | None, log: Log) -> None:
        self._checking = checking
        self._log = log
        self._views = Views(checking.views)
        self._plan: SnmpPlan | None = None
        self._agent: SnmpAgent | None = None
        self.use(plan)

    def use(self, plan: SnmpPlan | None) -> None:
        """Go over to a configuration."""
        if plan == self._plan:
            return
        self.close()
        self._plan = plan
        if plan:
            columns = [
                *global_objects(plan),
                *virtual_objects(self._rows),
                *real_objects(lambda: real_rows(self._rows())),
                *self._timeouts(),
            ]
            self._agent = SnmpAgent(plan.socket, "Keepalived_healthcheckers", (GLOBAL, CHECK), columns, self._log)

    def close(self) -> None:
        """No more answers."""
        if self._agent:
            self._agent.close()
        self._agent = None

    def changed(self, change: CheckerChanged | ServerChanged | QuorumChanged) -> None:
        """A real server or a quorum changed: the trap of it."""
        if self._agent and self._plan and self._plan.traps:
            found = trap_of(change, self._rows())
            if found:
                self._agent.trap(found[0], [*found[1], (ROUTER_ID, octets(self._plan.router_id))])

    def _rows(self) -> list[VirtualRow]:
        return [VirtualRow(each, self._views) for each in self._checking.health.virtual_servers]

    def _timeouts(self) -> list[Column]:
        def timeouts(name: str) -> Callable[[], Value | None]:
            return lambda: gauge(getattr(self._checking.timeouts(), name))

        return scalars((*CHECK, 7), {1: timeouts("tcp_s"), 2: timeouts("tcp_fin_s"), 3: timeouts("udp_s")})


def trap_of(
    change: CheckerChanged | ServerChanged | QuorumChanged, rows: list[VirtualRow]
) -> tuple[Oid, Bindings] | None:
    """The identifier of a trap and its objects but the last; None: there is none for it."""
    if not isinstance(change, ServerChanged | QuorumChanged):
        return None
    at, row = next(((at, row) for at, row in enumerate(rows, 1) if row.settings is change.virtual_server), (0, None))
    if row is None:
        return None
    ends: Bindings = [((*VIRTUAL, 21, at), gauge(row.alive)), ((*VIRTUAL, 20, at), gauge(len(row.server.servers)))]
    about: Bindings = [
        ((*VIRTUAL, 2, at), integer(row.kind)),
        ((*VIRTUAL, 8, at), integer(_NO_PROTOCOL if row.kind == 1 else _PROTOCOLS[row.key.protocol])),
    ]
    if isinstance(change, QuorumChanged):
        quorum: Bindings = [
            ((*VIRTUAL, 23, at), truth(true=change.up)),
            ((*VIRTUAL, 22, at), gauge(row.settings.quorum)),
        ]
        return QUORUM_TRAP, [*about, *quorum, *ends]
    end = change.server.destination.key
    real = next(
        (index for index, each in real_rows(rows).items() if index[0] == at and each.settings is change.server), (at, 0)
    )
    server: Bindings = [
        ((*REAL, 3, *real), integer(family(end.address))),
        ((*REAL, 4, *real), octets(end.address)),
        ((*REAL, 5, *real), gauge(end.port)),
        ((*REAL, 6, *real), truth(true=change.up)),
    ]
    return SERVER_TRAP, [*server, *about, *ends]
