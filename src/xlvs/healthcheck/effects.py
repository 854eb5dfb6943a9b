# SPDX-License-Identifier: Apache-2.0
"""What the checks want done, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.healthcheck.checker import Checker
    from xlvs.healthcheck.probe import ProbeResult
    from xlvs.healthcheck.settings import RealServerSettings, VirtualServerSettings
    from xlvs.model.diff import Operation


@dataclass(frozen=True, slots=True)
class RunProbe:
    """Probe now, and tell `Health.finished` the result with this `turn`."""

    checker: Checker
    turn: int
    due: int
    """When it was to begin."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Change the tables."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class CheckerChanged:
    """A checker of a real server has another verdict, for mails: they name the checker and say how the server is now."""

    virtual_server: VirtualServerSettings
    server: RealServerSettings
    checker: Checker
    up: bool
    result: ProbeResult
    server_up: bool
    decisive: bool
    """The server came up or went down by it."""


class Cause(Enum):
    """Why a real server is another, beside what its checkers say of it."""

    CHECKER = ""
    REMOVED = "Removing"
    ENDING = "Shutting down"


@dataclass(frozen=True, slots=True)
class ServerChanged:
    """A real server came up or went down: notify_up, notify_down, FIFO, mail."""

    virtual_server: VirtualServerSettings
    server: RealServerSettings
    up: bool
    cause: Cause = Cause.CHECKER


@dataclass(frozen=True, slots=True)
class QuorumChanged:
    """A virtual server gained or lost its quorum: quorum_up, quorum_down, FIFO, mail."""

    virtual_server: VirtualServerSettings
    up: bool
    weight: int = 0
    """Of its live servers."""
    starting: bool = False
    """It is so from the beginning."""

    @property
    def threshold(self) -> int:
        """What the weight was compared with."""
        settings = self.virtual_server
        return settings.quorum + (settings.hysteresis if self.up else -settings.hysteresis)


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log, in the original's words."""

    text: str


Effect = RunProbe | Edit | CheckerChanged | ServerChanged | QuorumChanged | Note
