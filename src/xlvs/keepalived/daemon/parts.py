# SPDX-License-Identifier: Apache-2.0
"""Which parts there are, what they are called, and what each runs."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.daemon.auto_priority import AutoPriority
from xlvs.keepalived.daemon.part import Part
from xlvs.keepalived.daemon.scheduling import Scheduling, wish
from xlvs.keepalived.sessions.bfd_events import EventPipe

if TYPE_CHECKING:
    import argparse

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.keepalived.daemon.line import Line
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.daemon.pid_file import PidFiles

_NAME: Final = "keepalived"


def chosen(options: argparse.Namespace, files: PidFiles) -> list[Part]:
    """Those that the command line allows; the configuration says which of them run."""
    # Held by the first process, so that a part which is started again finds its end.
    to_routers, to_checks = EventPipe(*os.pipe()), EventPipe(*os.pipe())

    async def vrrp(config: KeepalivedConfig, line: Line, log: Log) -> None:
        from xlvs.keepalived.routers.vrrp_process import VrrpProcess, Wishes

        name_process(config, "vrrp")
        _schedule("vrrp", config, line, log)
        wishes = Wishes(
            keeps_addresses=options.dont_release_vrrp,
            tells_addresses=options.address_monitoring,
            shows_configuration=options.dump_conf,
        )
        process = VrrpProcess(config, log, wishes, sessions=to_routers.read)
        await process.run(line)

    async def checks(config: KeepalivedConfig, line: Line, log: Log) -> None:
        from xlvs.keepalived.checks import check_main

        name_process(config, "checkers")
        _schedule("checker", config, line, log)
        await check_main.run(
            config, line, log, keep=options.dont_release_ipvs, sessions=to_checks.read, shows=options.dump_conf
        )

    async def bfd(config: KeepalivedConfig, line: Line, log: Log) -> None:
        from xlvs.keepalived.sessions import bfd_main

        name_process(config, "bfd")
        _schedule("bfd", config, line, log)
        await bfd_main.run(config, line, log, routers=to_routers.write, checks=to_checks.write)

    found = (
        Part("VRRP", "Keepalived_vrrp", "vrrp", files.vrrp, vrrp, _wants_vrrp, answers_statistics=True),
        Part("Healthcheck", "Keepalived_healthcheckers", "healthcheckers", files.checkers, checks, _wants_checks),
        Part("BFD", "Keepalived_bfd", "bfd", files.bfd, bfd, _wants_bfd),
    )
    allowed = allowed_files(options, files)
    return [each for each in found if each.pid_file in allowed]


def allowed_files(options: argparse.Namespace, files: PidFiles) -> list[Path]:
    """The pid files of those that the command line allows."""
    found = [files.vrrp] if options.vrrp or not options.check else []
    found += [files.checkers] if options.check or not options.vrrp else []
    found += [files.bfd] if not options.no_bfd and not (options.vrrp and options.check) else []
    return found


def _schedule(part: str, config: KeepalivedConfig, line: Line, log: Log) -> None:
    scheduling, late = Scheduling(part, log), AutoPriority(log)

    def follow(given: KeepalivedConfig) -> None:
        scheduling.follow(given.settings)
        late.follow(given.settings, fixed=bool(wish(given.settings, part).rt_priority))

    follow(config)
    line.before_change = follow


def _wants_bfd(config: KeepalivedConfig) -> bool:
    return bool(config.bfd_sessions)


def _wants_vrrp(config: KeepalivedConfig) -> bool:
    return bool(config.instances or config.addresses or config.routes or config.rules)


def _wants_checks(config: KeepalivedConfig) -> bool:
    return bool(config.virtual_servers)


def process_name(settings: GlobalSettings, part: str) -> str:
    """What ps and killall call a process; `part` is "" for the first one. All are keepalived unless it says otherwise."""
    given, usual = {
        "": (settings.process_name, _NAME),
        "vrrp": (settings.vrrp_process_name, "keepalived_vrrp"),
        "checkers": (settings.checker_process_name, "keepalived_lvs"),
        "bfd": (settings.bfd_process_name, "keepalived_bfd"),
    }[part]
    return given or (usual if settings.process_names else _NAME)


def name_process(config: KeepalivedConfig, part: str) -> None:
    """Take that name; the kernel keeps 15 characters of it."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(process_name(config.settings, part), encoding="utf-8")
