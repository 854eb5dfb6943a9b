# SPDX-License-Identifier: Apache-2.0
"""What signals ask for: statistics, data and JSON in files, in the layout that exporters read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.keepalived import session_dump
from xlvs.keepalived.virtual_addresses import text as address_text
from xlvs.vrrp.effects import State
from xlvs.vrrp.settings import CENTISECOND_US, SECOND_US

if TYPE_CHECKING:
    from xlvs.keepalived.instance import RunningRouter
    from xlvs.keepalived.script_plan import Command
    from xlvs.keepalived.vrrp_plan import VirtualAddress
    from xlvs.keepalived.vrrp_process import VrrpProcess
    from xlvs.vrrp.statistics import Statistics

DIRECTORY: Final = Path("/tmp")  # noqa: S108 - where the original and its readers have them
_MODE: Final = 0o600
_SCOPES: Final = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_NAMES: Final = (
    "advert_rcvd",
    "advert_sent",
    "become_master",
    "release_master",
    "packet_len_err",
    "advert_interval_err",
    "ip_ttl_err",
    "invalid_type_rcvd",
    "addr_list_err",
    "invalid_authtype",
    "authtype_mismatch",
    "auth_failure",
    "pri_zero_rcvd",
    "pri_zero_sent",
)


def write_statistics(process: VrrpProcess, *, clear: bool = False) -> None:
    """keepalived.stats."""
    write_file("keepalived.stats", "".join(_statistics(each) for each in process.routers.values()))
    for each in process.routers.values():
        if clear:
            each.router.statistics.clear()


def write_data(process: VrrpProcess) -> None:
    """keepalived.data."""
    lines = ["------< VRRP Topology >------"]
    for each in process.routers.values():
        lines += _data(each) + session_dump.tracked(each.plan.tracks.sessions, process.tracker.sessions)
    lines.append("------< VRRP Scripts >------")
    for name, script in process.tracker.scripts.items():
        lines += [
            f" VRRP Script = {name}",
            f"   Command = {script.plan.command.text}",
            f"   Interval = {script.plan.interval_us / SECOND_US:g} sec",
            f"   Weight = {script.plan.weight}",
            f"   Rise = {script.plan.rise}",
            f"   Fall = {script.plan.fall}",
            f"   Status = {'GOOD' if script.up else 'BAD'}",
        ]
    lines += session_dump.section(process.plan, process.tracker.sessions)
    write_file("keepalived.data", "\n".join(lines) + "\n")


def write_json(process: VrrpProcess) -> None:
    """keepalived.json, version 1: a list."""
    write_file("keepalived.json", json.dumps([_json(each) for each in process.routers.values()]))


def write_file(name: str, text: str) -> None:
    """A new file each time, so that a link somebody put there is not followed."""
    path = DIRECTORY / name
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE), "w") as file:
        file.write(text)


def _statistics(router: RunningRouter) -> str:
    found: Statistics = router.router.statistics
    return f"""VRRP Instance: {router.name}
  Advertisements:
    Received: {found.advert_rcvd}
    Sent: {found.advert_sent}
  Became master: {found.become_master}
  Released master: {found.release_master}
  Packet Errors:
    Length: {found.packet_len_err}
    TTL: {found.ip_ttl_err}
    Invalid Type: {found.invalid_type_rcvd}
    Advertisement Interval: {found.advert_interval_err}
    Address List: {found.addr_list_err}
  Authentication Errors:
    Invalid Type: {found.invalid_authtype}
    Type Mismatch: {found.authtype_mismatch}
    Failure: {found.auth_failure}
  Priority Zero:
    Received: {found.pri_zero_rcvd}
    Sent: {found.pri_zero_sent}
