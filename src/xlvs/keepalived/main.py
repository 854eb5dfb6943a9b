# SPDX-License-Identifier: Apache-2.0
"""`xlvs keepalived`: the original's options, and the processes that they ask for."""

from __future__ import annotations

import os
import resource
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import xlvs
from xlvs.config.files import Identity
from xlvs.keepalived import options as command_line
from xlvs.keepalived.daemon import log as logs
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.pid_file import PidFiles
    from xlvs.keepalived.daemon.source import Reading, Source

_WORDS: Final = {
    "check": "xlvs.keepalived.config_check",
    "plan": "xlvs.keepalived.plan",
    "status": "xlvs.keepalived.status",
}
_VERSION: Final = f"Keepalived v2.2.7 (xlvs {xlvs.__version__})"
"""The version whose configuration and files these are; programs look for it in this form."""
_CORE_PATTERN: Final = Path("/proc/sys/kernel/core_pattern")


def main(argv: Sequence[str]) -> int:
    """Run ``xlvs keepalived ARGV``; the exit code."""
    if argv and argv[0] in _WORDS:
        from importlib import import_module

        code: int = vars(import_module(_WORDS[argv[0]]))["main"](argv[1:])
        return code
    if argv[:1] in (["-T"], ["--genhash"]):
        from xlvs.keepalived import genhash

        return genhash.main(argv[1:])
    options = command_line.parse(argv)
    if options.version:
        print(_VERSION, file=sys.stderr)
        return 0
    if options.signum:
        return command_line.print_signal(options.signum)
    if options.config_test is not None:
        return _test(options)
    return _serve(options)


def _test(options: argparse.Namespace) -> int:
    from xlvs.keepalived.config_check import config_test

    if options.namespace:
        _enter(options.namespace)
    return config_test(options.use_file, _identity(options), log=options.config_test)


def _identity(options: argparse.Namespace) -> Identity:
    return Identity(options.config_id, seed=time.time_ns() & 0x7FFFFFFF, all_files=options.all_config)


def _enter(name: str) -> None:
    from xlvs.linux import namespace

    namespace.enter(name)


def _serve(options: argparse.Namespace) -> int:
    from xlvs.keepalived.daemon.parts import allowed_files
    from xlvs.keepalived.daemon.pid_file import already_runs
    from xlvs.keepalived.daemon.source import Source

    log = _log(options)
    log.open()
    log.write(f"Starting {_VERSION}")
    log.write(f"Running on {' '.join(os.uname()[i] for i in (0, 2, 3))}", detail=True)
    log.write(f"Command line: {' '.join(repr(each) for each in ['keepalived', *sys.argv[2:]])}", detail=True)
    for each in command_line.notices(options):
        log.write(each)
    source = Source(options.use_file, _identity(options), snmp=options.snmp, snmp_socket=options.snmp_agent_socket)
    log.write(f"Opening file '{options.use_file}'.", detail=True)
    reading = source.read()
    for each in reading.lines:
        log.write(each)
    files = _pid_files(options, reading.config)
    if already_runs(files.parent, allowed_files(options, files)):
        log.write("daemon is already running")
        if not options.log_console:
            print(f"keepalived: daemon is already running ({files.parent})", file=sys.stderr)
        return 0
    if network := options.namespace or reading.config.process.net_namespace:
        _enter(network)
    os.umask(reading.config.settings.umask if options.umask is None else options.umask)
    with _core_dumps(options):
        return _run(options, source, reading, files, log)


def _run(options: argparse.Namespace, source: Source, reading: Reading, files: PidFiles, log: logs.Log) -> int:
    from xlvs.keepalived.daemon import parts
    from xlvs.keepalived.daemon.around import scripts_around
    from xlvs.keepalived.daemon.background import Foreground, leave_foreground
    from xlvs.keepalived.daemon.parent import Manner, Parent
    from xlvs.keepalived.daemon.pid_file import written
    from xlvs.keepalived.daemon.readiness import Manager

    manager = Manager()
    caller = Foreground() if options.dont_fork else leave_foreground(keeps_console=options.log_console)
    if not options.dont_fork:
        log.open()
        manager.main_process()
    parts.name_process(reading.config, "")
    with written(files.parent):
        parent = Parent(
            parts.chosen(options, files),
            source,
            reading,
            log,
            manager,
            Manner(files.control, caller, respawns=not options.dont_respawn, all_parts=options.all),
        )
        with scripts_around(lambda: parent.reading.config, log):
            code = parent.run()
    log.write(f"Stopped {_VERSION}")
    return code


def _pid_files(options: argparse.Namespace, config: KeepalivedConfig) -> PidFiles:
    from xlvs.keepalived.daemon.pid_file import pid_files

    process = config.process
    return pid_files(
        (options.pid, options.vrrp_pid, options.checkers_pid, options.bfd_pid),
        instance=process.instance,
        namespace=options.namespace or process.net_namespace,
        own_directory=process.use_pid_dir,
    )


def _log(options: argparse.Namespace) -> logs.Log:
    return logs.Log(
        "Keepalived",
        logs.console() if options.log_console else None,
        not options.no_syslog,
        options.log_detail,
        command_line.facility(options.log_facility),
        Path(options.log_file).absolute() if options.log_file else None,
    )


@contextmanager
def _core_dumps(options: argparse.Namespace) -> Iterator[None]:
    """-m and -M: the kernel's pattern is put back at the end."""
    if not (options.core_dump or options.core_dump_pattern):
        yield
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if not options.core_dump_pattern:
        yield
        return
    try:
        before = _CORE_PATTERN.read_text(encoding="utf-8")
        _CORE_PATTERN.write_text(options.core_dump_pattern, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"-M: {_CORE_PATTERN} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        with suppress(OSError):
            _CORE_PATTERN.write_text(before, encoding="utf-8")
