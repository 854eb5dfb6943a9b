# SPDX-License-Identifier: Apache-2.0
"""What stands in a frame, as far as it is told: addresses, ports, TTL, tunnels. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from xlvs.explain.question import ICMP, ICMPV6, SCTP, TCP, UDP, End

_IPIP, _IPV6_IN_IP, _GRE, _ETHERTYPE_IPV6, _FRAGMENT = 4, 41, 47, 0x86DD, 44
_EXTENSIONS: Final = (0, 43, 60)
_GUE_HEADER: Final = 4


class Seen(NamedTuple):
    """An IP packet. `message`: type and code of ICMP. `kind` of a tunnel's outer packet (ipip, gre, gue) with what is `inner`.

    `quoted` is what an ICMP error is about, as it stands there.
    """

    protocol: int
    source: End
    destination: End
    ttl: int
    length: int
    message: tuple[int, int] | None = None
    kind: str = ""
    inner: Seen | None = None
    quoted: Seen | None = None


def link_addresses(frame: bytes) -> tuple[bytes, bytes]:
    """Receiver and sender on the link."""
    return frame[:6], frame[6:12]


def mac(address: bytes) -> str:
    """A link-layer address as it is written."""
    return address.hex(":")


def read(frame: bytes, gue_port: int = 0) -> Seen | None:
    """The packet in a frame; None if it is none of IP. `gue_port`: UDP to this port is a tunnel's."""
    return _packet(frame[14:], gue_port) if len(frame) > 14 else None


def _packet(ip: bytes, gue_port: int) -> Seen | None:
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        size, length = (ip[0] & 15) * 4, int.from_bytes(ip[2:4], "big")
        return _message(ip[9], ip[12:16], ip[16:20], ip[8], length, ip[size:], gue_port)
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        protocol, start, length = ip[6], 40, 40 + int.from_bytes(ip[4:6], "big")
        while protocol in (*_EXTENSIONS, _FRAGMENT) and start + 8 <= len(ip):
            size = 8 if protocol == _FRAGMENT else (ip[start + 1] + 1) * 8
            protocol, start = ip[start], start + size
        return _message(protocol, ip[8:24], ip[24:40], ip[7], length, ip[start:], gue_port)
    return None


def _message(
    protocol: int, source: bytes, destination: bytes, ttl: int, length: int, body: bytes, gue_port: int
) -> Seen:
    if protocol in (_IPIP, _IPV6_IN_IP):
        return Seen(protocol, End(source), End(destination), ttl, length, kind="ipip", inner=_packet(body, 0))
    if protocol == _GRE:
        size = 8 if body[:1] and body[0] & 0x80 else 4
        return Seen(protocol, End(source), End(destination), ttl, length, kind="gre", inner=_packet(body[size:], 0))
    if protocol in (ICMP, ICMPV6):
        return _icmp(protocol, End(source), End(destination), ttl, length, body)
    if protocol not in (TCP, UDP, SCTP) or len(body) < 4:
        return Seen(protocol, End(source), End(destination), ttl, length)
    ports = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
    seen = Seen(protocol, End(source, ports[0]), End(destination, ports[1]), ttl, length)
    if protocol == UDP and gue_port and ports[1] == gue_port:
        gue = body[8:]
        size = _GUE_HEADER + (gue[0] & 0x1F) * 4 if gue else 0
        return seen._replace(kind="gue", inner=_packet(gue[size:], 0))
    return seen


def _icmp(protocol: int, source: End, destination: End, ttl: int, length: int, body: bytes) -> Seen:
    if len(body) < 8:
        return Seen(protocol, source, destination, ttl, length)
    kind = body[0], body[1]
    is_error = kind[0] in (3, 4, 11) if protocol == ICMP else kind[0] < 128
    quoted = _packet(body[8:], 0) if is_error else None
    return Seen(protocol, source, destination, ttl, length, message=kind, quoted=quoted)
