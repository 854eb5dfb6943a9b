# SPDX-License-Identifier: Apache-2.0
"""From a configuration's values to virtual servers with their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.config.settings.servers import HttpCheck
from xlvs.healthcheck.probe import end_text
from xlvs.healthcheck.settings import HealthSettings, Hook, RealServerSettings, VirtualServerSettings
from xlvs.keepalived.checks.check_plan import CheckPlan
from xlvs.keepalived.checks.check_probes import checkers_of, regex_fault
from xlvs.keepalived.monitoring.snmp_plan import of_checks
from xlvs.keepalived.notices.mail import mail_settings
from xlvs.keepalived.notices.script_plan import fifos_of, rules_of
from xlvs.model.address import Family, family_of
from xlvs.model.destination import (
    TUNNEL_FLAG_CHECKSUM,
    TUNNEL_FLAG_NO_CHECKSUM,
    TUNNEL_FLAG_REMOTE_CHECKSUM,
    Destination,
    DestinationKey,
    ForwardingMethod,
    Tunnel,
    TunnelType,
)
from xlvs.model.service import (
    SCHEDULER_FLAG_1,
    SCHEDULER_FLAG_2,
    SCHEDULER_FLAG_3,
    Protocol,
    ServiceKey,
    VirtualService,
    mark_service_key,
)
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.schema.lines import Member
    from xlvs.config.schema.special import Forwarding
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.servers import RealServer, VirtualServer
    from xlvs.config.values import Address, Script

_METHODS: Final = {
    "NAT": ForwardingMethod.MASQUERADE,
    "DR": ForwardingMethod.DIRECT_ROUTE,
    "TUN": ForwardingMethod.TUNNEL,
}
_CHECKSUMS: Final = {
    "": TUNNEL_FLAG_NO_CHECKSUM,
    "nocsum": TUNNEL_FLAG_NO_CHECKSUM,
    "csum": TUNNEL_FLAG_CHECKSUM,
    "remcsum": TUNNEL_FLAG_REMOTE_CHECKSUM,
}


def translate(config: KeepalivedConfig) -> CheckPlan:
    """The plan that a configuration makes."""
    found: dict[tuple[ServiceKey, ...], VirtualServerSettings] = {}
    for each in config.virtual_servers:
        server = _virtual_server(each, config)
        found.setdefault(tuple(service.key for service in server.services), server)
    settings = config.settings
    wanted = settings.lvs_timeouts
    return CheckPlan(
        HealthSettings(tuple(found.values()), notify_at_start=settings.rs_init_notifies),
        timeouts=Timeouts(wanted.tcp, wanted.tcpfin, wanted.udp) if wanted else None,
        flush_at_start=settings.lvs_flush,
        flush_at_stop=bool(settings.lvs_flush_on_stop),
        mend=settings.xlvs_mend,
        mail=mail_settings(settings),
        fifos=fifos_of(settings, "lvs", settings.lvs_notify_fifo, settings.lvs_notify_fifo_script),
        scripts=rules_of(settings),
        snmp=of_checks(config),
        warnings=tuple(_warnings(config)),
    )


def _warnings(config: KeepalivedConfig) -> Iterator[str]:
    for server in config.virtual_servers:
        for checker in (each for real in server.real_servers for each in real.checkers):
            for url in checker.urls if isinstance(checker, HttpCheck) else ():
                if fault := regex_fault(url):
                    yield f"virtual_server {server.head}: {fault}"


def _virtual_server(server: VirtualServer, config: KeepalivedConfig) -> VirtualServerSettings:
    keys = service_keys(server, config)
    head = server.head
    name = end_text(keys[0].address, keys[0].port, keys[0].protocol.name.lower())
    if head.group:
        name = f"[{head.group}]:0"
    elif head.mark:
        name = f"FWM {head.mark}"
    # The name of a real server's protocol; a mark has none of its own.
    word = "none" if head.mark else server.protocol.lower()
    sorry = server.sorry_server
    forwarding = server.sorry_server_lvs_method or server.lvs_method
    return VirtualServerSettings(
        name,
        tuple(_service(key, server) for key in keys),
        tuple(_real_server(each, server, keys[0], word, config) for each in server.real_servers),
        server.quorum,
        server.hysteresis,
        sorry=_destination(sorry.address, sorry.port, forwarding, keys[0], 1) if sorry else None,
        sorry_name=end_text(sorry.address.packed, sorry.port or keys[0].port, word) if sorry else "",
        sorry_inhibit=server.sorry_server_inhibit,
        omega=server.omega,
        ha_suspend=server.ha_suspend and not head.mark,
        slow_start_us=server.xlvs_slow_start,
        quorum_up=_hook(server.quorum_up),
        quorum_down=_hook(server.quorum_down),
        mail=server.smtp_alert,
    )


def service_keys(server: VirtualServer, config: KeepalivedConfig) -> list[ServiceKey]:
    """The services that the server stands for, each once; the configuration has made sure that there is one."""
    head, protocol = server.head, Protocol[server.protocol]
    if head.mark:
        return [mark_service_key(head.mark, _mark_family(server))]
    if head.address is not None:
        return [_key(head.address, head.port, protocol)]
    members = next((group.members for group in config.server_groups if group.name == head.group), ())
    return list(dict.fromkeys(key for member in members for key in _member_keys(member, server, protocol)))


def _key(address: Address, port: int, protocol: Protocol) -> ServiceKey:
    return ServiceKey(protocol, family_of(address.packed), address.packed, port)


def _mark_family(server: VirtualServer) -> Family:
    """That of its word, or of its real servers where these are not tunnelled to."""
    if server.ip_family:
        return Family.IPV6 if server.ip_family == "inet6" else Family.IPV4
    return Family.IPV6 if all(each.address.version == 6 for each in server.real_servers) else Family.IPV4


def _member_keys(member: Member, server: VirtualServer, protocol: Protocol) -> list[ServiceKey]:
    if member.address is None:
        family = {"inet": Family.IPV4, "inet6": Family.IPV6}.get(member.family, _mark_family(server))
        return [mark_service_key(member.mark, family)]
    return [_key(member.address + each, member.port, protocol) for each in range(member.count)]


def _service(key: ServiceKey, server: VirtualServer) -> VirtualService:
    flags = 0
    if server.flag_1 or server.sh_fallback or server.mh_fallback:
        flags |= SCHEDULER_FLAG_1
    if server.flag_2 or server.sh_port or server.mh_port:
        flags |= SCHEDULER_FLAG_2
    if server.flag_3:
        flags |= SCHEDULER_FLAG_3
    timeout = server.persistence_timeout or 0
    return VirtualService(
        key,
        server.lvs_sched,
        flags,
        timeout,
        _netmask(key, server.persistence_granularity) if timeout else -1,
        server.persistence_engine if timeout else "",
        one_packet=server.ops,
    )


def _netmask(key: ServiceKey, length: int | None) -> int:
    if length is None or key.family is Family.IPV6:
        return -1 if length is None else length
    return 0xFFFFFFFF << max(32 - length, 0) & 0xFFFFFFFF


def _destination(
    address: Address, port: int, forwarding: Forwarding, key: ServiceKey, weight: int, upper: int = 0, lower: int = 0
) -> Destination:
    """Not rewritten, a packet keeps the port of the service."""
    method = _METHODS[forwarding.method]
    tunnel = Tunnel()
    if method is ForwardingMethod.TUNNEL:
        kind = TunnelType[forwarding.tunnel.upper()] if forwarding.tunnel else TunnelType.IPIP
        tunnel = Tunnel(kind, forwarding.port, _CHECKSUMS[forwarding.checksum])
    if method is not ForwardingMethod.MASQUERADE or not port:
        port = key.port
    end = DestinationKey(family_of(address.packed), address.packed, port)
    return Destination(end, method, weight, upper, lower, tunnel)


def _real_server(
    server: RealServer, around: VirtualServer, key: ServiceKey, word: str, config: KeepalivedConfig
) -> RealServerSettings:
    port = server.port or key.port
    name = end_text(server.address.packed, port, word)
    destination = _destination(
        server.address, server.port, server.lvs_method, key, server.weight, server.uthreshold, server.lthreshold
    )
    checkers = [checkers_of(each, name, (server.address.packed, port), config) for each in server.checkers]
    return RealServerSettings(
        name,
        destination,
        tuple(each for each in checkers if each),
        inhibit=server.inhibit_on_failure or around.inhibit_on_failure,
        notify_up=_hook(server.notify_up),
        notify_down=_hook(server.notify_down),
        mail=server.smtp_alert,
    )


def _hook(script: Script | None) -> Hook | None:
    return Hook(script.command, script.user, script.group) if script else None
