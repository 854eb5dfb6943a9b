# SPDX-License-Identifier: Apache-2.0
"""What a session wants done."""

from __future__ import annotations

from dataclasses import dataclass

from xlvs.bfd.packet import ControlPacket


@dataclass(frozen=True, slots=True)
class SendPacket:
    """Send this to the neighbor."""

    packet: ControlPacket


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session came up, or is up no longer."""

    up: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log; `detail`: with -D only."""

    text: str
    detail: bool = False


Effect = SendPacket | StateChanged | Note
