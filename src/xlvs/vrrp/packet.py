# SPDX-License-Identifier: Apache-2.0
"""Advertisements on the wire: RFC 3768 5.1 (version 2), RFC 5798 5.1 and RFC 9568 5.1 (version 3).

Version 2 always carries 8 bytes of authentication data after the addresses (RFC 2338 5.3.6), zeros without authentication,
and its checksum covers them. The checksum of version 3 covers a pseudo-header too; for IPv4 RFC 9568 leaves it out, which the
argument `pseudo_header` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from struct import Struct

PROTOCOL = 112
TTL = 255
ADVERTISEMENT = 1
AUTHENTICATION_BYTES = 8
INTERVAL_MAX_CS = 0xFFF
HEADER = Struct("!BBBBHH")
PSEUDO_IPV4 = Struct("!4s4sBBH")
PSEUDO_IPV6 = Struct("!16s16sIHBB")


class AuthenticationType(IntEnum):
    """Field of version 2 (RFC 2338 5.3.6)."""

    NONE = 0
    PASS = 1
    AH = 2


class Flaw(Enum):
    """Why a packet is no advertisement. The value is the counter of Keepalived's statistics for it."""

    LENGTH = "packet_len_err"
    TTL = "ip_ttl_err"
    VERSION = "invalid_version"
    AUTHENTICATION_UNKNOWN = "invalid_authtype"
    AUTHENTICATION_MISMATCH = "authtype_mismatch"
    AUTHENTICATION_FAILURE = "auth_failure"
    INTERVAL = "advert_interval_err"
    TYPE = "invalid_type_rcvd"
    ADDRESSES = "addr_list_err"
    CHECKSUM = "checksum_err"
    CAST = "unexpected_cast"
    """Multicast where unicast is configured, or the other way round."""
    PEER = "not_a_peer"


class NotAnAdvertisement(ValueError):
    """A packet that says what its flaw is."""

    def __init__(self, flaw: Flaw, message: str) -> None:
        super().__init__(message)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a master says. `addresses` are packed, 4 or 16 bytes each; `interval_cs` in hundredths of a second."""

    version: int
    vrid: int
    priority: int
    interval_cs: int
    addresses: tuple[bytes, ...]
    authentication: AuthenticationType = AuthenticationType.NONE
    password: bytes = b""
    """Version 2: up to 8 bytes."""


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def build(advertisement: Advertisement, source: bytes, destination: bytes, *, pseudo_header: bool = True) -> bytes:
    """The packet of an advertisement, from the VRRP header on."""
    body = b"".join(advertisement.addresses)
    if advertisement.version == 2:
        body += advertisement.password[:AUTHENTICATION_BYTES].ljust(AUTHENTICATION_BYTES, b"\0")
    first = advertisement.version << 4 | ADVERTISEMENT
    fields = (first, advertisement.vrid, advertisement.priority, len(advertisement.addresses), _fourth(advertisement))
    data = HEADER.pack(*fields, 0) + body
    value = checksum(_pseudo(advertisement.version, source, destination, len(data), wanted=pseudo_header) + data)
    return HEADER.pack(*fields, value) + body


def parse(data: bytes, source: bytes, destination: bytes, *, pseudo_header: bool = True) -> Advertisement:
    """Read a packet, in the original's order of checks. Raises NotAnAdvertisement.

    A version 3 IPv4 checksum is accepted with and without the pseudo-header, since both are in use; `pseudo_header` says
    which one is tried first. A checksum over an IPv6 packet is the kernel's work when it received it, and right here too.
    """
    if len(data) < HEADER.size:
        raise NotAnAdvertisement(Flaw.LENGTH, f"{len(data)} bytes are too short for an advertisement")
    first, vrid, priority, count, fourth, _ = HEADER.unpack_from(data)
    version, kind = first >> 4, first & 15
    address_bytes = len(source)
    expected = HEADER.size + count * address_bytes + (AUTHENTICATION_BYTES if version == 2 else 0)
    if len(data) != expected:
        raise NotAnAdvertisement(Flaw.LENGTH, f"{len(data)} bytes, but {count} addresses make {expected}")
    if version not in {2, 3} or (version == 2 and address_bytes != 4):
        raise NotAnAdvertisement(Flaw.VERSION, f"version {version}")
    if kind != ADVERTISEMENT:
        raise NotAnAdvertisement(Flaw.TYPE, f"type {kind}")
    if not _sum_is_right(data, version, source, destination, pseudo_header=pseudo_header):
        raise NotAnAdvertisement(Flaw.CHECKSUM, "wrong checksum")
    end = HEADER.size + count * address_bytes
    addresses = tuple(data[at : at + address_bytes] for at in range(HEADER.size, end, address_bytes))
    if version == 3:
        return Advertisement(3, vrid, priority, fourth & INTERVAL_MAX_CS, addresses)
    authentication = _authentication_type(fourth >> 8)
    return Advertisement(2, vrid, priority, (fourth & 0xFF) * 100, addresses, authentication, data[end:])


def _fourth(advertisement: Advertisement) -> int:
    """The two bytes after the count of addresses: type of authentication and seconds, or hundredths."""
    if advertisement.version == 2:
        return advertisement.authentication << 8 | min(advertisement.interval_cs // 100, 255)
    return min(advertisement.interval_cs, INTERVAL_MAX_CS)


def _authentication_type(number: int) -> AuthenticationType:
    try:
        return AuthenticationType(number)
    except ValueError:
        raise NotAnAdvertisement(Flaw.AUTHENTICATION_UNKNOWN, f"authentication type {number}") from None


def _pseudo(version: int, source: bytes, destination: bytes, length: int, *, wanted: bool) -> bytes:
    if version == 2 or (len(source) == 4 and not wanted):
        return b""
    if len(source) == 4:
        return PSEUDO_IPV4.pack(source, destination, 0, PROTOCOL, length)
    return PSEUDO_IPV6.pack(source, destination, length, 0, 0, PROTOCOL)


def sum_is_right(data: bytes, version: int, source: bytes, destination: bytes) -> bool:
    """Whether the checksum holds; version 2 stands for the one without a pseudo-header."""
    return not checksum(_pseudo(version, source, destination, len(data), wanted=True) + data)


def _sum_is_right(data: bytes, version: int, source: bytes, destination: bytes, *, pseudo_header: bool) -> bool:
    tries = (version, 2) if len(source) == 4 and version == 3 else (version,)
    ordered = tries if pseudo_header else tries[::-1]
    return any(sum_is_right(data, each, source, destination) for each in ordered)
