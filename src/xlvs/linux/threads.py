# SPDX-License-Identifier: Apache-2.0
"""Two long calls into the kernel at once, and errands that nobody waits for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Do `work` in a thread of its own while the block runs; the end waits for it, and raises what it raised.

    An error of the block goes first.
    """
    raised: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            raised.append(error)

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    for error in raised:
        raise error


def at_once(errand: Callable[[], None]) -> None:
    """Do it now: in the place of `Errands`, where waiting does not matter."""
    errand()


class Errands:
    """Errands that a thread does one after the other, begun with the first of them."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None

    def __call__(self, errand: Callable[[], None]) -> None:
        """Have it done after those before it; it must not raise."""
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        self._queue.put(errand)

    def finish(self, patience_s: float) -> None:
        """Wait for what was begun."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(patience_s)

    def _run(self) -> None:
        while (errand := self._queue.get()) is not None:
            errand()
