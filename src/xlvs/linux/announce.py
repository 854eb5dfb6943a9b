# SPDX-License-Identifier: Apache-2.0
"""Telling a network where an address is now: gratuitous ARP (RFC 5944 4.6), unsolicited advertisements (RFC 4861 7.2.6)."""

from __future__ import annotations

import socket
import struct
from typing import Final

_ETH_P_ARP: Final = 0x0806
_ETH_P_IPV6: Final = 0x86DD
_BROADCAST: Final = b"\xff" * 6
_ARP: Final = struct.Struct("!HHBBH6s4s6s4s")
_REQUEST: Final = 1
_ICMPV6: Final = 58
_ADVERTISES: Final = 136
_OVERRIDE, _ROUTER = 0x20000000, 0x80000000
_TARGET_LINK_LAYER_ADDRESS: Final = 2
_ALL_NODES: Final = bytes.fromhex("ff020000000000000000000000000001")
_ALL_NODES_HARDWARE: Final = bytes.fromhex("333300000001")


def gratuitous_arp(hardware: bytes, address: bytes) -> bytes:
    """A frame: an ARP request of `address` for itself, to everybody, with the broadcast address as its target."""
    body = _ARP.pack(1, 0x0800, 6, 4, _REQUEST, hardware, address, _BROADCAST, address)
    return _BROADCAST + hardware + _ETH_P_ARP.to_bytes(2, "big") + body


def unsolicited_advertisement(hardware: bytes, address: bytes, *, router: bool) -> bytes:
    """A frame: a neighbour advertisement of `address` to all nodes, overriding what they knew."""
    flags = _OVERRIDE | (_ROUTER if router else 0)
    option = struct.pack("!BB6s", _TARGET_LINK_LAYER_ADDRESS, 1, hardware)
    message = struct.pack("!BBHI", _ADVERTISES, 0, 0, flags) + address + option
    pseudo = address + _ALL_NODES + struct.pack("!II", len(message), _ICMPV6)
    total = int.from_bytes(pseudo + message, "big") % 0xFFFF
    message = message[:2] + ((~total & 0xFFFF) or 0xFFFF).to_bytes(2, "big") + message[4:]
    header = struct.pack("!IHBB", 6 << 28, len(message), _ICMPV6, 255) + address + _ALL_NODES
    return _ALL_NODES_HARDWARE + hardware + _ETH_P_IPV6.to_bytes(2, "big") + header + message


def sender(name: str) -> socket.socket:
    """A socket that puts whole frames on an interface and hears nothing."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0)
    wire.bind((name, 0))
    return wire
