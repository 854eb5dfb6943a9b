# SPDX-License-Identifier: Apache-2.0
"""What signals ask for: statistics, data and JSON in files, in the layout that exporters read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.dumps import dump_global, dump_tracks, dump_vrrp
from xlvs.keepalived.dumps import dump_words as words
from xlvs.keepalived.dumps.dump_tracked import tracked
from xlvs.vrrp.effects import State
from xlvs.vrrp.settings import CENTISECOND_US, SECOND_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.vrrp import Instance
    from xlvs.keepalived.routers.instance import RunningRouter
    from xlvs.keepalived.routers.vrrp_process import VrrpProcess
    from xlvs.vrrp.statistics import Statistics

DIRECTORY: Final = Path("/tmp")  # noqa: S108 - where the original and its readers have them
_MODE: Final = 0o600
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


def write_statistics(process: VrrpProcess) -> None:
    """keepalived.stats."""
    settings = process.config.settings
    path = settings.stats_dump_file or file_name(process.config, "keepalived.stats")
    write_file(path, "".join(_statistics(each) for each in process.routers.values()))


def write_and_clear_statistics(process: VrrpProcess) -> None:
    """keepalived.stats, and all numbers begin again."""
    write_statistics(process)
    for each in process.routers.values():
        each.router.statistics.clear()


def write_data(process: VrrpProcess) -> None:
    """keepalived.data."""
    path = process.config.settings.state_dump_file or file_name(process.config, "keepalived.data")
    write_file(path, "".join(f"{line}\n" for line in data_lines(process)))


def data_lines(process: VrrpProcess) -> Iterator[str]:
    """What stands in it."""
    yield from dump_global.lines(process.config, of_routers=True)
    yield from dump_vrrp.topology(process)
    yield from dump_vrrp.sockets(process)
    yield from dump_vrrp.groups(process)
    yield from dump_tracks.lines(process)
    yield from dump_tracks.links(process)


def write_json(process: VrrpProcess) -> None:
    """keepalived.json, version 1: a list. Written as the original's library writes it, for readers that compare texts."""
    path = process.config.settings.json_dump_file or file_name(process.config, "keepalived.json")
    given = {each.name: each for each in process.config.instances}
    found = [_json(process.config, each, given[each.name]) for each in process.routers.values() if each.name in given]
    write_file(path, json.dumps(found, separators=(",", ":")).replace("/", "\\/"))


def write_parent_data(config: KeepalivedConfig) -> None:
    """keepalived_parent.data."""
    text = "".join(f"{line}\n" for line in dump_global.lines(config))
    write_file(file_name(config, "keepalived_parent.data"), text)


def file_name(config: KeepalivedConfig, name: str) -> Path:
    """Where a dump goes. `data_use_instance`: the names of the instance and of the network namespace are part of it."""
    if not config.settings.data_use_instance:
        return DIRECTORY / name
    parts = (each for each in (config.process.net_namespace, config.process.instance) if each)
    stem, _, suffix = name.partition(".")
    return DIRECTORY / f"{'_'.join((stem, *parts))}.{suffix}"


def write_file(name: str | Path, text: str) -> None:
    """A new file each time, so that a link somebody put there is not followed. Raises OSError."""
    path = DIRECTORY / name
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE), "wb") as file:
        file.write(text.encode(errors="surrogateescape"))


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


def _json(config: KeepalivedConfig, router: RunningRouter, given: Instance) -> dict[str, object]:
    core, plan = router.router, router.plan
    settings = core.settings
    is_set = core.state is State.MASTER
    data: dict[str, object] = {
        "iname": router.name,
        "dont_track_primary": int(given.dont_track_primary),
        "skip_check_adv_addr": int(given.skip_check_adv_addr),
        "strict_mode": int(given.strict_mode),
        "vmac_ifname": plan.vmac or "",
        "ifp_ifname": plan.home,
        "master_priority": 0 if is_set else core.master_priority,
        "last_transition": round(router.changed_at, 6),
        "garp_delay": given.garp_master_delay,
        "garp_refresh": given.garp_master_refresh,
        "garp_rep": given.garp_master_repeat,
        "garp_refresh_rep": given.garp_master_refresh_repeat,
        "garp_lower_prio_delay": dump_vrrp.lower_priority(given)[0],
        "garp_lower_prio_rep": dump_vrrp.lower_priority(given)[1],
        "lower_prio_no_advert": int(given.lower_prio_no_advert),
        "higher_prio_send_advert": int(given.higher_prio_send_advert),
        "vrid": settings.vrid,
        "base_priority": settings.priority,
        "effective_priority": core.priority,
        "vipset": is_set,
        "promote_secondaries": given.promote_secondaries,
        "adver_int": _number(settings.interval_us // CENTISECOND_US / 100),
        "master_adver_int": _number(core.master_interval_us // CENTISECOND_US / 100),
        "accept": int(given.accept),
        "nopreempt": given.nopreempt,
        "preempt_delay": _number(given.preempt_delay / SECOND_US),
        "state": core.state.value,
        "wantstate": core.state.value,
        "version": settings.version,
        "smtp_alert": given.smtp_alert,
        "notify_deleted": given.notify_deleted is not None,
    }
    scripts = {
        "script_backup": given.notify_backup,
        "script_master": given.notify_master,
        "script_fault": given.notify_fault,
        "script_stop": given.notify_stop,
        "script_deleted": given.notify_deleted,
        "script": given.notify,
        "script_master_rx_lower_pri": given.notify_master_rx_lower_pri,
    }
    data |= {key: words.quoted(each.command) for key, each in scripts.items() if each and each.command}
    data |= _belongings(config, router, given, is_set=is_set)
    data["auth_type"] = int(settings.authentication)
    if settings.authentication:
        data["auth_data"] = settings.password.decode(errors="replace")
    return {"data": data, "stats": {name: getattr(core.statistics, name) for name in _NAMES}}


def _belongings(config: KeepalivedConfig, router: RunningRouter, given: Instance, *, is_set: bool) -> dict[str, object]:
    plan = router.plan
    home = f"{plan.vmac}@{plan.interface}" if plan.vmac else plan.interface
    commands = {each.name: words.quoted(each.script.command) for each in config.scripts}
    found: dict[str, object] = {
        "vips": [words.address(each, home, is_set=is_set) for each in given.virtual_ipaddress],
        "evips": [words.address(each, home, is_set=is_set) for each in given.virtual_ipaddress_excluded],
        "vroutes": [words.route(each) for each in given.virtual_routes],
        "vrules": [words.rule(each) for each in given.virtual_rules],
        "track_ifp": [each.name for each in tracked(config, given, "track_interface")],
        "track_script": [
            commands[each.name] for each in tracked(config, given, "track_script") if each.name in commands
        ],
    }
    return {key: value for key, value in found.items() if value}


def _number(value: float) -> float:
    """Whole ones without a point."""
    return int(value) if value == int(value) else value
