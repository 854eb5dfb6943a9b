# SPDX-License-Identifier: Apache-2.0
"""The parts of the daemon: what runs in a process of its own, so that none can stop another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.line import Line
    from xlvs.keepalived.daemon.log import Log


@dataclass(frozen=True, slots=True)
class Part:
    """One of them. `title` is its name in log lines, `ident` in syslog; `answers_statistics`: it writes stats and JSON."""

    title: str
    ident: str
    suffix: str
    """Of its log file and of its process's name."""
    pid_file: Path
    run: Callable[[KeepalivedConfig, Line, Log], Coroutine[None, None, None]]
    wanted: Callable[[KeepalivedConfig], bool]
    answers_statistics: bool = False
