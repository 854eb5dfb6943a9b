# SPDX-License-Identifier: Apache-2.0
"""Scripts around the life of the daemon: startup_script before anything runs, shutdown_script after everything ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.notices import programs
from xlvs.keepalived.notices.screening import Screening
from xlvs.keepalived.notices.script_plan import command_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.notices.script_plan import Command


@contextmanager
def scripts_around(config: Callable[[], KeepalivedConfig], log: Log) -> Iterator[None]:
    """Run them around what is done inside. `config` gives the configuration in force, which a reload changes."""
    settings = config().settings
    before, _ = _allowed(config(), log)
    if before:
        _run("startup", before, settings.startup_script_timeout, log)
    try:
        yield
    finally:
        _, after = _allowed(config(), Log("", to_syslog=False))
        if after:
            _run("shutdown", after, config().settings.shutdown_script_timeout, log)


def _allowed(config: KeepalivedConfig, log: Log) -> tuple[Command | None, Command | None]:
    """Both, as far as they may run; what is to be said of them is said."""
    settings = config.settings
    if not settings.startup_script and not settings.shutdown_script:
        return None, None
    screening = Screening(rules_of(settings), log)
    before = screening.command(command_of(settings.startup_script), "startup")
    after = screening.command(command_of(settings.shutdown_script), "shutdown")
    screening.conclude("start/shutdown scripts")
    return before, after


def _run(which: str, command: Command, limit_s: float, log: Log) -> None:
    log.write(f"Running {which} script {command.arguments[0]}")
    try:
        status = programs.run_and_wait(command, limit_s=limit_s)
    except OSError as error:
        log.write(f"Call of {which} script {command.arguments[0]} failed: {error.strerror}")
        return
    if status is None:
        log.write(f"{which} script timed out")
    elif status < 0:
        log.write(f"{which} script script failed due to signal {-status}")
    elif status:
        log.write(f"{which} script script failed, status {status}")
    else:
        log.write(f"{which} script script succeeded")
