# SPDX-License-Identifier: Apache-2.0
"""Queries and answers of DNS_CHECK (RFC 1035 4.1)."""

from __future__ import annotations

import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "RRSIG": 46, "DNSKEY": 48}

_HEADER = struct.Struct("!6H")
_RECURSION_DESIRED = 0x0100
_RESPONSE = 0x8000
_CLASS_INTERNET = 1


def query(number: int, name: str, kind: int) -> bytes:
    """A question for one name; `.` is the root. Raises ValueError: no name."""
    packed = b""
    for label in filter(None, name.rstrip(".").split(".")):
        raw = label.encode()
        if len(raw) > 63:
            raise ValueError(f"{label} is longer than 63 letters")
        packed += bytes((len(raw),)) + raw
    return _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + packed + struct.pack("!BHH", 0, kind, _CLASS_INTERNET)


def judge(number: int, data: bytes) -> str | None:
    """What is wrong with an answer: "" nothing; None: it is none to this question."""
    if len(data) < _HEADER.size:
        return None
    seen, flags, *_ = _HEADER.unpack_from(data)
    if seen != number or not flags & _RESPONSE:
        return None
    code = flags & 0xF
    return f"rcode = {code}" if code else ""
