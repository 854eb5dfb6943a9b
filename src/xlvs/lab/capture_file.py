# SPDX-License-Identifier: Apache-2.0
"""Capture files that Wireshark and tcpdump read: pcapng with names and directions, or plain pcap. No I/O here.

pcap: draft-ietf-opsawg-pcap, with nanoseconds; pcapng: draft-ietf-opsawg-pcapng. All numbers are little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

_ETHERNET: Final = 1
_PCAP_NANOSECONDS: Final = 0xA1B23C4D
_SECTION, _INTERFACE, _PACKET, _STATISTICS = 0x0A0D0D0A, 1, 6, 5
_BYTE_ORDER: Final = 0x1A2B3C4D
_UNKNOWN_LENGTH: Final = (1 << 64) - 1
_APPLICATION, _NAME, _RESOLUTION, _FLAGS, _RECEIVED, _DROPPED = 4, 2, 9, 2, 4, 5
_INBOUND, _OUTBOUND = 1, 2
_NANOSECONDS: Final = 1_000_000_000


class Writer(Protocol):
    """Makes the bytes of a file, piece by piece."""

    def head(self) -> bytes:
        """What stands at the beginning."""

    def packet(self, interface: int, time_ns: int, data: bytes, length: int, *, outgoing: bool) -> bytes:
        """One packet of an interface, by its place in the list; `length` is that of before `data` was cut."""

    def tail(self, time_ns: int, counts: Sequence[tuple[int, int]]) -> bytes:
        """What stands at the end; `counts` are for each interface how many came and how many were lost."""


class Pcap:
    """The old format: one list of packets; where they come from is not told."""

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def head(self) -> bytes:
        """The file's header."""
        return struct.pack("<IHHiIII", _PCAP_NANOSECONDS, 2, 4, 0, 0, self._longest, _ETHERNET)

    def packet(self, interface: int, time_ns: int, data: bytes, length: int, *, outgoing: bool) -> bytes:
        """One packet."""
        del interface, outgoing
        return struct.pack("<IIII", *divmod(time_ns, _NANOSECONDS), len(data), length) + data

    def tail(self, time_ns: int, counts: Sequence[tuple[int, int]]) -> bytes:
        """Nothing."""
        del time_ns, counts
        return b""


class Pcapng:
    """The newer format, with the interfaces' names, directions, and at the end counts."""

    def __init__(self, longest: int, interfaces: Sequence[str]) -> None:
        self._longest = longest
        self._interfaces = interfaces

    def head(self) -> bytes:
        """The section's header and one block for each interface."""
        section = struct.pack("<IHHQ", _BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH) + _option(_APPLICATION, b"xlvs lab capture")
        blocks = [_block(_SECTION, section + _option(0, b""))]
        for name in self._interfaces:
            body = struct.pack("<HHI", _ETHERNET, 0, self._longest)
            body += _option(_NAME, name.encode()) + _option(_RESOLUTION, b"\x09") + _option(0, b"")
            blocks.append(_block(_INTERFACE, body))
        return b"".join(blocks)

    def packet(self, interface: int, time_ns: int, data: bytes, length: int, *, outgoing: bool) -> bytes:
        """An enhanced packet block."""
        head = struct.pack("<IIIII", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), length)
        flags = _option(_FLAGS, struct.pack("<I", _OUTBOUND if outgoing else _INBOUND))
        return _block(_PACKET, head + _padded(data) + flags + _option(0, b""))

    def tail(self, time_ns: int, counts: Sequence[tuple[int, int]]) -> bytes:
        """An interface statistics block for each interface."""
        blocks = []
        for number, (received, dropped) in enumerate(counts):
            body = struct.pack("<III", number, time_ns >> 32, time_ns & 0xFFFFFFFF)
            for code, value in ((_RECEIVED, received), (_DROPPED, dropped)):
                body += _option(code, struct.pack("<Q", value))
            blocks.append(_block(_STATISTICS, body + _option(0, b"")))
        return b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
