# SPDX-License-Identifier: Apache-2.0
"""The process of the BFD sessions: keeps those of the configuration until it is told to end."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING

from xlvs.keepalived.dumps import bfd_dump
from xlvs.keepalived.sessions import bfd_state
from xlvs.keepalived.sessions.bfd_events import EventWriter
from xlvs.keepalived.sessions.bfd_process import BfdProcess
from xlvs.keepalived.sessions.bfd_translate import translate

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.line import Line
    from xlvs.keepalived.daemon.log import Log


async def run(config: KeepalivedConfig, line: Line, log: Log, *, routers: int, checks: int) -> None:
    """Keep the sessions until told to stop. `routers`, `checks`: descriptors to tell them of the states."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    process = BfdProcess(translate(config), log, EventWriter(routers), EventWriter(checks))

    def changed(again: KeepalivedConfig) -> None:
        nonlocal config
        config = again
        log.write("Reloading")
        process.reload(translate(again))
        log.write("Reload complete")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: bfd_dump.write(process, config, log))
    line.listen(changed, lambda: bfd_state.state(process), stop.set)
    process.start()
    line.ready()
    gc.freeze()  # a collection that walks everything made at the start delays timers
    await stop.wait()
    process.stop()
    log.write("Stopped")
