# SPDX-License-Identifier: Apache-2.0
"""A daemon of two parts that do nothing but say what they are told: python parts_program.py FOLDER [--dont-respawn]."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xlvs.config.files import Identity
from xlvs.keepalived.daemon.background import Foreground
from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.daemon.parent import Manner, Parent
from xlvs.keepalived.daemon.part import Part
from xlvs.keepalived.daemon.readiness import Manager
from xlvs.keepalived.daemon.source import Source

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.line import Line
    from xlvs.keepalived.daemon.source import Reading


async def idle(config: KeepalivedConfig, line: Line, log: Log) -> None:
    """Say whose configuration it has; be stubborn if the configuration says so."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    router = config.settings.router_id
    if router != "stubborn":
        loop.add_signal_handler(signal.SIGTERM, end.set)
    else:
        loop.add_signal_handler(signal.SIGTERM, lambda: None)

    def changed(again: KeepalivedConfig) -> None:
        nonlocal router
        router = again.settings.router_id
        log.write(f"changed to {router}")

    def fail() -> None:
        raise RuntimeError("on purpose")

    loop.add_signal_handler(signal.SIGUSR2, fail)
    line.listen(changed, lambda: {"router": router}, end.set)
    if router == "broken":
        sys.exit(7)
    log.write(f"runs as {router}")
    line.ready()
    await end.wait()
    log.write("orphaned" if line.parent_ended else "ended")


def fail(before: Reading) -> Reading:
    """An error that nobody foresaw."""
    raise RuntimeError(f"on purpose after {before.config.settings.router_id}")


def main() -> int:
    """Run it."""
    folder = Path(sys.argv[1])
    log = Log("test", sys.stderr, to_syslog=False)
    source = Source(str(folder / "keepalived.conf"), Identity())
    parts = [
        Part("One", "Test_one", "one", folder / "one.pid", idle, lambda _: True, answers_statistics=True),
        Part("Two", "Test_two", "two", folder / "two.pid", idle, lambda config: not config.settings.lvs_flush),
    ]
    if "--odd-reload" in sys.argv:
        source.read_again = fail  # type: ignore[method-assign]  # a stand-in
    manner = Manner(folder / "parent.sock", Foreground(), respawns="--dont-respawn" not in sys.argv)
    log.write(f"parent {os.getpid()}")
    return Parent(parts, source, source.read(), log, Manager(), manner).run()


sys.exit(main())
