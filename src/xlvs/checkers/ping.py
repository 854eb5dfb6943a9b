# SPDX-License-Identifier: Apache-2.0
"""Echo requests and replies of PING_CHECK (RFC 792, RFC 4443 4.1), through sockets where the kernel sets the identifier."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("!BBHHH")
_PATTERN = b"xlvs ping check."
_REQUEST = {4: 8, 16: 128}
_REPLY = {4: 0, 16: 129}


def request(address_length: int, sequence: int) -> bytes:
    """An echo request; the kernel fills in identifier and checksum."""
    return _HEADER.pack(_REQUEST[address_length], 0, 0, 0, sequence) + _PATTERN


def is_reply(address_length: int, sequence: int, data: bytes) -> bool:
    """An echo reply to that request."""
    if len(data) < _HEADER.size:
        return False
    kind, _, _, _, seen = _HEADER.unpack_from(data)
    return bool(kind == _REPLY[address_length] and seen == sequence and data[_HEADER.size :] == _PATTERN)
