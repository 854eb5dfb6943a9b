# SPDX-License-Identifier: Apache-2.0
"""What the process of the sessions tells the others through a pipe: lines `NAME Up|Down MICROSECONDS`.

Changes are told at once. All states are told again from time to time, for a reader that was started anew; a reader takes
what it knows already for no news.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from xlvs.keepalived.daemon.log import Log

    class Changed(Protocol):
        """Is told of a session."""

        def __call__(self, name: str, *, up: bool) -> None:
            """It came up, or went down."""


REFRESH_S: Final = 1.0
_STALE_US: Final = 2_000_000
"""Nobody has read for long: what holds now is told again soon."""
_READ_BYTES: Final = 65536
_WORDS: Final = {True: "Up", False: "Down"}


class EventPipe(NamedTuple):
    """Descriptors of both ends."""

    read: int
    write: int


class EventWriter:
    """The end of the process that has the sessions."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)

    def tell(self, states: Iterable[tuple[str, bool]], now_us: int) -> None:
        """Names and whether they are up. A reader that does not read gets it later."""
        for name, up in states:
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, f"{name} {_WORDS[up]} {now_us}\n".encode(errors="surrogateescape"))


class EventReader:
    """The end of those that track sessions. `up` has their states by name; `note` gets what -D shows."""

    def __init__(
        self,
        descriptor: int,
        up: dict[str, bool],
        changed: Changed,
        note: Callable[[str], None],
        clock_us: Callable[[], int],
    ) -> None:
        self.up = up
        self._descriptor = descriptor
        self._changed = changed
        self._note = note
        self._clock_us = clock_us
        self._rest = b""
        os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        """For select and its like."""
        return self._descriptor

    def close(self) -> None:
        """Read no more."""
        os.close(self._descriptor)

    def read(self) -> bool:
        """Take what was told; False: the other end is gone."""
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, *told = line.decode(errors="surrogateescape").rsplit(" ", 2)
            if len(told) == 2:  # less is the end of a line whose beginning was read by a process that is no more
                self._take(name, told[0], int(told[1]))
        return bool(data)

    def _take(self, name: str, word: str, at_us: int) -> None:
        up = word == _WORDS[True]
        took_us = self._clock_us() - at_us
        if self.up.get(name) is up or took_us > _STALE_US:
            return
        self.up[name] = up
        self._note(f"Received BFD event: instance {name} is in state {word} (delivered in {took_us} usec)")
        self._changed(name, up=up)


def read_events(
    loop: asyncio.AbstractEventLoop,
    descriptor: int,
    up: dict[str, bool],
    changed: Changed,
    log: Log,
    clock_us: Callable[[], int],
) -> None:
    """Call `changed` whenever a session comes up or goes down, and keep their states in `up`."""
    reader = EventReader(descriptor, up, changed, lambda text: log.write(text, detail=True), clock_us)

    def heard() -> None:
        if not reader.read():
            loop.remove_reader(reader)
            reader.close()

    loop.add_reader(reader, heard)
