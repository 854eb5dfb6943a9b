# SPDX-License-Identifier: Apache-2.0
"""Addresses as packed bytes (4 or 16, network order), read and written as the C library does.

Reading follows `inet_aton` and `inet_pton`, writing `inet_ntop`; host names are not looked up here.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

_DIGITS = frozenset("0123456789")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_OCTAL_DIGITS = frozenset("01234567")
_C_SPACE = frozenset(" \t\n\v\f\r")


class Family(IntEnum):
    """Address family, with the numbers of Linux' `AF_INET` and `AF_INET6`."""

    IPV4 = 2
    IPV6 = 10

    @property
    def address_length(self) -> int:
        """Bytes in a packed address of this family."""
        return 4 if self is Family.IPV4 else 16


def family_of(address: bytes) -> Family:
    """Family of a packed address; anything but 4 or 16 bytes is a ValueError."""
    if len(address) == 4:
        return Family.IPV4
    if len(address) == 16:
        return Family.IPV6
    raise ValueError(f"an address has 4 or 16 bytes, not {len(address)}")


def unspecified(family: Family) -> bytes:
    """0.0.0.0 or ::, the address of a firewall-mark service."""
    return bytes(4 if family is Family.IPV4 else 16)


def parse_ipv4(text: str) -> bytes | None:
    """Read an IPv4 address in any form of `inet_aton`: 1 to 4 parts, decimal, octal or hex; None if it is none.

    `10.1` is 10.0.0.1; text after a blank is ignored.
    """
    for index, char in enumerate(text):
        if char in _C_SPACE:
            text = text[:index]
            break
    parts = text.split(".")
    if len(parts) > 4:
        return None
    values = [_parse_part(part) for part in parts]
    value = 0
    for part_value in values[:-1]:
        if part_value is None or part_value > 0xFF:
            return None
        value = value << 8 | part_value
    last, last_bytes = values[-1], 5 - len(parts)
    if last is None or last >= 1 << 8 * last_bytes:
        return None
    return (value << 8 * last_bytes | last).to_bytes(4, "big")


def _parse_part(part: str) -> int | None:
    """One number of a dotted address with C's prefixes: `0x` hex, `0` octal."""
    if part[:2] in ("0x", "0X"):
        digits, base, allowed = part[2:], 16, _HEX_DIGITS
    elif part[:1] == "0" and len(part) > 1:
        digits, base, allowed = part[1:], 8, _OCTAL_DIGITS
    else:
        digits, base, allowed = part, 10, _DIGITS
    if not digits or not allowed.issuperset(digits):
        return None
    return int(digits, base)


def parse_ipv6(text: str) -> bytes | None:
    """Read an IPv6 address as `inet_pton` does (no brackets, no zone); None if it is none."""
    head, compressed, tail = text.partition("::")
    if compressed and "::" in tail:
        return None
    left = _parse_groups(head, dotted_end=not compressed)
    right = _parse_groups(tail, dotted_end=True) if compressed else b""
    if left is None or right is None:
        return None
    missing = 16 - len(left) - len(right)
    if compressed:
        return left + bytes(missing) + right if missing >= 2 else None
    return left if missing == 0 else None


def _parse_groups(text: str, *, dotted_end: bool) -> bytes | None:
    """The groups between colons; the last may be a dotted IPv4 address if `dotted_end`."""
    if not text:
        return b""
    packed = bytearray()
    groups = text.split(":")
    for index, group in enumerate(groups):
        if "." in group:
            dotted = parse_dotted_quad(group) if dotted_end and index == len(groups) - 1 else None
            if dotted is None:
                return None
            packed += dotted
        elif 1 <= len(group) <= 4 and _HEX_DIGITS.issuperset(group):
            packed += int(group, 16).to_bytes(2, "big")
        else:
            return None
    return bytes(packed) if len(packed) <= 16 else None


def parse_dotted_quad(text: str) -> bytes | None:
    """Strictly four decimal numbers without leading zeros, as `inet_pton` reads them; None if it is none."""
    parts = text.split(".")
    if len(parts) != 4:
        return None
    for part in parts:
        if not part or len(part) > 3 or not _DIGITS.issuperset(part) or (part[0] == "0" and part != "0"):
            return None
    values = [int(part) for part in parts]
    return bytes(values) if max(values) <= 255 else None


@lru_cache(maxsize=65536)
def format_address(address: bytes) -> str:
    """Write a packed address as `inet_ntop` does: dotted quad, or compressed IPv6 (RFC 5952)."""
    if len(address) == 4:
        return ".".join(map(str, address))
    return _format_ipv6(address)


def _format_ipv6(address: bytes) -> str:
    groups = [address[index] << 8 | address[index + 1] for index in range(0, 16, 2)]
    start, length = _longest_zero_run(groups)
    # The C library shows the low 32 bits dotted for ::a.b.c.d and ::ffff:a.b.c.d.
    if start == 0 and (length == 6 or (length == 5 and groups[5] == 0xFFFF)):
        return ("::" if length == 6 else "::ffff:") + ".".join(map(str, address[12:]))
    if length < 2:
        return ":".join(f"{group:x}" for group in groups)
    left = ":".join(f"{group:x}" for group in groups[:start])
    right = ":".join(f"{group:x}" for group in groups[start + length :])
    return f"{left}::{right}"


def _longest_zero_run(groups: list[int]) -> tuple[int, int]:
    """Start and length of the first longest run of zero groups."""
    best_start, best_length, index = 0, 0, 0
    while index < len(groups):
        end = index
        while end < len(groups) and groups[end] == 0:
            end += 1
        if end - index > best_length:
            best_start, best_length = index, end - index
        index = end + 1
    return best_start, best_length


def is_ipv4_multicast(address: bytes) -> bool:
    """True for 224.0.0.0/4."""
    return len(address) == 4 and address[0] & 0xF0 == 0xE0


def is_ipv6_multicast(address: bytes) -> bool:
    """True for ff00::/8."""
    return len(address) == 16 and address[0] == 0xFF
