# SPDX-License-Identifier: Apache-2.0
"""Making an end of a TCP connection say where it stands.

Whoever gets a segment that is outside of its window answers with an ACK (RFC 9293 3.10.7.4), which has both sequence
numbers. Of two segments half the sequence space apart one always is.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from secrets import randbits
from struct import Struct
from typing import Final, Self

_IPV4: Final = Struct("!BBHHHBBH4s4s")
_IPV6: Final = Struct("!IHBB16s16s")
_TCP: Final = Struct("!HHIIBBHHH")
_HALF: Final = 1 << 31
_WORD: Final = 0xFFFFFFFF
_ACK: Final = 0x10
_TTL: Final = 64
_HEADER_WORDS: Final = 5 << 4


class Prober:
    """Raw sockets of the network namespace that it was made in. Close it after use. Raises OSError."""

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets.values():
            each.close()

    def ask(self, source: bytes, source_port: int, target: bytes, target_port: int) -> None:
        """Ask the end `target` of a connection in the name of its other end. One that cannot be reached is passed over."""
        family = socket.AF_INET if len(target) == 4 else socket.AF_INET6
        opened = self._sockets.get(family)
        if opened is None:
            opened = self._sockets[family] = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        name = (socket.inet_ntop(family, target), 0)
        sequence = randbits(32)
        for each in (sequence, sequence + _HALF & _WORD):
            with suppress(OSError):
                opened.sendto(segment(source, source_port, target, target_port, each), name)


def segment(source: bytes, source_port: int, target: bytes, target_port: int, sequence: int) -> bytes:
    """An IP packet with a bare ACK. The kernel fills in IPv4's length, identification and checksum."""
    head = source_port, target_port, sequence, sequence, _HEADER_WORDS, _ACK, 0
    protocol = socket.IPPROTO_TCP
    pseudo = sum(memoryview(source + target).cast("H")) + socket.htons(protocol) + socket.htons(_TCP.size)
    check = socket.ntohs(_folded(pseudo + sum(memoryview(_TCP.pack(*head, 0, 0)).cast("H"))))
    if len(source) == 4:
        ip = _IPV4.pack(0x45, 0, 0, 0, 0, _TTL, protocol, 0, source, target)
    else:
        ip = _IPV6.pack(6 << 28, _TCP.size, protocol, _TTL, source, target)
    return ip + _TCP.pack(*head, check, 0)


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
