# SPDX-License-Identifier: Apache-2.0
"""What a virtual router asks its shell to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """States of a virtual router; the value is the one in Keepalived's JSON."""

    INIT = 0
    BACKUP = 1
    MASTER = 2
    FAULT = 3


@dataclass(frozen=True, slots=True)
class SendAdvertisement:
    """Send one now, with this priority (0: the router resigns)."""

    priority: int


@dataclass(frozen=True, slots=True)
class ClaimAddresses:
    """Put the virtual addresses, routes and rules on this host."""


@dataclass(frozen=True, slots=True)
class ReleaseAddresses:
    """Take them off again."""


@dataclass(frozen=True, slots=True)
class AnnounceAddresses:
    """Send gratuitous ARP requests and unsolicited neighbour advertisements for each address, `repeat` times."""

    repeat: int


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Notify: scripts, FIFO, mail."""

    state: State


@dataclass(frozen=True, slots=True)
class LowerPrioritySeen:
    """A master heard one of lower priority: notify_master_rx_lower_pri."""


@dataclass(frozen=True, slots=True)
class PriorityChanged:
    """The effective priority is another one: notify_priority_changes."""

    priority: int


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log, in the original's words. `detail`: only with detailed logging (-D)."""

    text: str
    detail: bool = False


Effect = (
    SendAdvertisement
    | ClaimAddresses
    | ReleaseAddresses
    | AnnounceAddresses
    | StateChanged
    | LowerPrioritySeen
    | PriorityChanged
    | Note
)
