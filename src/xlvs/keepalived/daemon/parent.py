# SPDX-License-Identifier: Apache-2.0
"""The first process: it reads the configuration, keeps the parts running, and passes on what it is told.

It does nothing else, so that nothing can end it: a part that dies is started again, with pauses that grow from none to a
minute, and meets the configuration that was good last, whatever the file says by then.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.configured import configured
from xlvs.keepalived.daemon import line
from xlvs.keepalived.daemon.child import Child, internal_error
from xlvs.keepalived.daemon.control import Control
from xlvs.keepalived.daemon.garbage import collected_later
from xlvs.keepalived.daemon.reload_schedule import ReloadSchedule
from xlvs.model.errors import UsageError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xlvs.keepalived.daemon.background import Foreground
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.daemon.part import Part
    from xlvs.keepalived.daemon.readiness import Manager
    from xlvs.keepalived.daemon.source import Reading, Source

_ENDS: Final = (signal.SIGTERM, signal.SIGINT)
_STATISTICS: Final = (signal.SIGUSR2, signal.SIGRTMAX - 1, signal.SIGRTMIN + 2)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the daemon is run. `respawns`: a part that dies is started again; `all_parts`: also those with nothing to do."""

    control: Path
    """The socket that says what the daemon does."""
    caller: Foreground
    respawns: bool = True
    all_parts: bool = False


