# SPDX-License-Identifier: Apache-2.0
"""The line between the first process and one of its parts: one-letter messages, long ones in a memory file beside.

    C  configuration   to the part: go over to it       R  ready       from the part: started
    S  state           to the part: tell it             L  reloaded    from the part: gone over
                       from the part: here it is

Nobody waits while the other end is busy, however long a configuration or a state is. When the first process ends,
however that comes about, a part reads the end of the line.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.keepalived.daemon.garbage import collected_later

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.config.settings.config import KeepalivedConfig

CONFIGURATION: Final = b"C"
STATE: Final = b"S"
READY: Final = b"R"
RELOADED: Final = b"L"

SIGNALS: Final = frozenset(
    {signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 2, signal.SIGRTMAX - 1, signal.SIGTERM}
)
"""What parts are told by signals; held back from the fork until there are handlers."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(wire: socket.socket, kind: bytes, content: bytes | None = None) -> None:
    """A message; lost when nobody is there any more."""
    with suppress(OSError):
        if content is None:
            wire.send(kind, socket.MSG_DONTWAIT)
            return
        file = os.memfd_create("keepalived")
        try:
            _write_all(file, content)
            socket.send_fds(wire, [kind], [file], socket.MSG_DONTWAIT)
        finally:
            os.close(file)


def receive(wire: socket.socket) -> tuple[bytes, bytes]:
    """The next message and what came with it; two times nothing at the end."""
    try:
        kind, files, _, _ = socket.recv_fds(wire, 1, 1)
    except ConnectionError:
        return b"", b""
    content = b""
    for each in files:
        with open(each, "rb") as file:
            file.seek(0)
            content = file.read()
    return kind, content


def packed(config: KeepalivedConfig) -> bytes:
    """A configuration as a message's content."""
    return pickle.dumps(config, pickle.HIGHEST_PROTOCOL)


def _write_all(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


class Line:
    """A part's end."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._parent = os.getppid()
        self.parent_ended = False
        self.before_change: Callable[[KeepalivedConfig], None] = lambda _: None
        """Gets a new configuration before the part goes over to it."""

    def listen(
        self, changed: Callable[[KeepalivedConfig], None], state: Callable[[], object], ended: Callable[[], None]
    ) -> None:
        """Call back for a new configuration, for the state (as JSON has it), and at the end of the first process."""
        loop = asyncio.get_running_loop()

        def heard() -> None:
            kind, content = receive(self._wire)
            if kind == CONFIGURATION:
                try:
                    with collected_later():
                        config = pickle.loads(content)  # noqa: S301 - comes from the process that began this one
                        self.before_change(config)
                        changed(config)
                finally:
                    send(self._wire, RELOADED)
            elif kind == STATE:
                send(self._wire, STATE, json.dumps(state()).encode())
            elif not kind:
                self.parent_ended = True
                loop.remove_reader(self._wire)
                ended()

        loop.add_reader(self._wire, heard)
        loop.add_signal_handler(signal.SIGHUP, self._ask_for_reload)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def ready(self) -> None:
        """Everything is started."""
        send(self._wire, READY)

    def _ask_for_reload(self) -> None:
        """The first process reads the configuration, for all parts."""
        if os.getppid() == self._parent:
            os.kill(self._parent, signal.SIGHUP)
