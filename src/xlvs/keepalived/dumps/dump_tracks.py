# SPDX-License-Identifier: Apache-2.0
"""The sections of keepalived.data about what is tracked, and about interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.keepalived.dumps import session_dump
from xlvs.keepalived.dumps.dump_tracked import tracked, users
from xlvs.keepalived.dumps.dump_words import quoted, switch, weight
from xlvs.keepalived.routers.links import Link
from xlvs.linux.interface import interfaces
from xlvs.model.rights import Rights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.routers.vrrp_process import VrrpProcess
    from xlvs.linux.interface import Interface

_NOT_TRACKED = 255


def lines(process: VrrpProcess) -> Iterator[str]:
    """Scripts, files, processes and BFD sessions that somebody tracks."""
    config = process.config
    yield from _scripts(process, config)
    yield from _files(process, config)
    yield from _processes(process, config)
    yield from session_dump.section(process.plan, process.tracker.sessions)


def _users(config: KeepalivedConfig, kind: str, name: str) -> Iterator[str]:
    yield "   Tracking instances :"
    for each in users(config, kind, name):
        yield f"     {each.name}, weight {weight(each.weight)}"


def _scripts(process: VrrpProcess, config: KeepalivedConfig) -> Iterator[str]:
    shown = [each for each in config.scripts if users(config, "track_script", each.name)]
    if shown:
        yield "------< VRRP Scripts >------"
    for given in shown:
        running = process.tracker.scripts.get(given.name)
        if running is None:  # it may not run
            continue
        command = running.plan.command
        rights = command.run_as or Rights(0, 0)
        yield f" VRRP Script = {given.name}"
        yield f"   Command = {quoted(command.arguments)}"
        yield f"   Interval = {given.interval / 1e6:g} sec"
        yield f"   Timeout = {given.timeout / 1e6:g} sec"
        yield f"   Weight = {weight(given.weight)}"
        yield f"   Rise = {given.rise}"
        yield f"   Fall = {given.fall}"
        yield f"   Result = {running.score}"
        yield "   Insecure = no"
        yield "   Init state = unknown"
        yield f"   Status = {'GOOD' if running.up else 'BAD'}"
        yield f"   Script uid:gid = {rights.uid}:{rights.gid}"
        yield "   VRRP instances :"
        yield from _users(config, "track_script", given.name)
        yield f"   State = {'running' if running.is_running else 'idle'}"


def _files(process: VrrpProcess, config: KeepalivedConfig) -> Iterator[str]:
    shown = [each for each in config.files if users(config, "track_file", each.name)]
    if shown:
        yield "------< VRRP Track files >------"
    for given in shown:
        yield f" Track file = {given.name}"
        yield f"   File = {given.file}"
        yield f"   Status = {process.tracker.files[given.name].value}"
        yield f"   Weight = {weight(given.weight)}"
        yield from _users(config, "track_file", given.name)


def _processes(process: VrrpProcess, config: KeepalivedConfig) -> Iterator[str]:
    shown = [each for each in config.processes if users(config, "track_process", each.name)]
    if shown:
        yield "------< VRRP Track processes >------"
    for given in shown:
        watched = process.tracker.processes[given.name]
        name, *parameters = given.process
        yield f" VRRP Track process = {given.name}"
        yield f"   Process = {name}"
        if parameters:
            yield f"   Parameters = {' '.join(parameters)}"
        if given.param_match:
            yield f"   Param match = {given.param_match}"
        yield f"   Min processes = {given.quorum}"
        if given.quorum_max is not None:
            yield f"   Max processes = {given.quorum_max}"
        yield f"   Current processes = {watched.count}"
        yield f"   Have quorum = {switch(watched.up)}"
        yield f"   Weight = {weight(given.weight)}"
        yield f"   Terminate delay = {given.terminate_delay / 1e6:f}s"
        yield f"   Fork delay = {given.fork_delay / 1e6:f}s"
        yield "   Fork delay timer not running"
        yield "   Terminate delay timer not running"
        yield f"   Full command = {switch(given.full_command or parameters or given.param_match)}"
        yield from _users(config, "track_process", given.name)


def links(process: VrrpProcess) -> Iterator[str]:
    """Every interface, as the kernel says now."""
    yield "------< Interfaces >------"
    by_index = {each.ifindex: each for each in interfaces()}
    for each in by_index.values():
        yield from _interface(process, each, by_index)


def _interface(process: VrrpProcess, each: Interface, by_index: dict[int, Interface]) -> Iterator[str]:
    link = process.links.by_name.get(each.name) or Link(each.name, each.ifindex, each.address, each.mtu, running=False)
    own = frozenset(address.address for router in process.routers.values() for address in router.plan.all_addresses)
    yield f" Name = {each.name}"
    yield f"   index = {each.ifindex}"
    for family in (4, 6):
        source = link.source(family, own)
        yield f"   IPv{family} address = {_text(source) if source else '(none)'}"
    if not each.loopback:
        yield f"   MAC = {each.address.hex(':')}"
        yield f"   MAC broadcast = {':'.join(['ff'] * 6)}"
    yield f"   State = {_state(each, link)}{', no broadcast, loopback, no multicast' if each.loopback else ''}"
    yield f"   Seen up = {int(link.running)}"
    yield "   Delayed state change running = false"
    yield "   Up debounce timer = 0us"
    yield "   Down debounce timer = 0us"
    if each.kind == "macvlan" and (base := by_index.get(each.lower)):
        under = process.links.by_name.get(base.name)
        yield f"   VMAC type private, underlying interface = {base.name}, state = {_state(base, under)}"
        if any(router.plan.vmac == each.name for router in process.routers.values()):
            yield "   I/f created by keepalived"
    yield f"   MTU = {each.mtu}"
    yield f"   HW Type = {'LOOPBACK' if each.loopback else 'ETHERNET'}"
    yield "   NIC netlink status update"
    yield "   Reset ARP config counter 0"
    yield "   Original arp_ignore 0"
    yield "   Original arp_filter 0"
    yield "   Original promote_secondaries 0"
    yield "   Reset promote_secondaries counter 0"
    yield from _interface_users(process, each.name)


def _state(each: Interface, link: Link | None) -> str:
    return f"{'' if each.up else 'not '}UP, {'' if link and link.running else 'not '}RUNNING"


def _interface_users(process: VrrpProcess, name: str) -> Iterator[str]:
    found = []
    for given in process.config.instances:
        router = process.routers.get(given.name)
        if router and name in {router.plan.home, router.plan.interface}:
            found.append(f"     {given.name}, weight {_NOT_TRACKED if given.dont_track_primary else 0}")
        own = tracked(process.config, given, "track_interface")
        found += [f"     {given.name}, weight {weight(each.weight)}" for each in own if each.name == name]
    if found:
        yield "   Tracking VRRP instances :"
        yield from found


def _text(address: bytes) -> str:
    from xlvs.keepalived.routers.virtual_addresses import text

    return text(address)
