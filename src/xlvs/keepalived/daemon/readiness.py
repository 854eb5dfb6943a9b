# SPDX-License-Identifier: Apache-2.0
"""Telling the service manager how things stand: datagrams to the socket that sd_notify(3) describes."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress


class Manager:
    """The service manager, if there is one. Programs that are started later are not told where it listens."""

    def __init__(self) -> None:
        path = os.environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path

    def ready(self, status: str) -> None:
        """Started, or reloaded."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end begins."""
        self._tell("STOPPING=1", "STATUS=stopping")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={text}")

    def main_process(self) -> None:
        """This process is the one to watch, whichever was started."""
        self._tell(f"MAINPID={os.getpid()}")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            wire.sendto("\n".join(lines).encode(), self._address)
