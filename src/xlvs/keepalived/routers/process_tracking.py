# SPDX-License-Identifier: Apache-2.0
"""Whether processes run: counted in /proc, which works in every namespace, unlike the kernel's process connector."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xlvs.keepalived.routers.vrrp_plan import TrackProcess

_NAME_MAX: Final = 15  # what the kernel keeps of a name


class WatchedProcesses:
    """A vrrp_track_process: up while as many run as it asks for, a change counting only after its delay."""

    def __init__(self, plan: TrackProcess) -> None:
        self.plan = plan
        self.up = False
        self.count = 0
        self._since: int | None = None

    def take(self, found: Iterable[Running], now_us: int, *, first: bool = False) -> bool:
        """Count what runs; whether it is up or down otherwise than before."""
        self.count = count = sum(matches(self.plan, each) for each in found)
        most = self.plan.quorum_max
        up = (count >= self.plan.quorum or most == 0) and (most is None or count <= most)
        if up == self.up:
            self._since = None
            return False
        delay_us = 0 if first else self.plan.fork_delay_us if up else self.plan.terminate_delay_us
        self._since = now_us if self._since is None else self._since
        if now_us - self._since < delay_us:
            return False
        self.up, self._since = up, None
        return True


class Running:
    """A process; its command line is read only where it is asked for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Up to 15 characters; "" when it is gone."""
        return _text(f"{self._folder}/comm").rstrip("\n")

    @property
    def words(self) -> Sequence[str]:
        """The command line."""
        return _text(f"{self._folder}/cmdline").split("\0")[:-1]


def running() -> Iterator[Running]:
    """All processes of the host, or of its process namespace."""
    return (Running(entry.path) for entry in os.scandir("/proc") if entry.name.isdigit())


def matches(plan: TrackProcess, process: Running) -> bool:
    """Whether a process is one of those that are meant."""
    name, *parameters = plan.words
    if not plan.whole_command and not parameters and not plan.match:
        return process.name == os.path.basename(name)[:_NAME_MAX]
    words = list(process.words)
    if not words or name not in {words[0], os.path.basename(words[0])}:
        return False
    given = words[1:]
    if plan.match == "partial" and parameters:
        return given[: len(parameters) - 1] == parameters[:-1] and (
            len(given) >= len(parameters) and given[len(parameters) - 1].startswith(parameters[-1])
        )
    if plan.match == "initial":
        return given[: len(parameters)] == parameters
    return given == parameters


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
