# SPDX-License-Identifier: Apache-2.0
"""Virtual servers and their checkers as configured, every default put in. Times are in microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlvs.healthcheck.probe import SECOND_US, Kind, Probe
from xlvs.model.destination import Destination
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from xlvs.model.rights import Rights

DELAY_LOOP_US = 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class CheckerSettings:
    """A checker. Equal ones are one checker, whichever virtual servers they stand in.

    `service` is the real server as log lines name it; `probes` is one, or for HTTP one for each URL.
    """

    kind: Kind
    service: str
    probes: tuple[Probe, ...]
    interval_us: int = DELAY_LOOP_US
    retry: int = 1
    retry_delay_us: int = SECOND_US
    warmup_us: int = 0
    """The first probe comes after a random part of it."""
    alpha: bool = False
    """Failed until the first success."""
    log_all_failures: bool = False
    fast_recovery: bool = False
    """HTTP: until all URLs were good there is no pause between them."""
    track: str = ""
    """FILE: the name of the track_file block."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A program to run, and whose rights it has; empty: those of the global setting."""

    command: tuple[str, ...]
    user: str = ""
    group: str = ""
    run_as: Rights | None = None


@dataclass(frozen=True, slots=True)
class RealServerSettings:
    """A real server in one virtual server."""

    name: str
    destination: Destination
    checkers: tuple[CheckerSettings, ...] = ()
    inhibit: bool = False
    """Failed, it stays with weight 0."""
    notify_up: Hook | None = None
    notify_down: Hook | None = None
    mail: bool = True


@dataclass(frozen=True, slots=True)
class VirtualServerSettings:
    """A virtual server: one service, or those of a group, with the same real servers."""

    name: str
    services: tuple[VirtualService, ...]
    servers: tuple[RealServerSettings, ...]
    quorum: int = 1
    hysteresis: int = 0
    sorry: Destination | None = None
    sorry_name: str = ""
    sorry_inhibit: bool = False
    """The sorry server stays in the table, with weight 0 while it is not needed."""
    omega: bool = False
    """Ending counts as going down for who is notified."""
    ha_suspend: bool = False
    slow_start_us: int = 0
    """A server that returns gets its weight little by little over this time; 0: at once."""
    quorum_up: Hook | None = None
    quorum_down: Hook | None = None
    mail: bool = False


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Everything that the checks are told."""

    servers: tuple[VirtualServerSettings, ...] = ()
    notify_at_start: bool = False
    """rs_init_notifies: servers that are up at the start are told."""
