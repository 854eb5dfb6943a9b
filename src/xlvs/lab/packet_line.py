# SPDX-License-Identifier: Apache-2.0
"""One readable line of a frame, and the checksum that its sender left to a device. No I/O here."""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

_UDP_FIELD, _SCTP_FIELD = 6, 8
_ETHERTYPES: Final = {0x0800: "IP", 0x86DD: "IP6", 0x0806: "ARP"}
_VLAN: Final = 0x8100
_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_PROTOCOLS: Final = {
    1: "icmp",
    4: "ipip",
    6: "tcp",
    17: "udp",
    41: "ipip6",
    47: "gre",
    58: "icmp6",
    112: "vrrp",
    132: "sctp",
}
_EXTENSIONS: Final = frozenset((0, 43, 60))
_FRAGMENT: Final = 44
_FLAGS: Final = ((0x02, "SYN"), (0x01, "FIN"), (0x04, "RST"), (0x08, "PSH"), (0x10, "ACK"), (0x20, "URG"))
_ICMP: Final = {0: "echo reply", 3: "unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded"}
_ICMP6: Final = {
    1: "unreachable",
    2: "packet too big",
    3: "time exceeded",
    128: "echo request",
    129: "echo reply",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbour solicitation",
    136: "neighbour advertisement",
    143: "listener report",
}


def complete(data: bytes, start: int, offset: int) -> bytes:
    """The frame with its Internet checksum (RFC 1071) from `start` on, whose field holds the pseudo header's sum.

    SCTP's checksum is another one, and stays open.
    """
    place = start + offset
    if offset == _SCTP_FIELD or place + 2 > len(data):
        return data
    covered = data[start:] + b"\0" * (len(data) - start & 1)
    # A number modulo 2^16 - 1 is the sum of its 16-bit digits, with carries.
    total = ~(int.from_bytes(covered, "big") % 0xFFFF) & 0xFFFF
    if not total and offset == _UDP_FIELD:
        total = 0xFFFF
    return data[:place] + total.to_bytes(2, "big") + data[place + 2 :]


def describe(data: bytes) -> str:
    """For example ``tcp 192.168.20.1:51184 > 192.168.20.129:80 SYN, 0 bytes``."""
    try:
        return _frame(data)
    except (struct.error, IndexError, ValueError):
        return f"a frame of {len(data)} bytes that is cut short"


def _frame(data: bytes) -> str:
    at, tag = 12, ""
    (kind,) = struct.unpack_from(">H", data, at)
    if kind == _VLAN:
        tci, kind = struct.unpack_from(">HH", data, at + 2)
        at, tag = at + 4, f"vlan {tci & 0xFFF} "
    body = data[at + 2 :]
    if kind == _IPV4:
        return tag + _ipv4(body)
    if kind == _IPV6:
        return tag + _ipv6(body)
    if kind == _ARP:
        return tag + _arp(body)
    return f"{tag}{_mac(data[6:12])} > {_mac(data[:6])} ethertype {kind:04x}, {len(body)} bytes"


def _ipv4(body: bytes) -> str:
    length, fragment, protocol = struct.unpack_from(">H", body, 2)[0], struct.unpack_from(">H", body, 6)[0], body[9]
    source, destination = (str(ipaddress.IPv4Address(body[at : at + 4])) for at in (12, 16))
    head = (body[0] & 15) * 4
    note = f" fragment at {(fragment & 0x1FFF) * 8}{'+' if fragment & 0x2000 else ''}" if fragment & 0x3FFF else ""
    if fragment & 0x1FFF:
        return f"{_name(protocol)} {source} > {destination}{note}, {length - head} bytes"
    return _transport(protocol, body[head:], source, destination, length - head) + note


def _ipv6(body: bytes) -> str:
    length, protocol, at = struct.unpack_from(">H", body, 4)[0], body[6], 40
    source, destination = (str(ipaddress.IPv6Address(body[place : place + 16])) for place in (8, 24))
    note = ""
    while protocol in _EXTENSIONS or protocol == _FRAGMENT:
        size = 8 if protocol == _FRAGMENT else (body[at + 1] + 1) * 8
        if protocol == _FRAGMENT:
            (place,) = struct.unpack_from(">H", body, at + 2)
            note = f" fragment at {place & 0xFFF8}{'+' if place & 1 else ''}"
            if place & 0xFFF8:
                return f"{_name(body[at])} {source} > {destination}{note}, {length - (at - 40) - size} bytes"
        protocol, at = body[at], at + size
    return _transport(protocol, body[at:], f"[{source}]", f"[{destination}]", length - (at - 40)) + note


def _transport(protocol: int, body: bytes, source: str, destination: str, length: int) -> str:
    name = _name(protocol)
    if name in ("tcp", "udp", "sctp"):
        ports = struct.unpack_from(">HH", body)
        ends = f"{name} {source}:{ports[0]} > {destination}:{ports[1]}"
        if name == "tcp":
            flags = " ".join(text for bit, text in _FLAGS if body[13] & bit)
            return f"{ends} {flags}, {length - (body[12] >> 4) * 4} bytes"
        return f"{ends}, {length - (8 if name == 'udp' else 12)} bytes"
    ends = f"{name} {source.strip('[]')} > {destination.strip('[]')}"
    if name in ("icmp", "icmp6"):
        kinds = _ICMP if name == "icmp" else _ICMP6
        return f"{ends} {kinds.get(body[0], f'type {body[0]}')}"
    return f"{ends}, {length} bytes"


def _arp(body: bytes) -> str:
    (operation,) = struct.unpack_from(">H", body, 6)
    sender, target = (str(ipaddress.IPv4Address(body[at : at + 4])) for at in (14, 24))
    if operation == 1:
        return f"arp who has {target}, tell {sender}"
    return f"arp {sender} is at {_mac(body[8:14])}"


def _name(protocol: int) -> str:
    return _PROTOCOLS.get(protocol, f"protocol {protocol}")


def _mac(data: bytes) -> str:
    return data.hex(":")
