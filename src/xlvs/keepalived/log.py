# SPDX-License-Identifier: Apache-2.0
"""Where the lines of the log go: syslog, the console, or both."""

from __future__ import annotations

import sys
import syslog
import time
from dataclasses import dataclass
from typing import TextIO


@dataclass(slots=True)
class Log:
    """A log under one name. `detailed`: with what -D asks for."""

    name: str
    console: TextIO | None = None
    to_syslog: bool = True
    detailed: bool = False
    facility: int = syslog.LOG_DAEMON

    def open(self) -> None:
        """Tell syslog the name."""
        if self.to_syslog:
            syslog.openlog(self.name, syslog.LOG_PID, self.facility)

    def write(self, text: str, *, detail: bool = False) -> None:
        """One line; `detail`: with -D only."""
        if detail and not self.detailed:
            return
        if self.to_syslog:
            syslog.syslog(syslog.LOG_INFO, text)
        if self.console:
            print(f"{time.ctime()}: {text}", file=self.console, flush=True)

    def child(self, name: str) -> Log:
        """The same under another name."""
        return Log(name, self.console, self.to_syslog, self.detailed, self.facility)


def console() -> TextIO:
    """Where -l writes."""
    return sys.stderr
