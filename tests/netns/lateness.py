# SPDX-License-Identifier: Apache-2.0
"""How late a busy machine wakes whoever waits: what is asked to the millisecond is asked beside that."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE_S: Final = 0.005


class Lateness:
    """The latest that a thread was woken which sleeps all the time."""

    def __init__(self) -> None:
        self.worst_s = 0.0
        self._ending = threading.Event()

    def watch(self) -> None:
        """Sleep and look until the end."""
        while not self._ending.is_set():
            begun = time.monotonic()
            time.sleep(_PAUSE_S)
            self.worst_s = max(self.worst_s, time.monotonic() - begun - _PAUSE_S)

    def end(self) -> None:
        """No more."""
        self._ending.set()


@contextmanager
def lateness() -> Iterator[Lateness]:
    """Measured during the with block."""
    measured = Lateness()
    thread = threading.Thread(target=measured.watch)
    thread.start()
    try:
        yield measured
    finally:
        measured.end()
        thread.join()
