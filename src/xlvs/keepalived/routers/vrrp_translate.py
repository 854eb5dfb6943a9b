# SPDX-License-Identifier: Apache-2.0
"""From the values of a configuration to a plan for the VRRP process."""

from __future__ import annotations

import socket
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING, Final

from xlvs.config.settings.vrrp import Instance as ConfiguredInstance
from xlvs.keepalived.checks.sync_daemon import sync_daemons
from xlvs.keepalived.monitoring.snmp_plan import of_routers
from xlvs.keepalived.notices.mail import mail_settings
from xlvs.keepalived.notices.script_plan import Command, command_of, fifos_of, rules_of
from xlvs.keepalived.routers.vmac_names import with_devices
from xlvs.keepalived.routers.vrrp_plan import (
    Delays,
    FirewallSettings,
    Globals,
    Group,
    Instance,
    Notifications,
    Pauses,
    Plan,
    Script,
    Tracked,
    TrackFile,
    TrackGroup,
    TrackProcess,
    Tracks,
    TrackSession,
    VirtualAddress,
)
from xlvs.vrrp.packet import AuthenticationType
from xlvs.vrrp.settings import SECOND_US, Announcements, Peer, RouterSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.config.schema.lines import AddressLine, Track
    from xlvs.config.schema.routes import RouteLine, RuleLine
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.config.settings.vrrp import SyncGroup, TrackScript
    from xlvs.config.settings.vrrp import TrackFile as ConfiguredFile
    from xlvs.config.settings.vrrp import TrackProcess as ConfiguredProcess
    from xlvs.config.values import Weight

_SCOPES: Final = {"global": 0, "nowhere": 255, "host": 254, "link": 253, "site": 200}
_FLAGS: Final = {"home": 0x10, "mngtmpaddr": 0x100, "noprefixroute": 0x200, "autojoin": 0x400}
_NOT_OF_IP: Final = frozenset({"no_track", "track_group", "inet", "inet6", "or"})


def plan(config: KeepalivedConfig) -> Plan:
    """The plan in values."""
    ipv4_devices = frozenset(
        each.virtual_router_id
        for each in config.instances
        if each.use_vmac and each.virtual_ipaddress and each.virtual_ipaddress[0].address.version == 4
    )
    return Plan(
        snmp=of_routers(config),
        sync=sync_daemons(config),
        settings=_globals(config.settings),
        instances=with_devices(
            [(_instance(each, config.settings, ipv4_devices), _moving(each)) for each in config.instances],
            config.settings.vmac_addr_prefix or config.settings.vmac_prefix,
        ),
        groups=tuple(_group(each) for each in config.sync_groups),
        scripts=tuple(_script(each) for each in config.scripts),
        files=tuple(_file(each) for each in config.files),
        processes=tuple(_process(each) for each in config.processes),
        sessions=tuple(
            TrackSession(each.name, each.weight.value, each.weight.reverse) for each in config.bfd_sessions if each.vrrp
        ),
        static_addresses=tuple(
            _address(each, config.settings.default_interface or "eth0") for each in config.addresses
        ),
        static_routes=tuple(_route(each) for each in config.routes),
        static_rules=tuple(_rule(each) for each in config.rules),
        track_groups=_track_groups(config),
        firewall=FirewallSettings(
            config.settings.nftables or "keepalived",
            config.settings.nftables_priority,
            config.settings.nftables_counters,
        ),
        firewall_chosen=bool(config.settings.nftables),
        delays=_delays(config),
        pauses={
            name: Pauses(each.interfaces[0], each.garp_interval, each.gna_interval)
            for each in config.garp_groups
            for name in each.interfaces
        },
    )


def _file(given: ConfiguredFile) -> TrackFile:
    return TrackFile(
        given.name,
        given.file,
        given.weight.value,
        given.weight.reverse,
        given.init_file.value if given.init_file else None,
        bool(given.init_file and given.init_file.overwrite),
    )


def _process(given: ConfiguredProcess) -> TrackProcess:
    return TrackProcess(
        given.name,
        given.process,
        given.weight.value,
        given.weight.reverse,
        given.quorum,
        given.quorum_max,
        given.terminate_delay,
        given.fork_delay,
        given.full_command,
        given.param_match,
    )


def _implied(given: ConfiguredInstance) -> frozenset[str]:
    """Interfaces that its addresses and routes are on."""
    lines = (*given.virtual_ipaddress, *given.virtual_ipaddress_excluded)
    found = {each.device for each in lines if each.device and each.track}
    for route in given.virtual_routes:
        if "no_track" not in route.flags:
            hops = [hop[hop.index("dev") + 1] for hop in route.nexthops if "dev" in hop[:-1]]
            found |= {name for name in (route.option("dev"), *hops) if name}
    return frozenset(found)


