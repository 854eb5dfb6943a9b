# SPDX-License-Identifier: Apache-2.0
"""What follows the entries of a message: who sent it, and that nobody else did.

A seal is 48 bytes behind the last entry, counted in the message's size. The kernel's daemon reads as many entries as
the header says and looks no further, so it takes sealed messages as any others. Without a key, ordinary messages have
no seal; those of a dump and requests for one always do.

The code is HMAC-SHA-256 cut to 128 bits (RFC 2104, RFC 4868), over the message with zeros in its place. A number that
only rises, microseconds of the sender's clock, tells a message from a repetition of it.
"""

from __future__ import annotations

import hmac
from enum import IntEnum
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

_MAGIC: Final = b"xlvs"
_LAYOUT: Final = 1
_SEAL: Final = Struct(">4sBBH8sQII16s")  # magic, layout, kind, port, sender, number, part, parts, code
SIZE: Final = _SEAL.size
REQUEST_SIZE: Final = 8 + SIZE  # of a datagram that asks for the table: a header and a seal
CODE_SIZE: Final = 16
SENDER_SIZE: Final = 8
_NO_CODE: Final = bytes(CODE_SIZE)
TOLERANCE_US: Final = 60_000_000  # how far the clocks of two directors may be apart


class Kind(IntEnum):
    """What a message is for."""

    CHANGES = 0
    DUMP = 1  # part of the whole table; `part` counts from 0
    DUMP_END = 2  # so many `parts` there were
    REQUEST = 3  # send the whole table, please


class Seal(NamedTuple):
    """`sender` is drawn when a process begins; `part` and `parts` belong to dumps; `port` tells senders' sockets apart."""

    kind: Kind
    sender: bytes
    number: int
    part: int = 0
    parts: int = 0
    port: int = 0


def put(message: bytes, seal: Seal, key: bytes) -> bytes:
    """The message, whose header counts the seal already, with it. No key: no code."""
    tail = _SEAL.pack(_MAGIC, _LAYOUT, seal.kind, seal.port, seal.sender, seal.number, seal.part, seal.parts, _NO_CODE)
    if not key:
        return message + tail
    whole = message + tail
    return whole[:-CODE_SIZE] + _code(whole, key)


def take(data: bytes, end: int, key: bytes) -> Seal | None:
    """The seal behind the entries, which end at `end`; None when there is none, or it was not made with this key."""
    if len(data) - end != SIZE or data[end : end + 5] != _MAGIC + bytes((_LAYOUT,)):
        return None
    _, _, kind, port, sender, number, part, parts, code = _SEAL.unpack_from(data, end)
    if kind not in _KINDS:
        return None
    if key and not hmac.compare_digest(code, _code(data[:-CODE_SIZE] + _NO_CODE, key)):
        return None
    return Seal(Kind(kind), sender, number, part, parts, port)


_KINDS: Final = frozenset(map(int, Kind))


def _code(whole: bytes, key: bytes) -> bytes:
    return hmac.digest(key, whole, sha256)[:CODE_SIZE]


class Freshness:
    """Which sealed messages are new: each sender's numbers rise, and one that is not known yet is of the present."""

    def __init__(self) -> None:
        self._newest: dict[tuple[bytes, int], int] = {}

    def admits(self, seal: Seal, *, now_us: int) -> bool:
        """Whether the message is no repetition; it counts as seen then."""
        who = (seal.sender, seal.port)
        newest = self._newest.get(who)
        if newest is None:
            if abs(seal.number - now_us) > TOLERANCE_US:
                return False
            self._forget(now_us)
        elif seal.number <= newest:
            return False
        self._newest[who] = seal.number
        return True

    def _forget(self, now_us: int) -> None:
        """Senders whose last message could not be repeated any more, as it is not of the present."""
        self._newest = {who: at for who, at in self._newest.items() if abs(at - now_us) <= TOLERANCE_US}


def key_of(text: bytes) -> bytes:
    """The key that a file's content stands for, 32 bytes. Blanks around it do not count; empty: no key."""
    stripped = text.strip()
    return sha256(b"xlvs sync key\0" + stripped).digest() if stripped else b""
