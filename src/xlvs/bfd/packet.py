# SPDX-License-Identifier: Apache-2.0
"""Control packets on the wire: RFC 5880 4.1, with the checks of 6.8.6 that need no session. Times are in microseconds.

The words of the flaws and the names of states and diagnostics are those that Keepalived logs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final

PORT: Final = 3784
PORT_MULTIHOP: Final = 4784
SOURCE_PORTS: Final = range(49152, 65536)
"""RFC 5881 4."""
VERSION: Final = 1
TTL: Final = 255
HEADER: Final = Struct("!BBBBIIIII")
_POLL, _FINAL, _INDEPENDENT, _AUTHENTICATED, _DEMAND, _MULTIPOINT = 0x20, 0x10, 0x08, 0x04, 0x02, 0x01
_TEXTS: Final = (
    "No Diagnostic",
    "Control Detection Time Expired",
    "Echo Function Failed",
    "Neighbor Signaled Session Down",
    "Forwarding Plane Reset",
    "Path Down",
    "Concatenated Path Down",
    "Administratively Down",
    "Reverse Concatenated Path Down",
)


class State(IntEnum):
    """Of a session (RFC 5880 4.1)."""

    ADMIN_DOWN = 0
    DOWN = 1
    INIT = 2
    UP = 3

    @property
    def text(self) -> str:
        """As it is logged."""
        return ("AdminDown", "Down", "Init", "Up")[self]


class Diagnostic(IntEnum):
    """Why a session left its last state, as far as this end gives one (RFC 5880 4.1)."""

    NONE = 0
    EXPIRED = 1
    NEIGHBOR_DOWN = 3


class NotAControlPacket(ValueError):
    """A packet that says what its flaw is."""


@dataclass(frozen=True, slots=True)
class ControlPacket:
    """What one end tells the other. `diagnostic` may be a number that RFC 5880 has not given out."""

    state: State
    my_discriminator: int
    your_discriminator: int
    multiplier: int
    desired_min_tx_us: int
    required_min_rx_us: int
    diagnostic: int = Diagnostic.NONE
    poll: bool = False
    final: bool = False
    demand: bool = False
    authenticated: bool = False


def diagnostic_text(number: int) -> str:
    """As it is logged."""
    return _TEXTS[number] if number < len(_TEXTS) else f"Diagnostic {number}"


def build(packet: ControlPacket) -> bytes:
    """The 24 bytes of a packet; echo packets are not wanted."""
    flags = (_POLL if packet.poll else 0) | (_FINAL if packet.final else 0) | (_DEMAND if packet.demand else 0)
    return HEADER.pack(
        VERSION << 5 | packet.diagnostic,
        packet.state << 6 | flags,
        packet.multiplier,
        HEADER.size,
        packet.my_discriminator,
        packet.your_discriminator,
        packet.desired_min_tx_us,
        packet.required_min_rx_us,
        0,
    )


def parse(data: bytes) -> ControlPacket:
    """Read a packet. Raises NotAControlPacket.

    Bytes after the length that it gives are padding (RFC 9764), which the original does not take.
    """
    if len(data) < HEADER.size:
        raise NotAControlPacket(f"Packet is too small: {len(data)} bytes")
    first, second, multiplier, length, mine, yours, min_tx, min_rx, _ = HEADER.unpack_from(data)
    version, diagnostic = first >> 5, first & 0x1F
    state = State(second >> 6)
    if version != VERSION:
        raise NotAControlPacket(f"Packet is of unsupported version: {version}")
    if not HEADER.size <= length <= len(data):
        raise NotAControlPacket(f"Packet size mismatch: length field: {length} bytes, buffer size: {len(data)} bytes")
    if not multiplier:
        raise NotAControlPacket("Packet 'detection multiplier' field is zero")
    if second & _MULTIPOINT:
        raise NotAControlPacket("Packet has 'multipoint' flag")
    if not mine:
        raise NotAControlPacket("Packet 'my discriminator' field is zero")
    if not yours and state not in {State.DOWN, State.ADMIN_DOWN}:
        raise NotAControlPacket("Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown")
    poll, final = bool(second & _POLL), bool(second & _FINAL)
    if poll and final:
        raise NotAControlPacket("Packet has both poll and final  flags set")
    return ControlPacket(
        state,
        mine,
        yours,
        multiplier,
        min_tx,
        min_rx,
        diagnostic,
        poll,
        final,
        demand=bool(second & _DEMAND),
        authenticated=bool(second & _AUTHENTICATED),
    )
