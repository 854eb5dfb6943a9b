# SPDX-License-Identifier: Apache-2.0
"""The sections of keepalived.data about virtual routers and what belongs to them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.dumps import dump_words as words
from xlvs.keepalived.dumps import session_dump
from xlvs.keepalived.dumps.dump_tracked import tracked
from xlvs.keepalived.dumps.dump_words import moment, switch
from xlvs.keepalived.routers.instance import now_us
from xlvs.keepalived.routers.vrrp_plan import Tracks
from xlvs.vrrp.effects import State
from xlvs.vrrp.packet import AuthenticationType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.config.settings.vrrp import Instance, SyncGroup
    from xlvs.config.values import Script
    from xlvs.keepalived.routers.instance import RunningRouter
    from xlvs.keepalived.routers.vrrp_process import VrrpProcess

_AUTHENTICATION: Final = {
    AuthenticationType.NONE: "none",
    AuthenticationType.PASS: "SIMPLE_PASSWORD",
    AuthenticationType.AH: "IPSEC_AH",
}


def topology(process: VrrpProcess) -> Iterator[str]:
    """Static items, then every router."""
    config = process.config
    usual = config.settings.default_interface or "eth0"
    if config.addresses:
        yield "------< Static Addresses >------"
        for each in config.addresses:
            yield f"     {words.address(each, usual, is_set=True)}"
    if config.routes:
        yield "------< Static Routes >------"
        for each_route in config.routes:
            yield f"     {words.route(each_route)}"
    if config.rules:
        yield "------< Static Rules >------"
        for each_rule in config.rules:
            yield f"     {words.rule(each_rule)}"
    yield "------< VRRP Topology >------"
    for given in config.instances:
        if given.name in process.routers:
            yield from _instance(process, process.routers[given.name], given)


def _instance(process: VrrpProcess, router: RunningRouter, given: Instance) -> Iterator[str]:
    core, plan = router.router, router.plan
    group = next((each.name for each in process.plan.groups if given.name in each.members), "")
    yield f" VRRP Instance = {router.name}"
    yield f"   VRRP Version = {core.settings.version}"
    if plan.family == 6:
        yield "   Using Native IPv6"
    if group:
        yield f"   Sync group = {group}"
    yield f"   State = {core.state.name}"
    yield f"   Flags:{'' if _has_flags(given) else ' none'}"
    if given.unicast_peer:
        yield "     Using unicast"
    yield f"   Wantstate = {core.state.name}"
    yield "   Number of config faults = 0"
    tracks = plan.tracks + next((each.tracks for each in process.plan.groups if each.name == group), Tracks())
    yield f"   Number of interface and track script faults = {router.own_faults + process.tracker.sum(tracks).faults}"
    yield f"   Number of track scripts init = {sum(_waits(process, each.name) for each in tracks.scripts)}"
    yield f"   Last transition = {moment(router.changed_at)}"
    due = core.next_timer()
    idle = due is None or core.state is State.FAULT
    yield f"   Read timeout = {'DISABLED' if idle or due is None else moment(time.time() + (due - now_us()) / 1e6)}"
    yield f"   Master down timer = {1 if core.settings.is_owner else core.master_down_us} usecs"
    yield from _place(router, given)
    yield from _rules(router, given)
    yield from _addresses(router, given)
    yield from _unicast(router, given)
    number = router.socket_number
    yield f"   fd_in {number}, fd_out {number}"
    yield from _routes(given)
    yield from _tracked(process.config, given)
    yield from session_dump.tracked(plan.tracks.sessions, process.tracker.sessions)
    yield from _notifications(given, process.config.settings)


def _has_flags(given: Instance) -> bool:
    return bool(
        given.unicast_peer
        or given.nopreempt
        or given.promote_secondaries
        or given.dont_track_primary
        or given.skip_check_adv_addr
        or given.use_vmac
        or given.garp_extra_if
        or given.unicast_src_ip
    )


def _waits(process: VrrpProcess, name: str) -> bool:
    script = process.tracker.scripts.get(name)
    return bool(script and script.up is None)


def _place(router: RunningRouter, given: Instance) -> Iterator[str]:
    plan, settings = router.plan, router.router.settings
    if plan.vmac:
        link = router.link
        state = switch(link and link.running)
        yield f"   Use VMAC, i/f name {plan.vmac}, is_up = {state}, xmit_base = {switch(plan.vmac_sends_on_base)}"
        yield f"   Interface = {plan.vmac}, vmac on {plan.interface}{', xmit base i/f' if plan.vmac_sends_on_base else ''}"
    else:
        yield f"   Interface = {plan.interface}"
    if given.dont_track_primary:
        yield "   VRRP interface tracking disabled"
    if given.skip_check_adv_addr:
        yield "   Skip checking advert IP addresses"
    if given.strict_mode:
        yield "   Enforcing strict VRRP compliance"
    source = words_of(settings.source) if settings.source else "(none)"
    yield f"   Using src_ip = {source}{' (from configuration)' if given.unicast_src_ip else ''}"
    if not settings.unicast_peers:
        link = router.link
        where = f", ifindex {link.ifindex}" if plan.family == 6 and link else ""
        yield f"   Multicast address {words_of(settings.group)}{where}"


def words_of(address: bytes) -> str:
    """An address in words."""
    from xlvs.keepalived.routers.virtual_addresses import text

    return text(address)


def _rules(router: RunningRouter, given: Instance) -> Iterator[str]:
    core = router.router
    settings = core.settings
    yield f"   Gratuitous ARP delay = {given.garp_master_delay}"
    yield f"   Gratuitous ARP repeat = {given.garp_master_repeat}"
    yield f"   Gratuitous ARP refresh = {given.garp_master_refresh}"
    yield f"   Gratuitous ARP refresh repeat = {given.garp_master_refresh_repeat}"
    delay, repeat = lower_priority(given)
    yield f"   Gratuitous ARP lower priority delay = {delay}"
    yield f"   Gratuitous ARP lower priority repeat = {repeat}"
    yield f"   Down timer adverts = {given.down_timer_adverts}"
    yield f"   Send advert after receive lower priority advert = {switch(not given.lower_prio_no_advert)}"
    yield f"   Send advert after receive higher priority advert = {switch(given.higher_prio_send_advert)}"
    yield f"   Virtual Router ID = {settings.vrid}"
    yield f"   Priority = {settings.priority}"
    yield f"   Effective priority = {core.priority}"
    yield f"   Total priority = {core.priority}"
    interval = settings.interval_us
    unit = f"{interval // 1_000_000} sec" if settings.version == 2 else f"{interval // 1000} milli-sec"
    yield f"   Advert interval = {unit}"
    yield f"   Accept = {'enabled' if given.accept else 'disabled'}"
    yield f"   Preempt = {'disabled' if given.nopreempt else 'enabled'}"
    if given.preempt_delay:
        yield f"   Preempt delay = {given.preempt_delay / 1e6:g} secs"
    yield f"   Promote_secondaries = {'enabled' if given.promote_secondaries else 'disabled'}"
    if settings.version == 2:
        yield f"   Authentication type = {_AUTHENTICATION[settings.authentication]}"
        if settings.authentication is AuthenticationType.PASS:
            yield f"   Password = {settings.password.decode(errors='replace')}"


def lower_priority(given: Instance) -> tuple[int, int]:
    """Delay and repeat of the announcements after a lower priority was heard; a strict router makes none."""
    return (0, 0) if given.strict_mode else (given.garp_lower_prio_delay, given.garp_lower_prio_repeat)


def _addresses(router: RunningRouter, given: Instance) -> Iterator[str]:
    plan = router.plan
    is_set = router.router.state is State.MASTER
    home = f"{plan.vmac}@{plan.interface}" if plan.vmac else plan.interface
    yield f"   Virtual IP ({len(given.virtual_ipaddress)}):"
    for each in given.virtual_ipaddress:
        yield f"     {words.address(each, home, is_set=is_set)}"
    if given.virtual_ipaddress_excluded:
        yield "   Virtual IP Excluded :"
        for each in given.virtual_ipaddress_excluded:
            yield f"     {words.address(each, home, is_set=is_set)}"


def _unicast(router: RunningRouter, given: Instance) -> Iterator[str]:
    if not given.unicast_peer:
        return
    yield f"   Unicast TTL = {router.plan.unicast_ttl}"
    yield f"   Check unicast src : {'yes' if given.check_unicast_src else 'no'}"
    yield "   Unicast Peer :"
    for each in given.unicast_peer:
        yield f"     {each.address} min_ttl {each.min_ttl} max_ttl {each.max_ttl}"
    yield "   Unicast checksum compatibility = no"


def _routes(given: Instance) -> Iterator[str]:
    if given.virtual_routes:
        yield "   Virtual Routes :"
        for each in given.virtual_routes:
            yield f"     {words.route(each)}"
    if given.virtual_rules:
        yield "   Virtual Rules :"
        for each_rule in given.virtual_rules:
            yield f"     {words.rule(each_rule)}"


def _tracked(config: KeepalivedConfig, given: Instance | SyncGroup) -> Iterator[str]:
    for title, kind, comma in (
        ("interfaces", "track_interface", ""),
        ("scripts", "track_script", ""),
        ("files", "track_file", ","),
        ("processes", "track_process", ","),
    ):
        found = tracked(config, given, kind)
        if found:
            yield f"   Tracked {title} :"
            for each in found:
                yield f"     {each.name}{comma} weight {words.weight(each.weight)}"


def _notifications(given: Instance, settings: GlobalSettings) -> Iterator[str]:
    yield f"   Using smtp notification = {'yes' if given.smtp_alert else 'no'}"
    yield f"   Notify deleted = {'Deleted' if given.notify_deleted is not None else 'Fault'}"
    yield from _scripts(
        settings,
        (
            ("Backup", given.notify_backup),
            ("Master", given.notify_master),
            ("Fault", given.notify_fault),
            ("Stop", given.notify_stop),
            ("Deleted", given.notify_deleted),
            ("Generic", given.notify),
            ("Master rx lower pri", given.notify_master_rx_lower_pri),
        ),
    )
    yield f"   Notify priority changes = {switch(given.notify_priority_changes)}"


def _scripts(settings: GlobalSettings, given: tuple[tuple[str, Script | None], ...]) -> Iterator[str]:
    for name, each in given:
        if each and each.command:
            yield f"   {name} state transition script = {words.script(each, settings)}"


def groups(process: VrrpProcess) -> Iterator[str]:
    """Sync groups."""
    config: KeepalivedConfig = process.config
    if not config.sync_groups:
        return
    yield "------< VRRP Sync groups >------"
    for given in config.sync_groups:
        group = process.groups.get(given.name)
        if group is None:
            continue
        yield f" VRRP Sync Group = {given.name}, {group.state.name}"
        faults = sum(not each.healthy for each in group.members)
        beginning = sum(each.state is State.INIT for each in group.members)
        yield f"   Num member fault {faults}, num member init {beginning}"
        yield "   VRRP member instances :"
        for each in group.members:
            yield f"     {each.settings.name}"
        yield f"   Using smtp notification = {'yes' if given.smtp_alert else 'no'}"
        yield from _tracked(config, given)
        yield from _scripts(
            config.settings,
            (
                ("Backup", given.notify_backup),
                ("Master", given.notify_master),
                ("Fault", given.notify_fault),
                ("Stop", given.notify_stop),
                ("Generic", given.notify),
            ),
        )


def sockets(process: VrrpProcess) -> Iterator[str]:
    """Sockets with the routers that use them."""
    yield "------< VRRP Sockpool >------"
    seen: dict[object, list[RunningRouter]] = {}
    for router in process.routers.values():
        if router.channel is not None:
            seen.setdefault(router.channel, []).append(router)
    for members in seen.values():
        first = members[0]
        number, settings = first.socket_number, first.router.settings
        yield f" fd_in {number} fd_out = {number}"
        yield f"   Interface = {first.plan.speaks_on}"
        yield f"   Family = IPv{first.plan.family}"
        yield f"   Protocol = {'AH' if settings.authentication is AuthenticationType.AH else 'VRRP'}"
        yield f"   Type = {'Unicast' if settings.unicast_peers else 'Multicast'}"
        if settings.unicast_peers and settings.source:
            yield f"   Address = {words_of(settings.source)}"
        yield "   Rx buf size = 0"
        yield "   VRRP instances"
        for each in members:
            yield f"     {each.name} vrid {each.router.settings.vrid}"
