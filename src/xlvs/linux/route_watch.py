# SPDX-License-Identifier: Apache-2.0
"""Hearing of routes that are deleted, those of one protocol only (rtnetlink(7))."""

from __future__ import annotations

import socket
from errno import ENOBUFS
from typing import Final

from xlvs.linux.netlink import RTM_DELROUTE, attributes, messages

_NETLINK_ROUTE: Final = 0
_IPV4, _IPV6 = 0x40, 0x400
_RECEIVE_SIZE: Final = 1 << 16
_HEADER_BYTES: Final = 12
_RTA_DST: Final = 1
_AT_ONCE: Final = 64


class RouteWatch:
    """A socket that is readable when something happened to routes, in the network namespace it was made in."""

    def __init__(self, protocol: int) -> None:
        self._protocol = protocol
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_ROUTE)
        self._socket.bind((0, _IPV4 | _IPV6))

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()

    def fileno(self) -> int:
        """For select and its like."""
        return self._socket.fileno()

    def deleted(self) -> set[str] | None:
        """Destinations of routes that went since the last call; None: some were missed, it may be any."""
        found: set[str] = set()
        for _ in range(_AT_ONCE):
            try:
                data = self._socket.recv(_RECEIVE_SIZE)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != ENOBUFS:
                    raise
                return None
            for message in messages(data):
                if message.kind == RTM_DELROUTE and message.payload[5] == self._protocol:
                    found.add(_destination(message.payload))
        return found


def _destination(payload: bytes) -> str:
    family, prefix = payload[0], payload[1]
    size = 4 if family == socket.AF_INET else 16
    packed = attributes(payload[_HEADER_BYTES:]).get(_RTA_DST, bytes(size))
    return f"{socket.inet_ntop(family, packed)}/{prefix}"
