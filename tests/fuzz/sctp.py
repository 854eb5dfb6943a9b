# SPDX-License-Identifier: Apache-2.0
"""SCTP packets and their checksum (RFC 9260 3.1, appendix A), slowly and plainly."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from tests.progrun.packets import ipv4_header
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from tests.progrun.packets import End

SCTP: Final = Protocol.SCTP
CHECKSUM: Final = 8  # where it stands, 4 bytes
_POLYNOMIAL: Final = 0x82F63B78


def _row(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (_POLYNOMIAL if number & 1 else 0)
    return number


_TABLE: Final = [_row(number) for number in range(256)]


def crc32c(data: bytes) -> int:
    """The Castagnoli sum of some bytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def error_of(payload: bytes) -> int:
    """0 for a packet whose checksum is right; a change of the packet that keeps up its checksum keeps this."""
    stored: int = struct.unpack_from("<I", payload, CHECKSUM)[0]
    return crc32c(payload[:CHECKSUM] + bytes(4) + payload[CHECKSUM + 4 :]) ^ stored


def sctp_packet(source: End, destination: End, kind: int, data: bytes) -> bytes:
    """An IP packet with one chunk of this kind."""
    chunk = struct.pack("!BBH", kind, 0, 4 + len(data)) + data + bytes(-len(data) % 4)
    whole = struct.pack("!HHII", source[1], destination[1], 7, 0) + chunk
    whole = whole[:CHECKSUM] + crc32c(whole).to_bytes(4, "little") + whole[CHECKSUM + 4 :]
    return ip_packet(source[0], destination[0], SCTP, whole)


def ip_packet(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    """An IP packet of either family."""
    if len(source) == 4:
        return ipv4_header(source, destination, protocol, len(payload)) + payload
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + source + destination + payload
