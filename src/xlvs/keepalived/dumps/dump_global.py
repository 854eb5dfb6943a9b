# SPDX-License-Identifier: Apache-2.0
"""The section of the dumps about global_defs."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.daemon.parts import process_name
from xlvs.keepalived.daemon.scheduling import wish
from xlvs.keepalived.dumps.dump_words import owner, script, switch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.general import GlobalSettings

_UNSET: Final = 4294967295
_BUFFERS: Final = (
    "vrrp_netlink_cmd_rcv_bufs",
    "vrrp_netlink_monitor_rcv_bufs",
    "process_monitor_rcv_bufs",
    "lvs_netlink_cmd_rcv_bufs",
    "lvs_netlink_monitor_rcv_bufs",
)


def lines(config: KeepalivedConfig, *, of_routers: bool = False) -> Iterator[str]:
    """All of it. `of_routers`: as the VRRP process has it, defaults filled in."""
    settings = config.settings
    yield "------< Global definitions >------"
    process = config.process
    yield f" Network namespace = {process.net_namespace or '(default)'}"
    yield f" Network namespace ipvs = {_tables_namespace(process.net_namespace_ipvs)}"
    if process.instance:
        yield f" Instance name = {process.instance}"
    for title, part in (("VRRP", "vrrp"), ("LVS", "checkers"), ("BFD", "bfd")):
        if (name := process_name(settings, part)) != "keepalived":
            yield f" {title} process name = {name}"
    yield f" Router ID = {settings.router_id or socket.gethostname()}"
    yield from _mail(settings)
    yield f" Checkers log all failures = {switch(settings.checker_log_all_failures)}"
    yield f" {'Test config before reload' if settings.reload_check_config else 'No test config before reload'}"
    yield from _start_and_end(settings)
    yield f" Dynamic interfaces = {switch(settings.dynamic_interfaces)}"
    if settings.dynamic_interfaces:
        yield f" Allow interface changes = {switch(settings.dynamic_interfaces == 'allow_if_changes')}"
    yield from _timeouts(settings)
    if of_routers:
        yield " Default interface = eth0"
    yield from _tables(settings)
    yield from _fifos(settings, of_routers=of_routers)
    yield from _routers(settings, of_routers=of_routers)
    yield from _processes(settings)
    yield " Script security " + ("enabled" if settings.enable_script_security else "disabled")
    user = settings.script_user
    yield f" Default script uid:gid {owner(user.name if user else '', user.group if user else '', settings)}"
    for each in _BUFFERS:
        yield f" {each} = 0"
        yield f" {each}_force = 0"
    yield f" rs_init_notifies = {int(settings.rs_init_notifies)}"
    yield f" no_checker_emails = {int(settings.no_checker_emails)}"
    yield " rx_bufs_multiples = 3"
    yield f" umask = 0{settings.umask:o}"
    if settings.vrrp_startup_delay:
        yield f" vrrp_startup_delay = {settings.vrrp_startup_delay / 1e6:g}"
    if settings.log_unknown_vrids:
        yield " log_unknown_vrids"


def _tables_namespace(name: str | None) -> str:
    return "(main namespace)" if name is None else name or "(default)"


def _mail(settings: GlobalSettings) -> Iterator[str]:
    if settings.smtp_server:
        yield f" Smtp server = {settings.smtp_server.host}"
        yield f" Smtp server port = {settings.smtp_server.port}"
        yield f" Smtp HELO name = {settings.smtp_helo_name or socket.gethostname()}"
        yield f" Smtp server connection timeout = {settings.smtp_connect_timeout // 1_000_000}"
        yield f" Email notification from = {settings.notification_email_from}"
    if settings.notification_email:
        yield " Email notification to:"
        for each in settings.notification_email:
            yield f"   {each}"
    for name, value in (
        ("", settings.smtp_alert),
        ("_vrrp", settings.smtp_alert_vrrp),
        ("_checker", settings.smtp_alert_checker),
    ):
        yield f" Default smtp_alert{name} = {'unset' if value is None else 'on' if value else 'off'}"


def _start_and_end(settings: GlobalSettings) -> Iterator[str]:
    if settings.startup_script:
        yield f" Startup script = {script(settings.startup_script, settings)}, timeout {settings.startup_script_timeout}"
    if settings.shutdown_script:
        yield f" Shutdown script = {script(settings.shutdown_script, settings)} timeout {settings.shutdown_script_timeout}"


def _timeouts(settings: GlobalSettings) -> Iterator[str]:
    times = settings.lvs_timeouts
    if times:
        for name, value in (("TCP", times.tcp), ("TCPFIN", times.tcpfin), ("TCP", times.udp)):
            if value:
                yield f" LVS {name} timeout = {value}"


def _tables(settings: GlobalSettings) -> Iterator[str]:
    yield f" Disable local IGMP = {'yes' if settings.disable_local_igmp else 'no'}"
    sync = settings.lvs_sync_daemon
    if sync:
        if sync.instance:
            yield f" LVS syncd vrrp name = {sync.instance}"
        yield f" LVS syncd interface = {sync.interface}"
        yield f" LVS syncd syncid = {sync.syncid or 0}"
    yield f" LVS flush = {switch(settings.lvs_flush)}"
    flush = settings.lvs_flush_on_stop
    yield f" LVS flush on stop = {'disabled' if not flush else 'VS' if flush == 'VS' else 'full'}"


def _fifos(settings: GlobalSettings, *, of_routers: bool) -> Iterator[str]:
    everything = settings.notify_fifo
    if everything:
        whose = owner(everything.user, everything.group, settings)
        yield f" Global notify fifo = {everything.path}, uid:gid {whose}"
        if settings.notify_fifo_script:
            given = settings.notify_fifo_script
            shown = script(given, settings, everything.path)
            if not of_routers:
                shown = f"{_as_given(given.command)}, uid:gid {owner(given.user, given.group, settings)}"
            yield f" Global notify fifo script = {shown}"
    for name, fifo, reader in (
        ("VRRP", settings.vrrp_notify_fifo, settings.vrrp_notify_fifo_script),
        ("LVS", settings.lvs_notify_fifo, settings.lvs_notify_fifo_script),
    ):
        if fifo:
            yield f" {name} notify fifo = {fifo.path}, uid:gid {owner(fifo.user, fifo.group, settings)}"
            if reader:
                yield f" {name} notify fifo script = {script(reader, settings, fifo.path)}"


def _as_given(command: tuple[str, ...]) -> str:
    return " ".join(f"'{each}'" for each in command)


def _routers(settings: GlobalSettings, *, of_routers: bool) -> Iterator[str]:
    delay, repeat = settings.vrrp_garp_lower_prio_delay, settings.vrrp_garp_lower_prio_repeat
    usual_delay, usual_repeat = settings.vrrp_garp_master_delay, settings.vrrp_garp_master_repeat
    refresh_repeat = settings.vrrp_garp_master_refresh_repeat
    if settings.vrrp_min_garp and of_routers:
        usual_delay, usual_repeat, refresh_repeat = 0, 1, 0
    if of_routers:
        delay = usual_delay if delay is None else delay
        repeat = usual_repeat if repeat is None else repeat
    extra = settings.vrrp_garp_extra_if
    yield f" FIFO write vrrp states on reload = {switch(settings.fifo_write_vrrp_states_on_reload)}"
    yield f" VRRP notify priority changes = {switch(settings.vrrp_notify_priority_changes)}"
    yield f" VRRP IPv4 mcast group = {settings.vrrp_mcast_group4}"
    yield f" VRRP IPv6 mcast group = {settings.vrrp_mcast_group6}"
    yield f" Gratuitous ARP delay = {usual_delay}"
    yield f" Gratuitous ARP repeat = {usual_repeat}"
    yield f" Gratuitous ARP refresh timer = {settings.vrrp_garp_master_refresh}"
    yield f" Gratuitous ARP refresh repeat = {refresh_repeat}"
    yield f" Gratuitous ARP lower priority delay = {_UNSET if delay is None else delay}"
    yield f" Gratuitous ARP lower priority repeat = {_UNSET if repeat is None else repeat}"
    yield f" Num adverts before down = {settings.vrrp_down_timer_adverts}"
    yield f" Gratuitous ARP for each secondary VMAC = {extra.interval_us // 1_000_000 if extra else 0}s"
    yield f" Send advert after receive lower priority advert = {switch(not settings.vrrp_lower_prio_no_advert)}"
    yield f" Send advert after receive higher priority advert = {switch(settings.vrrp_higher_prio_send_advert)}"
    yield f" Gratuitous ARP interval = {settings.vrrp_garp_interval / 1e6:f}"
    yield f" Gratuitous NA interval = {settings.vrrp_gna_interval / 1e6:f}"
    yield f" VRRP default protocol version = {settings.vrrp_version}"
    yield " nftables without counters"
    yield f" VRRP check unicast_src = {switch(settings.vrrp_check_unicast_src)}"
    yield f" VRRP skip check advert addresses = {switch(settings.vrrp_skip_check_adv_addr)}"
    yield f" VRRP strict mode = {switch(settings.vrrp_strict)}"


def _processes(settings: GlobalSettings) -> Iterator[str]:
    yield f" Max auto priority = {settings.max_auto_priority}"
    yield " Min auto priority delay = 1000000 usecs"
    for name in ("VRRP", "Checker", "BFD"):
        wanted = wish(settings, name.lower())
        yield f" {name} process priority = {wanted.priority or 0}"
        yield f" {name} don't swap = {switch(wanted.no_swap)}"
        yield f" {name} realtime priority = {wanted.rt_priority or 0}"
        if wanted.cpu_affinity:
            yield f" {name} CPU Affinity = {' '.join(map(str, wanted.cpu_affinity))}"
        yield f" {name} realtime limit = 10000"
    for name in ("vrrp", "checker", "RFCv2", "RFCv3", "traps"):
        yield f" SNMP {name} disabled"
    yield " SNMP socket = default (unix:/var/agentx/master)"
    yield " DBus disabled"
    yield " DBus service name = "
