# SPDX-License-Identifier: Apache-2.0
"""What the checks want done, in this order."""

from __future__ import annotations

from dataclasses import dataclass
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
    """A checker has another verdict: for mails."""

    checker: Checker
    up: bool
    result: ProbeResult


@dataclass(frozen=True, slots=True)
class ServerChanged:
    """A real server came up or went down: notify_up, notify_down, FIFO, mail."""

    virtual_server: VirtualServerSettings
    server: RealServerSettings
    up: bool


@dataclass(frozen=True, slots=True)
class QuorumChanged:
    """A virtual server gained or lost its quorum: quorum_up, quorum_down, FIFO, mail."""

    virtual_server: VirtualServerSettings
    up: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log, in the original's words."""

    text: str


Effect = RunProbe | Edit | CheckerChanged | ServerChanged | QuorumChanged | Note
