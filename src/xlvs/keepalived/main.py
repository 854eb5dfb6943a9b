# SPDX-License-Identifier: Apache-2.0
"""`xlvs keepalived`: the original's options, and the process that they ask for."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import syslog
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.config.files import Identity
from xlvs.keepalived import log as logs
from xlvs.keepalived.vrrp_translate import read
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    if options.check:
        return _check(path, identity, options)
    return _serve(path, identity, options)


def _serve(path: Path, identity: str, options: argparse.Namespace) -> int:
    """VRRP, and health checks beside it."""
    reading = read(str(path), identity)
    if not options.dont_fork:
        _daemonize()
    checks = None if options.vrrp else _Checks(path, identity, options)
    log = _log("Keepalived_vrrp", options)
    for line in (line for mistake in reading.mistakes for line in mistake.splitlines()):
        log.write(line)

    def reread() -> Plan:
        """Raises UsageError for a mistake that was not there before: what runs is better than what it may mean."""
        again = read(str(path), identity)
        new = [each for each in again.mistakes if each not in reading.mistakes]
        if new:
            raise UsageError("\n".join(new))
        if checks:
            checks.signal(signal.SIGHUP)
        return again.plan

    with _pid_files(options.pid, options.vrrp_pid):
        try:
            asyncio.run(_run(reading.plan, log, options, reread))
        finally:
            if checks:
                checks.end()
    log.write("Stopped")
    return 0


def _check(path: Path, identity: str, options: argparse.Namespace) -> int:
    """Health checks only."""
    from xlvs.keepalived import check_main

    plan, problems = check_main.read_plan(path, identity)
    if not options.dont_fork:
        _daemonize()
    log = _log("Keepalived_healthcheckers", options)
    for problem in problems:
        log.write(problem.report())
    with _pid_files(options.pid, options.checkers_pid):
        check_main.run(plan, path, identity, log, keep=options.dont_release_ipvs)
    return 0


class _Checks:
    """The process of the health checks beside that of VRRP, whose timers they must not delay."""

    def __init__(self, path: Path, identity: str, options: argparse.Namespace) -> None:
        from xlvs.keepalived import check_main

        plan, problems = check_main.read_plan(path, identity)
        # Its end of the pipe closes with this process, however that ends.
        ours, self._held = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(ours)
            return
        os.close(self._held)
        log = _log("Keepalived_healthcheckers", options)
        for problem in problems:
            log.write(problem.report())
        with _pid_files(options.checkers_pid):
            check_main.run(plan, path, identity, log, keep=options.dont_release_ipvs, parent=ours)
        os._exit(0)

    def signal(self, number: signal.Signals) -> None:
        """Pass a signal on."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def end(self) -> None:
        """Tell it to end, and wait until it has."""
        self.signal(signal.SIGTERM)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _log(name: str, options: argparse.Namespace) -> logs.Log:
    log = logs.Log(
        name,
        logs.console() if options.log_console else None,
        not options.no_syslog,
        options.log_detail,
        _facility(options.log_facility),
    )
    log.open()
    return log


@contextmanager
def _pid_files(*names: str) -> Iterator[None]:
    """Files with the number of this process, for as long as it runs."""
    files = [Path(name) for name in names]
    for file in files:
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
    try:
        yield
    finally:
        for file in files:
            with suppress(FileNotFoundError):
                file.unlink()


async def _run(plan: Plan, log: logs.Log, options: argparse.Namespace, reread: Callable[[], Plan]) -> None:
    from xlvs.keepalived.vrrp_process import VrrpProcess

    process = VrrpProcess(
        plan,
        log,
        reread,
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
