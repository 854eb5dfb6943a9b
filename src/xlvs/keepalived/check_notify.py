# SPDX-License-Identifier: Apache-2.0
"""The scripts of virtual servers: notify_up, notify_down, quorum_up, quorum_down."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from typing import TYPE_CHECKING

from xlvs.healthcheck.effects import QuorumChanged, ServerChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.healthcheck.effects import CheckerChanged


class ScriptNotifier:
    """Runs the script of a change and does not wait for it."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, change: CheckerChanged | ServerChanged | QuorumChanged) -> None:
        """Run what is configured for the change."""
        command = command_of(change)
        if command:
            task = asyncio.get_running_loop().create_task(self._run(command))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, command: tuple[str, ...]) -> None:
        try:
            process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL)
            await process.wait()
        except OSError as problem:
            self._log(f"Cannot run {' '.join(command)}: {problem.strerror}")


def command_of(change: CheckerChanged | ServerChanged | QuorumChanged) -> tuple[str, ...]:
    """The words of the script for a change; none: there is no script."""
    match change:
        case ServerChanged(_, server, up):
            words = server.notify_up if up else server.notify_down
        case QuorumChanged(virtual_server, up):
            words = virtual_server.quorum_up if up else virtual_server.quorum_down
        case _:
            return ()
    return tuple(shlex.split(words[0])) if len(words) == 1 else words
