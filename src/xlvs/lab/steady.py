# SPDX-License-Identifier: Apache-2.0
"""Requests at a steady pace, and what became of them.

Each is made on a connection of its own, and one that hangs holds up no other: the next begins when it is due. Or all are
made on one connection: then each waits for the one before, and the first that fails is the last.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlvs.lab.client import KeptAlive, get
from xlvs.lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: when it began, in seconds since the first, and its page; no page: it failed."""

    at: float
    page: str | None


@dataclass(slots=True)
class Steady:
    """Asks `url` every `every_s` seconds. A request without a page after `timeout_s` has failed."""

    url: str
    every_s: float
    timeout_s: float
    answers: list[Answer] = field(default_factory=list)

    def run(self, stop: threading.Event, seconds: float | None) -> None:
        """Until `stop` is set or time is up, and the last request is answered or has failed."""
        threads: list[threading.Thread] = []
        began, number = time.monotonic(), 0
        while not stop.is_set() and (seconds is None or number * self.every_s < seconds):
            thread = threading.Thread(target=self._ask, args=(time.monotonic() - began,), daemon=True)
            thread.start()
            threads = [each for each in threads if each.is_alive()] + [thread]
            number += 1
            stop.wait(max(began + number * self.every_s - time.monotonic(), 0))
        for thread in threads:
            thread.join()

    def _ask(self, at: float) -> None:
        try:
            page = get(self.url, timeout_s=self.timeout_s).strip()
        except LabError:
            self.answers.append(Answer(at, None))
        else:
            self.answers.append(Answer(at, page))


@dataclass(slots=True)
class OneConnection:
    """Asks `url` every `every_s` seconds on one connection, which has failed when an answer takes `timeout_s`."""

    url: str
    every_s: float
    timeout_s: float
    answers: list[Answer] = field(default_factory=list)

    def run(self, stop: threading.Event, seconds: float | None) -> None:
        """Until `stop` is set, time is up, or a request has failed. LabError when nobody takes the connection."""
        connection = KeptAlive(self.url, timeout_s=self.timeout_s)
        began = time.monotonic()
        due = 0.0
        while not stop.is_set() and (seconds is None or due < seconds):
            at = time.monotonic() - began
            try:
                self.answers.append(Answer(at, connection.get().strip()))
            except LabError:
                self.answers.append(Answer(at, None))
                break
            due = max(due + self.every_s, time.monotonic() - began)
            stop.wait(began + due - time.monotonic())
        connection.close()


def summary(answers: Sequence[Answer]) -> Iterator[str]:
    """Lines: how many by page, how many failed, and when."""
    pages = Counter(each.page for each in answers if each.page is not None)
    failed = sorted(each.at for each in answers if each.page is None)
    yield f"{len(answers)} request{'' if len(answers) == 1 else 's'}, {pages.total()} answered, {len(failed)} failed"
    for page, count in sorted(pages.items()):
        yield f"{count} x {page}"
    if failed:
        yield f"failed: those begun from {failed[0]:.1f} s to {failed[-1]:.1f} s after the first"


def main(url: str, every_s: float, timeout_s: float, seconds: float | None, *, keep_alive: bool = False) -> int:
    """Ask until the time is up or a signal comes (^C), then print the summary; 1 when the only connection failed."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    steady = (OneConnection if keep_alive else Steady)(url, every_s, timeout_s)
    steady.run(stop, seconds)
    for line in summary(sorted(steady.answers, key=lambda each: each.at)):
        print(line)
    return int(keep_alive and any(each.page is None for each in steady.answers))
