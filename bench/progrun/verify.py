# SPDX-License-Identifier: Apache-2.0
"""Whether a packet left as it must: a program that does less than its work is not fast."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from bench.netns import topology as net
from bench.progrun.packets import VIP4, ones_complement_sum

_IPIP, _IPV6 = 4, 41
_TCP = 6


class _Ip(NamedTuple):
    """What counts of an IP packet: `ends` are the addresses as they lie there, `inner` what follows the header."""

    protocol: int
    ttl: int
    ends: bytes
    target: str
    inner: bytes
    sound: bool  # its own checksum is right


def _read(packet: bytes) -> _Ip:
    if packet[0] >> 4 == 4:
        size = struct.unpack_from("!H", packet, 2)[0]
        target, sound = str(IPv4Address(packet[16:20])), ones_complement_sum(packet[:20]) == 0
        return _Ip(packet[9], packet[8], packet[12:20], target, packet[20:size], sound)
    size = struct.unpack_from("!H", packet, 4)[0]
    return _Ip(packet[6], packet[7], packet[8:40], str(IPv6Address(packet[24:40])), packet[40 : 40 + size], sound=True)


def _transport_is_sound(ip: _Ip) -> bool:
    """The checksum of TCP or UDP over its pseudo-header (RFC 9293 3.1, RFC 8200 8.1)."""
    return ones_complement_sum(ip.ends + struct.pack("!II", len(ip.inner), ip.protocol) + ip.inner) == 0


def faulty(frame: bytes, sent: bytes, forwards: str) -> str:
    """What is wrong with the frame that a packet was `sent` as has become, if anything.

    `forwards`: NAT, reply (an answer that NAT translates back), DR or tunnel.
    """
    if frame[:6] == sent[:6]:
        return "addressed to the director itself"
    came, went = _read(sent[14:]), _read(frame[14:])
    if not went.sound:
        return "IP checksum"
    if forwards == "tunnel":
        return _faulty_tunnel(went, came)
    if went.protocol != came.protocol or went.ttl != came.ttl - 1:
        return f"protocol {went.protocol}, time to live {went.ttl}"
    if forwards == "DR":
        return "" if went.ends + went.inner == came.ends + came.inner else "changed on the way"
    return _faulty_translation(went, forwards)


def _is_destination(address: str) -> bool:
    return address in {*net.DESTINATIONS4, *net.DESTINATIONS6, *net.MANY_DESTINATIONS4}


def _faulty_translation(went: _Ip, forwards: str) -> str:
    if forwards == "reply":
        if went.ends[:4] != IPv4Address(VIP4).packed:
            return "not from the virtual address"
    elif not _is_destination(went.target):
        return f"sent to {went.target}"
    return "" if _transport_is_sound(went) else "TCP checksum" if went.protocol == _TCP else "UDP checksum"


def _faulty_tunnel(went: _Ip, came: _Ip) -> str:
    if went.protocol not in (_IPIP, _IPV6):
        return f"protocol {went.protocol}"
    if not _is_destination(went.target):
        return f"sent to {went.target}"
    inner = _read(went.inner)
    if not inner.sound or not _transport_is_sound(inner):
        return "checksum inside"
    same = inner.ends + inner.inner == came.ends + came.inner and inner.ttl == came.ttl - 1
    return "" if same else "changed on the way"
