# SPDX-License-Identifier: Apache-2.0
"""The process of the health checks: checks what the configuration says until it is told to end."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING

from xlvs.keepalived.checks import check_state
from xlvs.keepalived.checks.check_notify import CheckNotifier
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.checks.checking import open_checking
from xlvs.keepalived.dumps import check_dump
from xlvs.keepalived.monitoring.snmp_checks import CheckAgent
from xlvs.keepalived.notices.screening import screened_checks
from xlvs.keepalived.sessions.bfd_events import read_events
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.line import Line
    from xlvs.keepalived.daemon.log import Log


async def run(
    config: KeepalivedConfig, line: Line, log: Log, *, keep: bool, sessions: int | None = None, shows: bool = False
) -> None:
    """Check until told to stop.

    `keep`: leave the tables as they are then; `sessions`: tells of BFD sessions; `shows`: log the configuration first.
    When the first process was killed they are left in any case: it will be started again, packets go on, and the tables
    are compared then.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    plan = screened_checks(translate(config), log)
    notifier = CheckNotifier(plan, log)
    try:
        checking = open_checking(plan, log.write, notifier)
        notifier.agents.append(CheckAgent(checking, plan.snmp, log))

        def changed(again: KeepalivedConfig) -> None:
            nonlocal config, plan
            log.write("Reloading")
            coming = screened_checks(translate(again), log)
            notifier.use(coming)
            try:
                checking.reload(coming)
            except XlvsError as error:
                notifier.use(plan)
                log.write(f"Reload failed, the configuration of before stays: {error.message}")
            else:
                config, plan = again, coming
                log.write("Reload complete")

        loop.add_signal_handler(signal.SIGUSR1, lambda: check_dump.write(checking, config, log))
        line.listen(changed, lambda: check_state.state(checking), stop.set)
        checking.start()
        for each in check_dump.lines(checking, config) if shows else ():
            log.write(each)
        if sessions is not None:
            read_events(loop, sessions, checking.sessions, checking.session_changed, log, checking.now)
        line.ready()
        gc.freeze()  # a collection that walks everything made at the start delays probes
        try:
            await stop.wait()
        finally:
            checking.stop(keep=keep or line.parent_ended)
    finally:
        notifier.close()
        await notifier.drain()
