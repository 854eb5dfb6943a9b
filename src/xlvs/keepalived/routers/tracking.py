# SPDX-License-Identifier: Apache-2.0
"""Scripts that are run again and again, and files that hold a number: what the routers track besides links."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from xlvs.keepalived.notices import programs
from xlvs.keepalived.routers.process_tracking import WatchedProcesses, running
from xlvs.linux.small_file import beginning
from xlvs.vrrp import track
from xlvs.vrrp.settings import SECOND_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.programs import Program
    from xlvs.keepalived.routers.links import Links
    from xlvs.keepalived.routers.session_tracking import TrackedSessions
    from xlvs.keepalived.routers.vrrp_plan import Script, Tracked, TrackFile, Tracks

_FILE_PERIOD_S: Final = 0.5


class RunningScript:
    """A vrrp_script. `up` is None until its first result, which decides alone; then rise and fall count."""

    def __init__(self, plan: Script, log: Log, changed: Callable[[], None]) -> None:
        self.plan = plan
        self._log = log
        self._changed = changed
        self.up: bool | None = None
        self.status = 0
        self._run_of = 0
        self._program: Program | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def score(self) -> int:
        """As the original counts: from 0 to rise + fall - 1, GOOD from rise on."""
        return self.plan.rise + self.plan.fall - 1 - self._run_of if self.up else self._run_of

    @property
    def is_running(self) -> bool:
        """Its program runs now."""
        return self._program is not None

    def start(self) -> None:
        """Run it now and then each interval; one that still runs is left alone."""
        self._timer = asyncio.get_running_loop().call_later(self.plan.interval_us / SECOND_US, self.start)
        if self._program:
            self._log.write(f"Track script {self.plan.name} is running, expect idle - skipping run")
            return
        try:
            self._program = programs.run(self.plan.command, ended=self._ended)
        except OSError as error:
            self._take(127, f"failed ({error.strerror})")
            return
        self._program.limit((self.plan.timeout_us or self.plan.interval_us) / SECOND_US)

    def stop(self) -> None:
        """Not any more."""
        if self._timer:
            self._timer.cancel()
        if self._program:
            self._program.kill()
        self._program = None

    def _ended(self, program: Program, status: int) -> None:
        self._program = None
        if program.timed_out:
            self._judge("timed_out", good=False)
        elif status > 0:
            self._take(status, f"failed (exited with status {status})")
        elif status < 0:
            self._judge(f"failed (due to signal {-status})", good=False)
        else:
            self._take(0, "succeeded")

    def _take(self, status: int, words: str) -> None:
        if status != self.status:
            self._log.write(f"Script `{self.plan.name}` now returning {status}")
        self.status = status
        self._judge(words, good=not status)

    def _judge(self, words: str, *, good: bool) -> None:
        needed = 1 if self.up is None else self.plan.rise if good else self.plan.fall
        if good == self.up:
            self._run_of = 0
            return
        self._run_of += 1
        if self._run_of < needed:
            return
        self._run_of = 0
        self.up = good
        self._log.write(f"VRRP_Script({self.plan.name}) {words}")
        self._changed()


class WatchedFile:
    """A track_file: a number in a file, 0 while there is none."""

    def __init__(self, plan: TrackFile) -> None:
        self.plan = plan
        self.value = 0
        self.error = ""
        """Why its first number could not be written."""
        path = Path(plan.path)
        try:
            if plan.initial is not None and (plan.overwrite or not path.exists()):
                path.write_text(f"{plan.initial}\n", encoding="ascii")
        except OSError as error:
            self.error = f"Track file {plan.name}: {plan.path} cannot be written: {error.strerror}"
        self._seen: tuple[int, int, int] | None = None
        self.reread()

    def reread(self) -> bool:
        """Whether it holds another number now."""
        before = self.value
        try:
            found = os.stat(self.plan.path)
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen == self._seen:
                return False
            self._seen = seen
            self.value = int(beginning(self.plan.path).split()[0])
        except (OSError, ValueError, IndexError):
            self.value, self._seen = 0, None
        return self.value != before


Watched = TypeVar("Watched", RunningScript, WatchedFile, WatchedProcesses)


def _known(tracked: Iterable[Tracked], watched: Mapping[str, Watched]) -> Iterator[tuple[Watched, int, bool]]:
    """Those that are there, with the weight that counts and whether it is reversed."""
    for each in tracked:
        found = watched.get(each.name)
        if found is not None:
            weight, reverse = each.over(found.plan.weight, reverse=found.plan.reverse)
            yield found, weight, reverse


class Tracker:
    """Everything tracked, by name."""

    def __init__(
        self,
        links: Links,
        scripts: Mapping[str, RunningScript],
        files: Mapping[str, WatchedFile],
        processes: Mapping[str, WatchedProcesses],
        sessions: TrackedSessions,
        changed: Callable[[], None],
    ) -> None:
        self._links = links
        self.scripts = scripts
        self.files = files
        self.processes = processes
        self.sessions = sessions
        self._changed = changed
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Run the scripts, look at the files."""
        for script in self.scripts.values():
            script.start()
        self._count_processes(first=True)
        if self.files or self.processes:
            self._look()

    def stop(self) -> None:
        """Not any more."""
        for script in self.scripts.values():
            script.stop()
        if self._timer:
            self._timer.cancel()

    def sum(self, tracks: Tracks) -> track.Sum:
        """What these come to."""
        return track.total(
            (
                *self._links_of(tracks.interfaces),
                *self._scripts_of(tracks.scripts),
                *self._files_of(tracks.files),
                *self._processes_of(tracks.processes),
                *self.sessions.sums(tracks.sessions),
            )
        )

    def waits(self, tracks: Tracks) -> bool:
        """Whether a script that can put a router into FAULT has not ended yet for the first time."""
        found = ((self.scripts.get(each.name), each.weight) for each in tracks.scripts)
        return any(
            script and script.up is None and not (script.plan.weight if weight is None else weight)
            for script, weight in found
        )

    def _links_of(self, tracked: Iterable[Tracked]) -> Iterable[track.Sum]:
        for each in tracked:
            link = self._links.by_name.get(each.name)
            yield track.of_switch(each.weight or 0, reverse=bool(each.reverse), up=bool(link and link.running))

    def _scripts_of(self, tracked: Iterable[Tracked]) -> Iterable[track.Sum]:
        for script, weight, reverse in _known(tracked, self.scripts):
            if script.up is not None:
                yield track.of_switch(weight, reverse=reverse, up=script.up)

    def _files_of(self, tracked: Iterable[Tracked]) -> Iterable[track.Sum]:
        for file, weight, reverse in _known(tracked, self.files):
            yield track.of_file(weight, reverse=reverse, value=file.value)

    def _processes_of(self, tracked: Iterable[Tracked]) -> Iterable[track.Sum]:
        for known, weight, reverse in _known(tracked, self.processes):
            yield track.of_switch(weight, reverse=reverse, up=known.up)

    def _count_processes(self, *, first: bool = False) -> bool:
        """Whether some came to be enough, or too few."""
        if not self.processes:
            return False
        found = list(running())
        now_us = time.monotonic_ns() // 1000
        return bool([each for each in self.processes.values() if each.take(found, now_us, first=first)])

    def _look(self) -> None:
        changed = [file for file in self.files.values() if file.reread()]
        if self._count_processes() or changed:
            self._changed()
        self._timer = asyncio.get_running_loop().call_later(_FILE_PERIOD_S, self._look)
