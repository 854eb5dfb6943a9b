# SPDX-License-Identifier: Apache-2.0
"""A part as the first process sees it: a process that is started, told, and started again."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

from xlvs.keepalived.daemon import line
from xlvs.keepalived.daemon.pid_file import written
from xlvs.linux.timer import PreciseSelector
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.daemon.part import Part

_LONG_LIFE_S: Final = 60.0
_PAUSE_MAX_S: Final = 60.0
_INTERNAL_ERROR: Final = 70
_USUAL: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})


class Child:
    """`pid` is 0 while it does not run; `due` is when it is to be started (monotonic clock), None: not at all."""

    def __init__(
        self,
        part: Part,
        log: Log,
        selector: selectors.BaseSelector,
        told: Callable[[], None],
        let_go: Callable[[], None],
    ) -> None:
        self.part = part
        self.pid = self.last_pid = 0
        self.due: float | None = None
        self.is_busy = False
        """It is starting, or goes over to another configuration."""
        self.was_ready = False
        self.is_unwanted = False
        self._log = log
        self._selector = selector
        self._told = told
        self._let_go = let_go
        self._wire: socket.socket | None = None
        self._begun = 0.0
        self._since = 0.0
        self._pause_s: float | None = None
        self._restarts = 0
        self._ending = ""

    @property
    def lives(self) -> bool:
        """It runs, or will again."""
        return bool(self.pid) or self.due is not None

    def start(self, config: KeepalivedConfig) -> None:
        """Begin the process."""
        self.due = None
        self._wire, theirs = line.pair()
        signal.pthread_sigmask(signal.SIG_BLOCK, line.SIGNALS)
        pid = os.fork()
        if not pid:
            self._be(config, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, line.SIGNALS)
        theirs.close()
        self._selector.register(self._wire, selectors.EVENT_READ, self._told)
        self.pid = self.last_pid = pid
        self.is_busy, self.is_unwanted = True, False
        self._begun, self._since = time.monotonic(), time.time()
        self._log.write(f"Starting {self.part.title} child process, pid={pid}")

    def _be(self, config: KeepalivedConfig, wire: socket.socket) -> NoReturn:
        """The life of the new process."""
        signal.set_wakeup_fd(-1)
        for number in (*line.SIGNALS, signal.SIGINT, signal.SIGCHLD):
            # Not SIG_IGN, which programs that are run would inherit.
            signal.signal(number, signal.SIG_DFL if number in _USUAL else lambda *_: None)
        self._let_go()
        log = self._log.child(self.part.ident, f"_{self.part.suffix}")
        code = _INTERNAL_ERROR
        try:
            log.open()
            with written(self.part.pid_file), asyncio.Runner(loop_factory=_event_loop) as runner:
                runner.run(self._live(config, line.Line(wire), log))
            code = 0
        except XlvsError as error:
            for each in error.message.splitlines():
                log.write(each)
            code = error.exit_code
        except BaseException as error:  # noqa: BLE001 - the process ends here, and nothing is left that could be told
            log.write(internal_error(error))
        os._exit(code)

    async def _live(self, config: KeepalivedConfig, own: line.Line, log: Log) -> None:
        def failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            """An event that could not be dealt with; the next one may."""
            error = context.get("exception")
            log.write(internal_error(error) if error else f"internal error: {context['message']}")

        asyncio.get_running_loop().set_exception_handler(failed)
        await self.part.run(config, own, log)

    def hang_up(self) -> None:
        """Close the line, in a process that is another part's: only the first process may hold its end."""
        if self._wire:
            self._wire.close()

    def reap(self) -> int | None:
        """The status with which it ended, None while it runs."""
        if not self.pid:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            self._ending = f"signal {number} ({signal.strsignal(number)})"
            self._log.write(f"pid {pid} exited due to {self._ending}")
        elif os.WEXITSTATUS(status):
            self._ending = f"status {os.WEXITSTATUS(status)}"
            self._log.write(f"pid {pid} exited with {self._ending}")
        self.pid = 0
        self.is_busy = False
        if self._wire:
            self._selector.unregister(self._wire)
            self._wire.close()
            self._wire = None
        with suppress(OSError):
            self.part.pid_file.unlink()
        return status

    def come_back(self) -> float:
        """Start it again later; after how many seconds. The first time at once, then after pauses that grow."""
        lived = time.monotonic() - self._begun
        if self._pause_s is None or lived > _LONG_LIFE_S:
            self._pause_s = 0.0
        else:
            self._pause_s = min(max(1.0, 2 * self._pause_s), _PAUSE_MAX_S)
        self._restarts += 1
        self.due = time.monotonic() + self._pause_s
        return self._pause_s

    # Telling it

    def receive(self) -> tuple[bytes, bytes]:
        """What it says. At its end nothing comes any more."""
        if self._wire is None:
            return b"", b""
        kind, content = line.receive(self._wire)
        if not kind:
            self._selector.unregister(self._wire)
            self._wire.close()
            self._wire = None
        return kind, content

    def reload(self, content: bytes) -> None:
        """Another configuration, packed."""
        if self._wire:
            self.is_busy = True
            line.send(self._wire, line.CONFIGURATION, content)

    def ask(self) -> bool:
        """Ask for its state; whether an answer is to be expected."""
        if self._wire is None or not self.was_ready:
            return False
        line.send(self._wire, line.STATE)
        return True

    def signal(self, number: int) -> None:
        """Pass a signal on."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def dismiss(self) -> None:
        """It shall end, for good."""
        self.due = None
        self.is_unwanted = bool(self.pid)
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """It did not end when it was asked to."""
        if self.pid:
            self._log.write(f"{self.part.title} child process({self.pid}) did not end and is killed")
            self.signal(signal.SIGKILL)

    def facts(self) -> dict[str, object]:
        """For `status`."""
        found: dict[str, object] = {"pid": self.pid, "since": self._since, "restarts": self._restarts}
        return found | ({"last_end": self._ending} if self._ending else {})


def _event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(PreciseSelector())


def internal_error(error: BaseException) -> str:
    """A line about what nobody foresaw, and where."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('/')[2]}, line {place.lineno}, in {place.name}"
    return f"internal error: {type(error).__name__}: {error} ({where}); please report it"
