# SPDX-License-Identifier: Apache-2.0
"""Two long calls into the kernel at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