class Parent:
    """The daemon. `parts` are those that may run; which do depends on the configuration."""

    def __init__(
        self, parts: Sequence[Part], source: Source, reading: Reading, log: Log, manager: Manager, manner: Manner
    ) -> None:
        self.reading = reading
        self._log = log
        self._source = source
        self._manager = manager
        self._manner = manner
        self._begun = time.time()
        self._code = 0
        self._has_started = False
        self._ends_at: float | None = None
        self._selector = selectors.DefaultSelector()
        self._control = Control(manner.control, self._selector, self._facts)
        self.children = [Child(each, log, self._selector, partial(self._told, each), self._let_go) for each in parts]
        self._schedule = ReloadSchedule(log.write)
        self._follow_schedule()
        self._wakes, self._woken = socket.socketpair()

    # The life

    def run(self) -> int:
        """Until told to end; the exit code."""
        self._hear_signals()
        self._control.open()
        self._start_wanted()
        if not any(child.pid for child in self.children):
            self._log.write("Warning - keepalived has no configuration to run")
        self._settled()
        while self._ends_at is None or any(child.pid for child in self.children):
            for key, _ in self._selector.select(self._wait()):
                key.data()
            self._do_what_is_due()
        self._control.close()
        return self._code

    def _let_go(self) -> None:
        """In a new process: what belongs to the first one alone. An end of a line that is held here would hide its end."""
        self._selector.close()
        self._manner.caller.detach()
        self._control.let_go()
        for child in self.children:
            child.hang_up()
        self._wakes.close()
        self._woken.close()

    def _hear_signals(self) -> None:
        for end in (self._wakes, self._woken):
            end.settimeout(0)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        for number in (*line.SIGNALS, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self._selector.register(self._wakes, selectors.EVENT_READ, self._take_signals)

    def _take_signals(self) -> None:
        for number in self._wakes.recv(4096):
            if number in _ENDS:
                self._end()
            elif number == signal.SIGHUP:
                self._reload()
            elif number == signal.SIGCHLD:
                self._reap()
            else:
                self._pass_on(number)

    def _wait(self) -> float | None:
        times = [child.due for child in self.children if child.due is not None]
        times += [self._ends_at] if self._ends_at is not None else []
        times += [due for due in (self._control.due(), self._schedule.due()) if due is not None]
        return max(min(times) - time.monotonic(), 0) if times else None

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        self._control.expire(now)
        if self._schedule.is_time(now, time.time()) and self._ends_at is None:
            self._reload()
        for child in self.children:
            if child.due is not None and child.due <= now:
                child.start(self.reading.config)
        if self._ends_at is not None and now >= self._ends_at:
            self._ends_at = now + 1
            for child in self.children:
                child.kill()

    # Parts

    def _wanted(self, part: Part) -> bool:
        return self._manner.all_parts or part.wanted(self.reading.config)

    def _start_wanted(self) -> None:
        for child in self.children:
            if self._wanted(child.part) and not child.lives:
                child.start(self.reading.config)

    def _told(self, part: Part) -> None:
        """A part said something."""
        child = next(each for each in self.children if each.part is part)
        kind, content = child.receive()
        if kind == line.STATE:
            self._control.answer(part.suffix, content)
        elif kind in {line.READY, line.RELOADED}:
            child.is_busy = False
            child.was_ready = True
            self._settled()

    def _settled(self) -> None:
        """All parts have started, or have gone over to the new configuration."""
        if self._ends_at is not None or any(child.pid and child.is_busy for child in self.children):
            return
        names = [child.part.title for child in self.children if child.pid]
        self._manager.ready(f"running: {', '.join(names) or 'nothing is configured'}")
        if not self._has_started:
            self._has_started = True
            self._log.write("Startup complete")
            self._manner.caller.started()

    def _reap(self) -> None:
        for child in self.children:
            status = child.reap()
            if status is None:
                continue
            self._control.forget(child.part.suffix)
            if self._ends_at is not None:
                continue
            if not child.is_unwanted:
                self._mourn(child, status)
            elif self._wanted(child.part):  # again, since it was told to end
                child.start(self.reading.config)

    def _mourn(self, child: Child, status: int) -> None:
        """A part ended by itself. What could not even begin, and has nobody beside it, ends the daemon."""
        if not child.was_ready and not any(other.pid for other in self.children):
            self._code = os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1
            self._end()
        elif not self._manner.respawns:
            self._log.write(f"{child.part.title} child process({child.last_pid}) died: Exiting")
            self._end()
        else:
            self._log.write(f"{child.part.title} child process({child.last_pid}) died: Respawning")
            pause = child.come_back()
            self._log.write(f"Restart of {child.part.title} process delayed {pause:.0f} seconds to limit respawn rate")
            self._settled()

    # What it is told

    def _pass_on(self, number: int) -> None:
        if number == signal.SIGUSR1:
            self._write_data()
        for child in self.children:
            if number not in _STATISTICS or child.part.answers_statistics:
                child.signal(number)

    def _write_data(self) -> None:
        from xlvs.keepalived.dumps import dump

        self._log.write(f"Printing parent data for process({os.getpid()}) on signal")
        try:
            dump.write_parent_data(self.reading.config)
        except OSError as error:
            self._log.write(f"Can't open dump file {error.filename} ({error.errno}: {error.strerror})")

    def _reload(self) -> None:
        """Read the file; a mistake in it changes nothing, else all parts go over to it."""
        self._manager.reloading()
        try:
            self._validate()
            self._log.write("Reloading ...")
            with collected_later():
                self.reading = self._source.read_again(self.reading)
        except XlvsError as error:
            for each in f"The configuration stays as it is:\n{error.message}".splitlines():
                self._log.write(each)
            self._settled()
            self._manager.status(f"reload refused, the configuration of before stays: {error.message.splitlines()[0]}")
            return
        except Exception as error:  # noqa: BLE001 - a file that nobody foresaw must not end what runs
            self._log.write(internal_error(error))
            self._log.write("The configuration stays as it is")
            self._settled()
            return
        self._follow_schedule()
        content = line.packed(self.reading.config)
        for child in self.children:
            wanted = self._wanted(child.part)
            if child.pid and wanted:
                if not child.is_unwanted:
                    child.reload(content)
            elif child.lives and not wanted:
                child.dismiss()
            elif wanted and not child.lives:
                child.start(self.reading.config)
        self._settled()

    def _validate(self) -> None:
        """reload_check_config: what would be ignored or defaulted refuses a reload too. Raises UsageError."""
        log = self.reading.config.settings.reload_check_config
        if not log:
            return
        self._log.write("validate conf before Reload")
        if not self._source.is_good(log):
            raise UsageError(f"New config failed validation, see {log} for details")

    def _follow_schedule(self) -> None:
        settings = self.reading.config.settings
        self._schedule.use(settings.reload_time_file, repeats=settings.reload_repeat)

    def _end(self) -> None:
        if self._ends_at is not None:
            return
        self._log.write("Stopping")
        self._manager.stopping()
        self._ends_at = time.monotonic() + self.reading.config.process.child_wait_time
        for child in self.children:
            child.dismiss()

    def _facts(self) -> dict[str, object]:
        """What the first process itself knows, and a question to all parts for the rest."""
        asked = [child.part.suffix for child in self.children if child.ask()]
        return {
            "pid": os.getpid(),
            "configuration": self._source.path,
            "since": self._begun,
            "parts": {child.part.suffix: child.facts() for child in self.children if child.lives},
            "asked": asked,
            "mistakes": [list(each) for each in self.reading.known.elements()],
            "configured": configured(self.reading.config),
        }