"""


def _data(router: RunningRouter) -> list[str]:
    core, plan = router.router, router.plan
    lines = [
        f" VRRP Instance = {router.name}",
        f"   VRRP Version = {core.settings.version}",
        f"   State = {core.state.name}",
        f"   Last transition = {router.changed_at:.6f}",
        f"   Master down timer = {core.master_down_us} usecs",
        f"   Interface = {plan.interface}",
        f"   Virtual Router ID = {core.settings.vrid}",
        f"   Priority = {core.settings.priority}",
        f"   Effective priority = {core.priority}",
        f"   Advert interval = {core.settings.interval_us / SECOND_US:g} sec",
        f"   Virtual IP ({len(plan.addresses)}):",
    ]
    return lines + [f"     {address_text(each.address)}/{each.prefix}" for each in plan.addresses]


def _json(router: RunningRouter) -> dict[str, object]:
    core, plan = router.router, router.plan
    settings, announcements = core.settings, core.settings.announcements
    data: dict[str, object] = {
        "iname": router.name,
        "dont_track_primary": int(not plan.track_primary),
        "skip_check_adv_addr": int(settings.skip_check_adv_addr),
        "strict_mode": int(plan.strict),
        "vmac_ifname": plan.vmac or "",
        "ifp_ifname": plan.interface,
        "master_priority": 0 if core.state is State.MASTER else core.master_priority,
        "last_transition": round(router.changed_at, 6),
        "garp_delay": announcements.delay_us // SECOND_US,
        "garp_refresh": announcements.refresh_us // SECOND_US,
        "garp_rep": announcements.repeat,
        "garp_refresh_rep": announcements.refresh_repeat,
        "garp_lower_prio_delay": announcements.lower_priority_delay_us // SECOND_US,
        "garp_lower_prio_rep": announcements.lower_priority_repeat,
        "lower_prio_no_advert": int(settings.lower_priority_no_advert),
        "higher_prio_send_advert": int(settings.higher_priority_send_advert),
        "vrid": settings.vrid,
        "base_priority": settings.priority,
        "effective_priority": core.priority,
        "vipset": core.state is State.MASTER,
        "promote_secondaries": plan.promote_secondaries,
        "adver_int": settings.interval_us // CENTISECOND_US / 100,
        "master_adver_int": core.master_interval_us // CENTISECOND_US / 100,
        "accept": int(plan.accept),
        "nopreempt": not settings.preempt,
        "preempt_delay": settings.preempt_delay_us // SECOND_US,
        "state": core.state.value,
        "wantstate": core.state.value,
        "version": settings.version,
        "smtp_alert": plan.notify.mail,
        "notify_deleted": plan.notify.tells_deleted,
    }
    to = plan.notify
    scripts = {
        "script_backup": to.on_backup,
        "script_master": to.on_master,
        "script_fault": to.on_fault,
        "script_stop": to.on_stop,
        "script_deleted": to.on_deleted,
        "script": to.on_any,
        "script_master_rx_lower_pri": to.on_lower_priority,
    }
    data |= {key: _quoted(command) for key, command in scripts.items() if command}
    is_set = core.state is State.MASTER
    data["vips"] = [_shown(each, plan.home, is_set=is_set) for each in plan.addresses]
    if plan.excluded:
        data["evips"] = [_shown(each, plan.home, is_set=is_set) for each in plan.excluded]
    if plan.tracks.interfaces:
        data["track_ifp"] = [each.name for each in plan.tracks.interfaces]
    if plan.tracks.scripts:
        data["track_script"] = [each.name for each in plan.tracks.scripts]
    data["auth_type"] = int(settings.authentication)
    if settings.authentication:
        data["auth_data"] = settings.password.decode(errors="replace")
    return {"data": data, "stats": {name: getattr(core.statistics, name) for name in _NAMES}}


def _quoted(command: Command) -> str:
    return " ".join(f"'{each}'" for each in command.arguments)


def _shown(each: VirtualAddress, interface: str, *, is_set: bool) -> str:
    whole = each.prefix == len(each.address) * 8
    prefix = "" if whole else f"/{each.prefix}"
    scope = _SCOPES.get(each.scope, str(each.scope))
    label = f" label {each.label}" if each.label else ""
    where = f"dev {each.interface or interface} scope {scope}{label}"
    return f"{address_text(each.address)}{prefix} {where}{' set' if is_set else ''}"
