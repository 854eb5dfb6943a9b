# SPDX-License-Identifier: Apache-2.0
"""What a tunnel must make of a packet, built from the RFCs: 2003, 2473, 2784 and GUE's draft."""

from __future__ import annotations

import struct
from typing import NamedTuple

from tests.progrun.packets import UDP, checksum, framed, ipv4_header, pseudo_header
from xlvs.model.destination import (
    TUNNEL_FLAG_CHECKSUM,
    TUNNEL_FLAG_NO_CHECKSUM,
    TUNNEL_FLAG_REMOTE_CHECKSUM,
    Tunnel,
    TunnelType,
)

GRE = 47
PORT = 6080
EPHEMERAL = range(32768, 60999)
TUNNELS = {
    "ipip": Tunnel(),
    "gue": Tunnel(TunnelType.GUE, PORT, TUNNEL_FLAG_NO_CHECKSUM),
    "gue+csum": Tunnel(TunnelType.GUE, PORT, TUNNEL_FLAG_CHECKSUM),
    "gue+remcsum": Tunnel(TunnelType.GUE, PORT, TUNNEL_FLAG_REMOTE_CHECKSUM),
    "gre": Tunnel(TunnelType.GRE, 0, TUNNEL_FLAG_NO_CHECKSUM),
    "gre+csum": Tunnel(TunnelType.GRE, 0, TUNNEL_FLAG_CHECKSUM),
}


class Free(NamedTuple):
    """What a director may choose: the identification of an IPv4 packet without DF, GUE's source port."""

    ident: int
    port: int

    @classmethod
    def of(cls, frame: bytes) -> Free:
        """As found in a frame."""
        ip = frame[14:]
        size = 20 if ip[0] >> 4 == 4 else 40
        return cls(int.from_bytes(ip[4:6], "big") if size == 20 else 0, int.from_bytes(ip[size : size + 2], "big"))


def overhead(tunnel: Tunnel, outer: bytes) -> int:
    """Bytes of all outer headers towards an address."""
    room = 20 if len(outer) == 4 else 40
    if tunnel.type is TunnelType.GUE:
        return room + 12
    if tunnel.type is TunnelType.GRE:
        return room + (8 if tunnel.flags else 4)
    return room


def tunnelled(inner: bytes, tunnel: Tunnel, source: bytes, destination: bytes, macs: bytes, free: Free) -> bytes:
    """The frame with an IP packet, as it is inside, in a tunnel."""
    ipv4 = inner[0] >> 4 == 4
    tos = inner[1] if ipv4 else (inner[0] & 15) << 4 | inner[1] >> 4
    ttl = inner[8] if ipv4 else inner[7]
    if tos & 3 == 3:
        tos ^= 1
    protocol, payload = _payload(inner, tunnel, source, destination, free)
    if len(destination) == 16:
        head = struct.pack("!IHBB", 6 << 28 | tos << 20, len(payload), protocol, ttl) + source + destination
        return framed(head + payload, macs)
    bits = int.from_bytes(inner[6:8], "big") & 0x4000 if ipv4 else 0
    ident = 0 if bits else free.ident
    head = ipv4_header(source, destination, protocol, len(payload), ttl=ttl, tos=tos, ident=ident, bits=bits)
    return framed(head + payload, macs)


def _payload(inner: bytes, tunnel: Tunnel, source: bytes, destination: bytes, free: Free) -> tuple[int, bytes]:
    ipv4 = inner[0] >> 4 == 4
    number = 4 if ipv4 else 41
    if tunnel.type is TunnelType.IPIP:
        return number, inner
    if tunnel.type is TunnelType.GRE:
        kind = 0x0800 if ipv4 else 0x86DD
        if not tunnel.flags:
            return GRE, struct.pack("!HH", 0, kind) + inner
        plain = struct.pack("!HHI", 0x8000, kind, 0) + inner
        return GRE, plain[:4] + checksum(plain).to_bytes(2, "big") + plain[6:]
    assert free.port in EPHEMERAL
    plain = struct.pack("!HHHHBBH", free.port, PORT, 12 + len(inner), 0, 0, number, 0) + inner
    if tunnel.flags:
        value = checksum(pseudo_header(source, destination, UDP, len(plain)) + plain) or 0xFFFF
        plain = plain[:6] + value.to_bytes(2, "big") + plain[8:]
    return UDP, plain
