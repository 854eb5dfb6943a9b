# SPDX-License-Identifier: Apache-2.0
"""The packets that the measurements send: 64 bytes with IPv4, 80 with IPv6, checksums right."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

ETHERNET = bytes.fromhex("020000000001020000000002")
ACK, SYN, FIN_ACK = 0x10, 0x02, 0x11
CLIENT4, CLIENT6 = "10.128.0.0", "fc00:99::1:0"
VIP4, VIP6 = "10.200.1.1", "fc00:1::1"
CLIENT_PORT, VIRTUAL_PORT = 1024, 80


@dataclass(frozen=True)
class Packet:
    """One packet, and the wrapper program that walks its connections."""

    data: bytes
    wrapper: str
    targets: int = 0  # addresses in a row that it asks for one after another, with `wrap_v4_targets`

    def of_port(self, step: int) -> bytes:
        """The packet of the client's port `step` ports further on, with its checksum right (RFC 1624, equation 3)."""
        is_ipv6 = self.data[12:14] == b"\x86\xdd"
        start = 54 if is_ipv6 else 34
        port = start + 2 * self.wrapper.endswith("reply")
        check = start + (16 if self.data[20 if is_ipv6 else 23] == 6 else 6)
        (old,), (sum_before,) = (struct.unpack_from("!H", self.data, where) for where in (port, check))
        words = struct.pack("!HHH", ~sum_before & 0xFFFF, ~old & 0xFFFF, old + step)
        changed = bytearray(self.data)
        struct.pack_into("!H", changed, port, old + step)
        struct.pack_into("!H", changed, check, ones_complement_sum(words))
        return bytes(changed)


def ones_complement_sum(data: bytes) -> int:
    """The 16-bit Internet checksum (RFC 1071) of `data`."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _transport(pseudo: bytes, flags: int, ports: tuple[int, int], size: int) -> bytes:
    """A TCP header with `flags`, or a UDP one when they are 0, padded to `size` bytes."""
    if flags:
        head = struct.pack("!HHIIBBHHH", *ports, 1, 1, 0x50, flags, 65535, 0, 0)
        where = 16
    else:
        head = struct.pack("!HHHH", *ports, size, 0)
        where = 6
    whole = head + b"\0" * (size - len(head))
    check = ones_complement_sum(pseudo + whole)
    return whole[:where] + struct.pack("!H", check) + whole[where + 2 :]


def ipv4(
    flags: int = ACK,
    source: str = CLIENT4,
    target: str = VIP4,
    ports: tuple[int, int] = (CLIENT_PORT, VIRTUAL_PORT),
    wrapper: str = "wrap_v4",
) -> Packet:
    """64 bytes of Ethernet, IPv4 and TCP (`flags`) or UDP (0)."""
    ends = IPv4Address(source).packed + IPv4Address(target).packed
    protocol, size = (6 if flags else 17), 30
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, 64, protocol, 0) + ends
    head = head[:10] + struct.pack("!H", ones_complement_sum(head)) + head[12:]
    pseudo = ends + struct.pack("!HH", protocol, size)
    return Packet(ETHERNET + b"\x08\x00" + head + _transport(pseudo, flags, ports, size), wrapper)


def ipv6(
    flags: int = ACK,
    source: str = CLIENT6,
    target: str = VIP6,
    ports: tuple[int, int] = (CLIENT_PORT, VIRTUAL_PORT),
    wrapper: str = "wrap_v6",
) -> Packet:
    """80 bytes of Ethernet, IPv6 and TCP (`flags`) or UDP (0)."""
    ends = IPv6Address(source).packed + IPv6Address(target).packed
    protocol, size = (6 if flags else 17), 26
    head = struct.pack("!IHBB", 0x60000000, size, protocol, 64) + ends
    pseudo = ends + struct.pack("!II", size, protocol)
    return Packet(ETHERNET + b"\x86\xdd" + head + _transport(pseudo, flags, ports, size), wrapper)
