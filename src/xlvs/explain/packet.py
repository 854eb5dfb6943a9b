# SPDX-License-Identifier: Apache-2.0
"""The frame of a packet that is asked about, with every checksum. Pure."""

from __future__ import annotations

from dataclasses import replace
from struct import Struct, pack
from typing import TYPE_CHECKING, Final

from xlvs.explain.question import ICMP, ICMPV6, SCTP, TCP, UDP
from xlvs.model.address import Family

if TYPE_CHECKING:
    from xlvs.explain.question import Question

ETHERNET: Final = 14
_ETHERTYPES: Final = {Family.IPV4: b"\x08\x00", Family.IPV6: b"\x86\xdd"}
_SENDER: Final = bytes.fromhex("020000000001")  # nobody looks at who a frame is from
_DONT_FRAGMENT, _MORE_FRAGMENTS = 0x4000, 0x2000
_FRAGMENT_HEADER: Final = 44
_TCP: Final = Struct("!HHIIBBHHH")
_CRC_POLYNOMIAL: Final = 0x82F63B78
_QUOTED_BYTES: Final = {Family.IPV4: 28, Family.IPV6: 48}  # an IP header and eight bytes (RFC 792), and the like


def frame(asked: Question, receiver: bytes) -> bytes:
    """The whole frame, to the link-layer address of the interface where it comes in."""
    return receiver + _SENDER + _ETHERTYPES[asked.family] + ip_packet(asked)


def ip_packet(asked: Question) -> bytes:
    """The IP packet (RFC 791, RFC 8200)."""
    payload = _padded(asked)
    if asked.family is Family.IPV6:
        following, chain = asked.protocol, b""
        if asked.fragment:
            following, chain = _FRAGMENT_HEADER, pack("!BBHI", asked.protocol, 0, 1, 0x1234)
            payload = payload[: len(payload) // 8 * 8]
        head = pack("!IHBB", 6 << 28 | asked.tos << 20, len(chain) + len(payload), following, asked.ttl)
        return head + asked.source.address + asked.destination.address + chain + payload
    bits = 0 if asked.may_split else _DONT_FRAGMENT
    if asked.fragment:
        bits, payload = _MORE_FRAGMENTS, payload[: len(payload) // 8 * 8]
    length = 20 + len(payload)
    head = pack("!BBHHHBBH", 0x45, asked.tos, length, 0x1234, bits, asked.ttl, asked.protocol, 0)
    head += asked.source.address + asked.destination.address
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + payload


def with_ttl(whole: bytes, ttl: int) -> bytes:
    """The frame with another TTL or hop limit."""
    if whole[12:14] == _ETHERTYPES[Family.IPV6]:
        return whole[: ETHERNET + 7] + bytes((ttl & 0xFF,)) + whole[ETHERNET + 8 :]
    size = (whole[ETHERNET] & 15) * 4
    head = bytearray(whole[ETHERNET : ETHERNET + size])
    head[8] = ttl & 0xFF
    head[10:12] = bytes(2)
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    return whole[:ETHERNET] + bytes(head) + whole[ETHERNET + size :]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total = int.from_bytes(padded, "big") % 0xFFFF or (0xFFFF if any(padded) else 0)
    return ~total & 0xFFFF


def _padded(asked: Question) -> bytes:
    """The layer-4 message, its data as long as the packet is to be."""
    header = 20 if asked.family is Family.IPV4 else 40
    if asked.fragment:
        header += 0 if asked.family is Family.IPV4 else 8
    missing = max(asked.length - header - len(_message(asked)), 0)
    if asked.protocol == SCTP:
        missing -= missing % 4  # chunks are (RFC 9260 3.2)
    return _message(replace(asked, data=asked.data + bytes(missing)))


def _message(asked: Question) -> bytes:
    if asked.protocol == SCTP:
        return _sctp(asked)
    if asked.is_icmp:
        return _icmp(asked)
    ports = asked.source.port, asked.destination.port
    if asked.protocol == TCP:
        head, place = _TCP.pack(*ports, 1, 0, 0x50, asked.flags, 4096, 0, 0), 16
    else:
        head, place = pack("!HHHH", *ports, 8 + len(asked.data), 0), 6
    whole = head + asked.data
    value = checksum(_pseudo(asked, asked.protocol, len(whole)) + whole)
    if asked.protocol == UDP:
        value = value or 0xFFFF  # zero means none (RFC 768)
    return whole[:place] + value.to_bytes(2, "big") + whole[place + 2 :]


def _icmp(asked: Question) -> bytes:
    body = asked.data
    if asked.quoted is not None:
        body = ip_packet(asked.quoted)[: _QUOTED_BYTES[asked.family]] + body
    whole = bytes(asked.message) + bytes(6) + body
    summed = whole if asked.protocol == ICMP else _pseudo(asked, ICMPV6, len(whole)) + whole
    return whole[:2] + checksum(summed).to_bytes(2, "big") + whole[4:]


def _sctp(asked: Question) -> bytes:
    """A packet with one chunk, which holds the data (RFC 9260 3)."""
    chunk = pack("!BBH", asked.chunk, 0, 4 + len(asked.data)) + asked.data
    whole = pack("!HHI", asked.source.port, asked.destination.port, 7) + bytes(4) + chunk + bytes(-len(chunk) % 4)
    return whole[:8] + crc32c(whole).to_bytes(4, "little") + whole[12:]


def _pseudo(asked: Question, protocol: int, length: int) -> bytes:
    tail = pack("!HH", protocol, length) if asked.family is Family.IPV4 else pack("!II", length, protocol)
    return asked.source.address + asked.destination.address + tail


def crc32c(data: bytes) -> int:
    """SCTP's checksum (RFC 9260, appendix A)."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (_CRC_POLYNOMIAL if value & 1 else 0)
    return value ^ 0xFFFFFFFF
