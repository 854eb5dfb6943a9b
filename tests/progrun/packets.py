# SPDX-License-Identifier: Apache-2.0
"""Packets made from scratch, with every checksum computed in full: what a program leaves is compared byte by byte."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from tests.reference.tcp_states import SYN
from xlvs.model.service import Protocol

End = tuple[bytes, int]

TCP, UDP, SCTP = Protocol.TCP, Protocol.UDP, Protocol.SCTP
ICMP, ICMPV6 = 1, 58
DONT_FRAGMENT: Final = 0x4000
MORE_FRAGMENTS: Final = 0x2000
FRAGMENT_HEADER: Final = 44

CLIENT_MAC, SERVER_MAC = bytes.fromhex("0200000000c1"), bytes.fromhex("020000000051")
INBOUND_MACS: Final = bytes.fromhex("0200000000d1") + CLIENT_MAC


def end(text: str) -> End:
    """Address and port of `10.0.0.1:80` or `[2001:db8::1]:80`."""
    address, _, port = text.rpartition(":")
    return ip_address(address.strip("[]")).packed, int(port)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): its sum is the number that the bytes make, modulo 65535."""
    padded = data + bytes(len(data) % 2)
    # A sum of nothing but zeros is 0, every other one that 65535 divides is ffff.
    total = int.from_bytes(padded, "big") % 0xFFFF or (0xFFFF if any(padded) else 0)
    return ~total & 0xFFFF


def _crc32c_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC32C: Final = tuple(map(_crc32c_of, range(256)))


