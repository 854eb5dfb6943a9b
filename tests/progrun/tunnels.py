# SPDX-License-Identifier: Apache-2.0
"""Tunnel packets made from scratch: an outer header of either family, GRE or GUE between, checksums in full."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Final

from tests.progrun.packets import UDP, checksum, framed, ipv4_header, pseudo_header

IPIP, SIX, GRE, FRAGMENT = 4, 41, 47, 44
GUE_PORT: Final = 6080
_REMOTE_CHECKSUM: Final = 1 << 31


def carried(inner: bytes) -> int:
    """The IP protocol number of an inner packet."""
    return IPIP if inner[0] >> 4 == 4 else SIX


def outer(
    source: bytes, destination: bytes, protocol: int, payload: bytes, *, tos: int = 0, bits: int = 0x4000
) -> bytes:
    """An IP packet around a payload."""
    if len(source) == 4:
        return ipv4_header(source, destination, protocol, len(payload), tos=tos, bits=bits) + payload
    head = struct.pack("!IHBB", 6 << 28 | tos << 20, len(payload), protocol, 64)
    return head + source + destination + payload


def ipip(source: bytes, destination: bytes, inner: bytes, *, tos: int = 0, bits: int = 0x4000) -> bytes:
    """The frame of a packet in a packet, of any two families."""
    return framed(outer(source, destination, carried(inner), inner, tos=tos, bits=bits))


def gre(source: bytes, destination: bytes, inner: bytes, *, summed: bool, flags: int = 0) -> bytes:
    """With GRE between (RFC 2784), with or without its checksum."""
    kind = 0x0800 if carried(inner) == IPIP else 0x86DD
    head = struct.pack("!HH", flags | (0x8000 if summed else 0), kind)
    if summed:
        head += struct.pack("!HH", checksum(head + bytes(4) + inner), 0)
    return framed(outer(source, destination, GRE, head + inner))


def gue(
    source: bytes, destination: bytes, inner: bytes, *, summed: bool, head: bytes | None = None, port: int = GUE_PORT
) -> bytes:
    """With UDP and GUE between; `head` stands for the GUE header of version 0 without options."""
    between = bytes((0, carried(inner), 0, 0)) if head is None else head
    datagram = struct.pack("!HHHH", 40000, port, 8 + len(between) + len(inner), 0) + between + inner
    if summed:
        value = checksum(pseudo_header(source, destination, UDP, len(datagram)) + datagram) or 0xFFFF
        datagram = datagram[:6] + value.to_bytes(2, "big") + datagram[8:]
    return framed(outer(source, destination, UDP, datagram))


def remote_checksum_head(inner: bytes, start: int, place: int) -> bytes:
    """GUE's header with the option that leaves the inner checksum, from `start` on, to the receiver."""
    return struct.pack("!BBHIHH", 2, carried(inner), 1, _REMOTE_CHECKSUM, start, place)


def left_to_receiver(ip: bytes, protocol: int, place: int) -> bytes:
    """An inner packet without options whose layer-4 checksum, at `place` of its header, holds the pseudo-header's sum alone."""
    size = 20 if ip[0] >> 4 == 4 else 40
    ends = (ip[12:16], ip[16:20]) if size == 20 else (ip[8:24], ip[24:40])
    value = ~checksum(pseudo_header(*ends, protocol, len(ip) - size)) & 0xFFFF
    return ip[: size + place] + value.to_bytes(2, "big") + ip[size + place + 2 :]


def forms(ends: tuple[bytes, bytes], inner: bytes) -> dict[str, bytes]:
    """The inner packet in each kind of tunnel."""
    return {
        "ipip": ipip(*ends, inner),
        "gre": gre(*ends, inner, summed=False),
        "gre summed": gre(*ends, inner, summed=True),
        "gue": gue(*ends, inner, summed=False),
        "gue summed": gue(*ends, inner, summed=True),
        "gue direct": gue(*ends, inner, summed=True, head=b""),
        "gue with an empty option": gue(*ends, inner, summed=True, head=bytes((1, carried(inner), 0, 1)) + bytes(4)),
    }


def split(frame: bytes, *cuts: int, ident: int = 7) -> list[bytes]:
    """The frame's outer packet in fragments, cut at these places of its payload (multiples of eight)."""
    ip = frame[14:]
    size = 20 if ip[0] >> 4 == 4 else 40
    payload = ip[size:]
    edges = [0, *cuts, len(payload)]
    pieces = []
    for start, stop in pairwise(edges):
        more = stop < len(payload)
        if size == 20:
            bits = (0x2000 if more else 0) | start // 8
            header = ipv4_header(ip[12:16], ip[16:20], ip[9], stop - start, tos=ip[1], ident=ident, bits=bits)
        else:
            fragment = struct.pack("!BBHI", ip[6], 0, start | more, ident)
            header = ip[:4] + struct.pack("!HB", 8 + stop - start, 44) + ip[7:40] + fragment
        pieces.append(framed(header + payload[start:stop]))
    return pieces
