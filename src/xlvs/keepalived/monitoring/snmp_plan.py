# SPDX-License-Identifier: Apache-2.0
"""Whether a part answers SNMP, and the objects of KEEPALIVED-MIB that all parts have: those of the configuration."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import xlvs
from xlvs.snmp.objects import Column, Oid, Value, gauge, integer, numbered, octets, scalars, table, truth

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.general import GlobalSettings

KEEPALIVED: Final = (1, 3, 6, 1, 4, 1, 9586, 100, 5)
GLOBAL: Final = (*KEEPALIVED, 1)
ROUTER_ID: Final = (*GLOBAL, 2, 0)
_UNSET: Final = 3
_NETLINK: Final = 1
_MAIL: Final = 3


@dataclass(frozen=True, slots=True)
class SnmpPlan:
    """What an agent is told. `traps`: changes are sent."""

    settings: GlobalSettings
    namespace: str = ""

    @property
    def socket(self) -> str:
        """Where the master agent listens, empty for the usual place."""
        return self.settings.snmp_socket

    @property
    def traps(self) -> bool:
        """Changes of states are sent."""
        return self.settings.enable_traps

    @property
    def router_id(self) -> str:
        """The name that traps carry."""
        return self.settings.router_id or socket.gethostname()


def of_routers(config: KeepalivedConfig) -> SnmpPlan | None:
    """Of the part that runs the routers; None: it does not answer."""
    return SnmpPlan(config.settings, config.process.net_namespace) if config.settings.enable_snmp_vrrp else None


def of_checks(config: KeepalivedConfig) -> SnmpPlan | None:
    """Of the part that checks; None: it does not answer."""
    return SnmpPlan(config.settings, config.process.net_namespace) if config.settings.enable_snmp_checker else None


def global_objects(plan: SnmpPlan) -> list[Column]:
    """The group `global`."""
    settings = plan.settings
    stop = {"": 2, "VS": 3}.get(settings.lvs_flush_on_stop, 1)
    return [
        *scalars(
            GLOBAL,
            {
                1: lambda: octets(f"Keepalived v2.2.7 (xlvs {xlvs.__version__})"),
                2: lambda: octets(plan.router_id),
                4: lambda: truth(true=settings.enable_traps),
                5: lambda: integer(_NETLINK),
                6: lambda: truth(true=settings.lvs_flush),
                7: lambda: truth(true=True),
                8: lambda: octets(plan.namespace),
                9: lambda: truth(true=False),
                10: lambda: truth(true=bool(settings.dynamic_interfaces)),
                11: lambda: integer(stop),
            },
        ),
        *_mail_objects(settings),
    ]


def _mail_objects(settings: GlobalSettings) -> list[Column]:
    server = settings.smtp_server
    address = _packed(server.host) if server else b""
    return [
        *scalars(
            (*GLOBAL, _MAIL),
            {
                1: lambda: integer(family(address)) if address else None,
                2: lambda: octets(address) if address else None,
                3: lambda: gauge(settings.smtp_connect_timeout // 1_000_000),
                4: lambda: octets(settings.notification_email_from) if settings.notification_email_from else None,
                6: lambda: gauge(server.port) if server else None,
                7: lambda: truth(true=not settings.no_email_faults),
                8: lambda: _switch(settings.smtp_alert),
                9: lambda: _switch(settings.smtp_alert_vrrp),
                10: lambda: _switch(settings.smtp_alert_checker),
            },
        ),
        *table((*GLOBAL, _MAIL, 5, 1), lambda: numbered(settings.notification_email), {2: octets}),
    ]


def family(address: bytes) -> int:
    """InetAddressType of a packed address."""
    return 2 if len(address) == 16 else 1


def _packed(host: str) -> bytes:
    try:
        return ip_address(host).packed
    except ValueError:
        return b""


def _switch(value: bool | None) -> Value:  # noqa: FBT001 - three states of one setting
    return integer(_UNSET if value is None else 1 if value else 2)


def command_text(words: tuple[str, ...]) -> Value:
    """A script as the original writes it: each word in quotes."""
    return octets(" ".join(f"'{word}'" for word in words))


def states(name: str) -> int:
    """VrrpState of a state as notifications call it."""
    return {"INIT": 0, "BACKUP": 1, "MASTER": 2, "FAULT": 3, "STOP": 5, "DELETED": 6}.get(name, 4)


Bindings = list[tuple[Oid, Value]]