def crc32c(data: bytes) -> int:
    """SCTP's checksum (RFC 9260, appendix A), byte by byte."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _CRC32C[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """What TCP, UDP and ICMPv6 add to the sum (RFC 9293 3.1, RFC 8200 8.1)."""
    tail = struct.pack("!HH", protocol, length) if len(source) == 4 else struct.pack("!II", length, protocol)
    return source + destination + tail


@dataclass(frozen=True, slots=True)
class Packet:
    """A TCP segment, UDP datagram or SCTP packet (`data` are its chunks) in its Ethernet frame; `flags` are TCP's.

    `bits` is IPv4's word of fragment flags and offset. `extensions` of IPv6 are (number, content after the next-header
    byte); a `cut` (start, length) leaves that part of the layer-4 bytes alone: a fragment. `tcp_options` fill whole words.
    """

    source: End
    destination: End
    protocol: int = TCP
    flags: int = SYN
    ttl: int = 64
    data: bytes = b""
    tos: int = 0
    ident: int = 0x1234
    bits: int = DONT_FRAGMENT
    options: bytes = b""
    extensions: tuple[tuple[int, bytes], ...] = ()
    summed: bool = True
    cut: tuple[int, int] | None = None
    macs: bytes = INBOUND_MACS
    sequence: int = 1
    tcp_options: bytes = b""

    @property
    def ipv4(self) -> bool:
        """Which family."""
        return len(self.source[0]) == 4

    def frame(self) -> bytes:
        """The whole frame."""
        return self.macs + (b"\x08\x00" if self.ipv4 else b"\x86\xdd") + self.ip()

    def ip(self) -> bytes:
        """The IP packet."""
        payload = self.transport()
        if self.cut is not None:
            payload = payload[self.cut[0] : sum(self.cut)]
        if self.ipv4:
            head = self.source[0], self.destination[0], self.protocol, len(payload)
            header = ipv4_header(
                *head, ttl=self.ttl, tos=self.tos, ident=self.ident, bits=self.bits, options=self.options
            )
            return header + payload
        chain, following = b"", self.protocol
        for number, content in reversed(self.extensions):
            chain, following = bytes((following,)) + content + chain, number
        head6 = struct.pack("!IHBB", 6 << 28 | self.tos << 20, len(chain) + len(payload), following, self.ttl)
        return head6 + self.source[0] + self.destination[0] + chain + payload

    def transport(self) -> bytes:
        """The layer-4 header and its data, whole."""
        ports = self.source[1], self.destination[1]
        if self.protocol == SCTP:
            head = struct.pack("!HHI", *ports, 7)
            value = crc32c(head + bytes(4) + self.data) if self.summed else 0
            return head + value.to_bytes(4, "little") + self.data
        if self.protocol == TCP:
            words = 5 + len(self.tcp_options) // 4
            head = struct.pack("!HHIIBBHHH", *ports, self.sequence, 0, words << 4, self.flags, 4096, 0, 0)
            head += self.tcp_options
            place = 16
        else:
            head = struct.pack("!HHHH", *ports, 8 + len(self.data), 0)
            place = 6
        whole = head + self.data
        if not self.summed:
            return whole
        value = checksum(pseudo_header(self.source[0], self.destination[0], self.protocol, len(whole)) + whole)
        if self.protocol == UDP and not value:
            value = 0xFFFF
        return whole[:place] + value.to_bytes(2, "big") + whole[place + 2 :]

    def sent(self, *, source: End | None = None, destination: End | None = None, macs: bytes) -> Packet:
        """The packet one hop on, with another end on one side."""
        return replace(
            self,
            source=source or self.source,
            destination=destination or self.destination,
            ttl=self.ttl - 1,
            macs=macs,
        )


def option(client: End) -> bytes:
    """What tells a real server behind full NAT the client: kind 254, length, port, address."""
    return bytes((254, 4 + len(client[0]))) + client[1].to_bytes(2, "big") + client[0]


def ipv4_header(
    source: bytes,
    destination: bytes,
    protocol: int,
    length: int,
    *,
    ttl: int = 64,
    tos: int = 0,
    ident: int = 0,
    bits: int = 0,
    options: bytes = b"",
) -> bytes:
    """An IPv4 header (RFC 791) before `length` bytes; `options` fill whole words."""
    words = 5 + len(options) // 4
    total = words * 4 + length
    head = struct.pack("!BBHHHBBH", 0x40 | words, tos, total, ident, bits, ttl, protocol, 0)
    head += source + destination + options
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:]


def icmp_message(
    source: bytes, destination: bytes, kind: tuple[int, int], body: bytes, *, rest: int = 0, ttl: int = 64, tos: int = 0
) -> bytes:
    """An IP packet with an ICMP or ICMPv6 message (type, code); `rest` is the second word of its header."""
    ipv4 = len(source) == 4
    message = bytes(kind) + bytes(2) + rest.to_bytes(4, "big") + body
    summed = message if ipv4 else pseudo_header(source, destination, ICMPV6, len(message)) + message
    message = message[:2] + checksum(summed).to_bytes(2, "big") + message[4:]
    if ipv4:
        return ipv4_header(source, destination, ICMP, len(message), ttl=ttl, tos=tos) + message
    return struct.pack("!IHBB", 6 << 28, len(message), ICMPV6, ttl) + source + destination + message


def framed(ip: bytes, macs: bytes = INBOUND_MACS) -> bytes:
    """An IP packet in its frame."""
    return macs + (b"\x08\x00" if ip[0] >> 4 == 4 else b"\x86\xdd") + ip


# Independent of how a packet was made: does what is in the frame hold?


def is_sound(frame: bytes) -> bool:
    """Whether the IP header's and the layer-4 checksum of a whole, unfragmented packet hold (UDP without one too)."""
    ip = frame[14:]
    if ip[0] >> 4 == 4:
        size, total = (ip[0] & 15) * 4, int.from_bytes(ip[2:4], "big")
        if checksum(ip[:size]) or total < size or total > len(ip):
            return False
        return layer4_holds(ip[12:16], ip[16:20], ip[9], ip[size:total])
    length = int.from_bytes(ip[4:6], "big")
    if 40 + length > len(ip):
        return False
    protocol, start = ip[6], 40
    while protocol in (0, 43, 60) and start + 8 <= 40 + length:
        protocol, start = ip[start], start + (ip[start + 1] + 1) * 8
    return layer4_holds(ip[8:24], ip[24:40], protocol, ip[start : 40 + length])


def layer4_holds(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bool:
    """Whether the checksum of a whole layer-4 message holds; one of another protocol always does."""
    if protocol == ICMP:
        return not checksum(payload)
    if protocol not in (TCP, UDP, ICMPV6):
        return True
    if protocol == UDP:
        payload = payload[: int.from_bytes(payload[4:6], "big")]
        if payload[6:8] == bytes(2):
            return len(source) == 4
    return not checksum(pseudo_header(source, destination, protocol, len(payload)) + payload)