def _moving(given: ConfiguredInstance) -> frozenset[bytes]:
    """The addresses that go on a device of the router's hardware address wherever they are."""
    lines = (*given.virtual_ipaddress, *given.virtual_ipaddress_excluded)
    return frozenset(each.address.packed for each in lines if given.use_vmac_addr or each.use_vmac)


def _track_groups(config: KeepalivedConfig) -> tuple[TrackGroup, ...]:
    usual = config.settings.default_interface or "eth0"
    found = {
        group.name: tuple(_address(each, usual) for each in config.addresses if each.track_group == group.name)
        for group in config.track_groups
    }
    return tuple(TrackGroup(each.group, found[each.name]) for each in config.track_groups if found[each.name])


def _delays(config: KeepalivedConfig) -> dict[str, Delays]:
    """A change that counts later than two advertisements of a router there would be too late: the original's limit."""
    found = {}
    for each in config.delays:
        intervals = [router.advert_int for router in config.instances if router.interface == each.interface]
        most = min((2 * interval - interval // 256 for interval in intervals), default=2**32)
        found[each.interface] = Delays(min(each.down_us, most), min(each.up_us, most))
    return found


def _globals(settings: GlobalSettings) -> Globals:
    return Globals(
        router_id=settings.router_id or socket.gethostname(),
        fifos=fifos_of(settings, "vrrp", settings.vrrp_notify_fifo, settings.vrrp_notify_fifo_script),
        scripts=rules_of(settings),
        startup_delay_us=settings.vrrp_startup_delay,
        after_boot_us=settings.vrrp_delay_after_boot,
        local_igmp=not settings.disable_local_igmp,
        log_unknown=settings.log_unknown_vrids,
        dynamic_interfaces=bool(settings.dynamic_interfaces),
        na_interval_us=settings.vrrp_gna_interval,
        mail=mail_settings(settings),
        states_on_reload=settings.fifo_write_vrrp_states_on_reload,
        mend=settings.xlvs_mend,
    )


def _instance(given: ConfiguredInstance, settings: GlobalSettings, ipv4_devices: frozenset[int]) -> Instance:
    addresses = tuple(_address(each) for each in given.virtual_ipaddress)
    family = 6 if addresses and len(addresses[0].address) == 16 else 4
    usual = settings.vmac_prefix + ("6" if family == 6 and given.virtual_router_id in ipv4_devices else "")
    return Instance(
        router=_router(given, settings, addresses, family),
        interface=given.interface or settings.default_interface or "eth0",
        state_words=given.state,
        addresses=addresses,
        excluded=tuple(
            # The device of a hardware address is for one family.
            _address(each, given.interface if given.use_vmac and (each.address.version == 4) != (family == 4) else "")
            for each in given.virtual_ipaddress_excluded
        ),
        routes=tuple(_route(each) for each in given.virtual_routes),
        rules=tuple(_rule(each) for each in given.virtual_rules),
        family=family,
        unicast_ttl=255 if given.unicast_ttl is None else given.unicast_ttl,
        track_primary=not given.dont_track_primary,
        track_source=given.track_src_ip,
        tracks=_tracks(given),
        implied=_implied(given) - {given.interface},
        notify=_notifications(given),
        vmac=(given.use_vmac.name or f"{usual}.{given.virtual_router_id}") if given.use_vmac else None,
        vmac_address=given.use_vmac.mac if given.use_vmac else "",
        vmac_sends_on_base=given.vmac_xmit_base,
        garp_interval_us=settings.vrrp_garp_interval if family == 4 else settings.vrrp_gna_interval,
        strict=given.strict_mode,
        accept=given.accept,
        promote_secondaries=given.promote_secondaries,
        needs_peers=given.unicast_fault_no_peer,
        extra_us=given.garp_extra_if.interval_us if given.garp_extra_if else 0,
        extra_everywhere=bool(given.garp_extra_if and given.garp_extra_if.every),
    )


def _router(
    given: ConfiguredInstance, settings: GlobalSettings, addresses: Iterable[VirtualAddress], family: int
) -> RouterSettings:
    secret = given.authentication
    everywhere = settings.vrrp_mcast_group4 if family == 4 else settings.vrrp_mcast_group6
    return RouterSettings(
        name=given.name,
        vrid=given.virtual_router_id,
        source=given.unicast_src_ip.packed if given.unicast_src_ip else b"",
        addresses=tuple(each.address for each in addresses),
        version=given.version,
        priority=given.priority,
        interval_us=given.advert_int,
        wants_master=given.state == "MASTER",
        preempt=not given.nopreempt,
        preempt_delay_us=given.preempt_delay,
        down_timer_adverts=given.down_timer_adverts,
        authentication=AuthenticationType[secret.auth_type] if secret else AuthenticationType.NONE,
        password=secret.auth_pass.encode(errors="surrogateescape") if secret else b"",
        lower_priority_no_advert=given.lower_prio_no_advert,
        higher_priority_send_advert=given.higher_prio_send_advert,
        skip_check_adv_addr=given.skip_check_adv_addr,
        unicast_peers=tuple(Peer(each.address.packed, each.min_ttl, each.max_ttl) for each in given.unicast_peer),
        check_unicast_source=given.check_unicast_src,
        announcements=Announcements(
            repeat=given.garp_master_repeat,
            delay_us=given.garp_master_delay * SECOND_US,
            refresh_us=given.garp_master_refresh * SECOND_US,
            refresh_repeat=given.garp_master_refresh_repeat,
            lower_priority_repeat=given.garp_lower_prio_repeat,
            lower_priority_delay_us=given.garp_lower_prio_delay * SECOND_US,
        ),
        group=(given.mcast_dst_ip or everywhere).packed,
        pseudo_header=not given.v3_checksum_as_v2,
        either_checksum=given.v3_checksum_as_v2,
        old_checksum=given.old_unicast_checksum == "auto",
        never_old_checksum=given.old_unicast_checksum == "never",
        owner_ignores=given.owner_ignore_adverts,
    )


def _address(line: AddressLine, interface: str = "") -> VirtualAddress:
    broadcast = b""
    if line.broadcast:
        whole = ip_network(str(line), strict=False)
        broadcast = (whole.broadcast_address if line.broadcast in "+-" else ip_address(line.broadcast)).packed
    found = VirtualAddress(
        line.address.packed,
        line.prefix,
        interface=line.device or interface,
        scope=_SCOPES[line.scope] if line.scope in _SCOPES else int(line.scope or "0", 0),
        label=line.label,
        broadcast=broadcast,
        flags=sum(_FLAGS.get(flag, 0) for flag in line.flags),
        preferred_s=line.preferred_lifetime,
        tracked=line.track,
    )
    if line.peer:
        peer = ip_interface(line.peer)
        found = replace(found, peer=peer.ip.packed, peer_prefix=peer.network.prefixlen)
    return found


def _route(line: RouteLine) -> tuple[str, ...]:
    """As ip-route(8) takes it."""
    words = [*([line.kind] if line.kind != "unicast" else []), line.destination]
    for name, value in line.options:
        words += [] if name in _NOT_OF_IP or name == "to" else [name, *value.split()]
    words += [word for flag in line.flags for word in flag.split() if flag not in {*_NOT_OF_IP, "add", "append"}]
    words += ["encap", *line.encap] if line.encap else []
    for hop in line.nexthops:
        words += ["nexthop", *hop]
    return tuple(words)


def _rule(line: RuleLine) -> tuple[str, ...]:
    """As ip-rule(8) takes it."""
    words = [flag for flag in line.flags if flag not in _NOT_OF_IP]
    for name, value in line.options:
        words += [] if name in _NOT_OF_IP else [name, value]
    return tuple(words)


def _track(given: Track) -> Tracked:
    weight = given.weight
    return Tracked(given.name, weight.value if weight else None, weight.reverse if weight and given.directed else None)


def _tracks(given: ConfiguredInstance | SyncGroup) -> Tracks:
    def made(tracks: Sequence[Track]) -> tuple[Tracked, ...]:
        return tuple(_track(each) for each in tracks)

    return Tracks(
        made(given.track_interface),
        made(given.track_script),
        made(given.track_file),
        made(given.track_process),
        made(given.track_bfd),
    )


def _notifications(given: ConfiguredInstance | SyncGroup) -> Notifications:
    of_router = given if isinstance(given, ConfiguredInstance) else None
    return Notifications(
        on_master=command_of(given.notify_master),
        on_backup=command_of(given.notify_backup),
        on_fault=command_of(given.notify_fault),
        on_stop=command_of(given.notify_stop),
        on_deleted=command_of(of_router.notify_deleted) if of_router else None,
        tells_deleted=bool(of_router and of_router.notify_deleted is not None),
        on_any=command_of(given.notify),
        on_lower_priority=command_of(of_router.notify_master_rx_lower_pri) if of_router else None,
        priority_changes=given.notify_priority_changes,
        mail=given.smtp_alert,
    )


def _group(given: SyncGroup) -> Group:
    return Group(given.name, given.group, _tracks(given), _notifications(given), given.sync_group_tracking_weight)


def _script(given: TrackScript) -> Script:
    weight: Weight = given.weight
    return Script(
        given.name,
        Command(
            given.script.command,
            given.user.name if given.user else "",
            given.user.group if given.user else "",
        ),
        given.interval,
        given.timeout,
        weight.value,
        weight.reverse,
        given.rise,
        given.fall,
    )
