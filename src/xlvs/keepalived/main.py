# SPDX-License-Identifier: Apache-2.0
"""`xlvs keepalived`: the original's options, and the process that they ask for."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import syslog
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.config.files import Identity
from xlvs.keepalived import log as logs
from xlvs.keepalived.vrrp_translate import read
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.keepalived.vrrp_plan import Plan

_SIGNALS: Final = {"STOP": 15, "RELOAD": 1, "DATA": 10, "STATS": 12, "STATS_CLEAR": 63, "JSON": 36}
_DEFAULT_FILE: Final = "/etc/keepalived/keepalived.conf"


def main(argv: Sequence[str]) -> int:
    """Run ``xlvs keepalived ARGV``; the exit code."""
    if argv[:1] == ["check"]:
        from xlvs.keepalived import config_check

        return config_check.main(argv[1:])
    options = _parser().parse_args(argv)
    if options.signum:
        return _print_signal(options.signum)
    path = Path(options.use_file)
    identity = options.config_id or socket.gethostname().partition(".")[0]
    if options.namespace:
        from xlvs.linux import namespace

        namespace.enter(options.namespace)
    if options.config_test is not None:
        from xlvs.keepalived.config_check import config_test

        return config_test(str(path), Identity(identity), log=options.config_test)
    plan = read(path, identity)
    if not options.dont_fork:
        _daemonize()
    log = logs.Log(
        "Keepalived_vrrp",
        logs.console() if options.log_console else None,
        not options.no_syslog,
        options.log_detail,
        _facility(options.log_facility),
    )
    log.open()
    pid_files = [Path(options.pid), Path(options.vrrp_pid)]
    for file in pid_files:
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
    try:
        asyncio.run(_run(path, identity, plan, log, options))
    finally:
        for file in pid_files:
            with suppress(FileNotFoundError):
                file.unlink()
    log.write("Stopped")
    return 0


async def _run(path: Path, identity: str, plan: Plan, log: logs.Log, options: argparse.Namespace) -> None:
    from xlvs.keepalived.vrrp_process import VrrpProcess

    process = VrrpProcess(
        plan,
        log,
        lambda: read(path, identity),
        keeps_addresses=options.dont_release_vrrp,
    )
    await process.run()


def _facility(word: str) -> int:
    names = {"user": syslog.LOG_USER, "daemon": syslog.LOG_DAEMON}
    if word in names:
        return names[word]
    number = word.removeprefix("local")
    if number not in "01234567":
        raise UsageError(f"there is no log facility {word} (0 to 7, user, daemon)")
    return syslog.LOG_LOCAL0 + (int(number) << 3)


def _print_signal(word: str) -> int:
    if word not in _SIGNALS:
        raise UsageError(f"there is no signal {word} ({', '.join(_SIGNALS)})")
    print(_SIGNALS[word])
    return 0


def _daemonize() -> None:
    """Leave the terminal and the shell behind; the process that was called ends here."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs keepalived",
        description="VRRP and health checks from keepalived.conf",
        epilog="xlvs keepalived check FILE explains what is wrong with a configuration",
    )
    add = parser.add_argument
    add("-f", "--use-file", default=_DEFAULT_FILE, metavar="FILE", help="the configuration (default: %(default)s)")
    add("-P", "--vrrp", action="store_true", help="VRRP only")
    add("-C", "--check", action="store_true", help="health checks only")
    add("-l", "--log-console", action="store_true", help="log to the console")
    add("-D", "--log-detail", action="store_true", help="log in detail")
    add("-S", "--log-facility", default="daemon", metavar="FACILITY", help="of syslog: 0 to 7, user, daemon")
    add("-G", "--no-syslog", action="store_true", help="no syslog")
    add("-V", "--dont-release-vrrp", action="store_true", help="leave the virtual addresses at the end")
    add("-I", "--dont-release-ipvs", action="store_true", help="leave the tables at the end")
    add("-R", "--dont-respawn", action="store_true", help="do not start a child again that died")
    add("-n", "--dont-fork", action="store_true", help="stay in the foreground")
    add("-p", "--pid", default="/run/keepalived.pid", metavar="FILE", help="pid file (default: %(default)s)")
    add("-r", "--vrrp_pid", default="/run/vrrp.pid", metavar="FILE", help="of the VRRP process")
    add("-c", "--checkers_pid", default="/run/checkers.pid", metavar="FILE", help="of the health checks")
    add("-s", "--namespace", metavar="NAME", help="run in this network namespace")
    add("-i", "--config-id", metavar="ID", help="which lines beginning with @ are meant (default: the host's name)")
    add(
        "-t",
        "--config-test",
        nargs="?",
        const="",
        metavar="FILE",
        help="check the configuration only, and say it in FILE",
    )
    add("--signum", metavar="WORD", help="print the number of a signal: STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON")
    return parser
