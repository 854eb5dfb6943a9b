# SPDX-License-Identifier: Apache-2.0
"""Where the lines of the log go: syslog, the console, a file, or several of them."""

from __future__ import annotations

import sys
import syslog
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Log:
    """A log under one name. `detailed`: with what -D asks for; `file`: of the first process, others have their own."""

    name: str
    console: TextIO | None = None
    to_syslog: bool = True
    detailed: bool = False
    facility: int = syslog.LOG_DAEMON
    file: Path | None = None
    _stream: TextIO | None = None

    def open(self) -> None:
        """Tell syslog the name, open the file. Raises UsageError when it cannot be opened."""
        if self.to_syslog:
            syslog.openlog(self.name, syslog.LOG_PID, self.facility)
        if self.file:
            try:
                self._stream = self.file.open("a", buffering=1, encoding="utf-8")
            except OSError as error:
                raise UsageError(f"the log file {self.file} cannot be written: {error.strerror}") from None

    def write(self, text: str, *, detail: bool = False) -> None:
        """One line; `detail`: with -D only."""
        if detail and not self.detailed:
            return
        # A configuration may hold bytes that are not UTF-8, and syslog takes no zeros either.
        text = text.encode(errors="replace").decode().replace("\0", "?")
        if self.to_syslog:
            syslog.syslog(syslog.LOG_INFO, text)
        with suppress(OSError):  # a full disk or a pipe that nobody reads is no reason to end
            if self.console:
                print(f"{time.ctime()}: {text}", file=self.console, flush=True)
            if self._stream:
                print(f"{time.ctime()}: {text}", file=self._stream)

    def child(self, name: str, suffix: str = "") -> Log:
        """The same under another name, and in a file of its own: `suffix` comes before the last dot."""
        file = self.file.with_stem(f"{self.file.stem}{suffix}") if self.file else None
        return replace(self, name=name, file=file, _stream=None)


def console() -> TextIO:
    """Where -l writes."""
    return sys.stderr
