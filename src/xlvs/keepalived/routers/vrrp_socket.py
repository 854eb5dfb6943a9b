# SPDX-License-Identifier: Apache-2.0
"""Advertisements over raw IP sockets: one for each interface, family, protocol and group, as the routers share them."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.vrrp.packet import PROTOCOL, TTL
from xlvs.vrrp.reception import Datagram

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHENTICATED: Final = 51
_TOS: Final = 0xC0
_IP_MULTICAST_ALL, _IP_HDRINCL, _IP_PKTINFO = 49, 3, 8
_IPV6_MULTICAST_ALL: Final = 29
_SO_BINDTODEVICE: Final = 25
_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_PKTINFO6: Final = struct.Struct("=16sI")
_RECEIVE_BYTES: Final = 65536
_BUFFER_BYTES: Final = 1 << 20


class Channel(NamedTuple):
    """What tells one socket from another. `group`: packed, b"" for unicast; `interface` "" for any."""

    interface: str
    ifindex: int
    family: int
    protocol: int
    group: bytes


class AdvertSocket:
    """Sends and hears on one channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._sequence = 0
        family = socket.AF_INET if channel.family == 4 else socket.AF_INET6
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(family, kind, channel.protocol)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        if channel.interface:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, os.fsencode(channel.interface) + b"\0")
        if channel.family == 4:
            self._prepare_ipv4()
        else:
            self._prepare_ipv6()

    def _prepare_ipv4(self) -> None:
        set_option = self._socket.setsockopt
        set_option(socket.IPPROTO_IP, _IP_HDRINCL, 1)
        set_option(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        set_option(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        if self.channel.group:
            member = struct.pack("=4s4si", self.channel.group, bytes(4), self.channel.ifindex)
            set_option(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            set_option(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)

    def _prepare_ipv6(self) -> None:
        set_option = self._socket.setsockopt
        set_option(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        set_option(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        set_option(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _TOS)
        set_option(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, TTL)
        set_option(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        with suppress(OSError):
            set_option(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
        if self.channel.group:
            member = struct.pack("=16si", self.channel.group, self.channel.ifindex)
            set_option(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
            set_option(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.channel.ifindex)

    def close(self) -> None:
        """Leave the group and hear nothing more."""
        self._socket.close()

    def fileno(self) -> int:
        """For select and its like."""
        return self._socket.fileno()

    def ipv4_header(self, source: bytes, destination: bytes, length: int, ttl: int) -> bytes:
        """A header of its own number; `length` of what follows it. The kernel fills in the checksum."""
        self._sequence = self._sequence % 0xFFFF + 1
        protocol = self.channel.protocol
        return _IPV4.pack(0x45, _TOS, _IPV4.size + length, self._sequence, 0, ttl, protocol, 0, source, destination)

    def send_ipv4(self, header: bytes, payload: bytes, destination: bytes) -> None:
        """A whole datagram. Raises OSError."""
        self._socket.sendto(header + payload, (socket.inet_ntop(socket.AF_INET, destination), 0))

    def send_ipv6(self, payload: bytes, source: bytes, destination: bytes, ttl: int | None) -> None:
        """A datagram from a source; `ttl` None: what is usual. Raises OSError."""
        extra = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _PKTINFO6.pack(source, self.channel.ifindex))]
        if ttl is not None:
            extra.append((socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, struct.pack("=i", ttl)))
        address = (socket.inet_ntop(socket.AF_INET6, destination), 0, 0, self.channel.ifindex)
        self._socket.sendmsg([payload], extra, 0, address)

    def datagrams(self) -> Iterator[Datagram]:
        """What came since the last call; at most some hundred, so that timers get their turn."""
        for _ in range(256):
            try:
                data, extra, _, source = self._socket.recvmsg(_RECEIVE_BYTES, 256)
            except BlockingIOError:
                return
            found = self._ipv4(data) if self.channel.family == 4 else _ipv6(data, extra, source)
            if found:
                yield found

    def _ipv4(self, data: bytes) -> Datagram | None:
        if len(data) < _IPV4.size:
            return None
        first, _, length, _, _, ttl, protocol, _, source, destination = _IPV4.unpack_from(data)
        size = (first & 15) * 4
        multicast = destination[0] >> 4 == 0xE
        if length > len(data) or size < _IPV4.size:
            return None
        return Datagram(source, destination, ttl, data[size:length], multicast, protocol == AUTHENTICATED, data[:size])


def _ipv6(data: bytes, extra: list[tuple[int, int, bytes]], source: tuple[str, int, int, int]) -> Datagram | None:
    ttl, destination = 0, b""
    for _, kind, value in extra:
        if kind == socket.IPV6_HOPLIMIT:
            (ttl,) = struct.unpack("=i", value)
        elif kind == socket.IPV6_PKTINFO:
            destination = value[:16]
    packed = socket.inet_pton(socket.AF_INET6, source[0].partition("%")[0])
    return Datagram(packed, destination, ttl, data, destination[:1] == b"\xff")


def channel_protocol(*, authenticated: bool) -> int:
    """The IP protocol of advertisements."""
    return AUTHENTICATED if authenticated else PROTOCOL
