# SPDX-License-Identifier: Apache-2.0
"""Sockets of BFD: one that hears for each family and port, one that speaks for each session (RFC 5881 4 and 5)."""

from __future__ import annotations

import random
import socket
import struct
from contextlib import suppress
from errno import EADDRINUSE
from typing import TYPE_CHECKING, Any, Final

from xlvs.bfd.packet import SOURCE_PORTS
from xlvs.bfd.sessions import Datagram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.bfd.settings import SessionSettings

_IP_PKTINFO: Final = 8
_IP_RECVTTL: Final = 12
_TOS: Final = 0xC0
_TRIES: Final = 64
_AT_ONCE: Final = 4096
"""Datagrams before timers get their turn: more than neighbors send during a pause of this process."""


def _udp(family: int) -> socket.socket:
    kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    return socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind)


class Ear:
    """Hears what comes to a port over one family. Raises OSError: the port is in use."""

    def __init__(self, family: int, port: int) -> None:
        self.family, self.port = family, port
        self._socket = _udp(family)
        set_option = self._socket.setsockopt
        if family == 4:
            set_option(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            set_option(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        else:
            set_option(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            set_option(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            set_option(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        try:
            self._socket.bind(("" if family == 4 else "::", port))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For select and its like."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()

    def datagrams(self) -> Iterator[Datagram]:
        """What came since the last call; at most some thousand."""
        for _ in range(_AT_ONCE):
            try:
                data, extra, _, source = self._socket.recvmsg(2048, 256)
            except BlockingIOError:
                return
            except OSError:  # an error that a router reported, not a datagram
                continue
            yield self._datagram(data, extra, source)

    def _datagram(self, data: bytes, extra: list[tuple[int, int, bytes]], source: tuple[Any, ...]) -> Datagram:
        ttl, destination = 0, b""
        for level, kind, value in extra:
            if (level, kind) in {(socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)}:
                (ttl,) = struct.unpack("=i", value[:4])
            elif (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
                destination = value[8:12]
            elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
                destination = value[:16]
        family = socket.AF_INET if self.family == 4 else socket.AF_INET6
        packed = socket.inet_pton(family, source[0].partition("%")[0])
        interface = ""
        if self.family == 6 and source[3]:  # the number is there for link-local addresses only
            with suppress(OSError):
                interface = socket.if_indextoname(source[3])
        return Datagram(packed, source[1], destination, self.port, ttl, data, interface)


class Voice:
    """Speaks to the neighbor of a session. Raises OSError: the source address is not there."""

    def __init__(self, settings: SessionSettings) -> None:
        family = 4 if len(settings.neighbor) == 4 else 6
        self._socket = _udp(family)
        try:
            self._prepare(family, settings)
        except OSError:
            self._socket.close()
            raise

    def _prepare(self, family: int, settings: SessionSettings) -> None:
        kind = socket.AF_INET if family == 4 else socket.AF_INET6
        scope = socket.if_nametoindex(settings.interface) if settings.interface else 0
        more = () if family == 4 else (0, scope)
        self._to = (socket.inet_ntop(kind, settings.neighbor), settings.port, *more)
        if family == 4:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, settings.ttl)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _TOS)
        else:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, settings.ttl)
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _TOS)
        source = socket.inet_ntop(kind, settings.source) if settings.source else ""
        ports = random.sample(SOURCE_PORTS, _TRIES)
        while not self._has_bound((source, ports.pop(), *more), last=not ports):
            pass

    def _has_bound(self, name: tuple[object, ...], *, last: bool) -> bool:
        """Whether the port was free."""
        try:
            self._socket.bind(name)
        except OSError as error:
            if last or error.errno != EADDRINUSE:
                raise
            return False
        return True

    def send(self, data: bytes) -> None:
        """A datagram to the neighbor. Raises OSError."""
        self._socket.sendto(data, self._to)

    def close(self) -> None:
        """Say nothing more."""
        self._socket.close()
