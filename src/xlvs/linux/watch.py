# SPDX-License-Identifier: Apache-2.0
"""Hearing of changes to links and addresses as they happen."""

from __future__ import annotations

import socket
import sys
from errno import ENOBUFS
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from xlvs.linux.interface import Interface, InterfaceAddress, parse_address, parse_interface
from xlvs.linux.netlink import RTM_DELADDR, RTM_DELLINK, RTM_NEWADDR, RTM_NEWLINK, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

_NETLINK_ROUTE: Final = 0
_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS = 0x1, 0x10, 0x100
_RECEIVE_SIZE: Final = 1 << 16
_BUFFER_BYTES: Final = 4 << 20
_SO_RCVBUFFORCE: Final = 33
_RUNNING: Final = 0x40
_UP: Final = 0x1


class LinkChange(NamedTuple):
    """A link is there as told, or gone. `running`: it is up and has a carrier."""

    interface: Interface
    running: bool
    gone: bool


class AddressChange(NamedTuple):
    """An address came or went."""

    address: InterfaceAddress
    gone: bool


class Overrun(NamedTuple):
    """Changes were lost: look at everything again."""


Change = LinkChange | AddressChange | Overrun


def running(payload: bytes) -> bool:
    """Whether the link of an RTM_NEWLINK message is up and carries frames."""
    flags = int.from_bytes(payload[8:12], sys.byteorder)
    return flags & (_UP | _RUNNING) == _UP | _RUNNING


class Watch:
    """A socket that is readable when something changed, in the network namespace it was made in."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, _NETLINK_ROUTE
        )
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.bind((0, _LINK | _IPV4_ADDRESS | _IPV6_ADDRESS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()

    def fileno(self) -> int:
        """For select and its like."""
        return self._socket.fileno()

    def changes(self) -> Iterator[Change]:
        """What happened since the last call."""
        while True:
            try:
                data = self._socket.recv(_RECEIVE_SIZE)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != ENOBUFS:
                    raise
                yield Overrun()
                continue
            for message in messages(data):
                if message.kind in {RTM_NEWLINK, RTM_DELLINK}:
                    if message.payload[0] != socket.AF_UNSPEC:  # a bridge tells of its port, which the link survives
                        continue
                    gone = message.kind == RTM_DELLINK
                    yield LinkChange(parse_interface(message.payload), not gone and running(message.payload), gone)
                elif message.kind in {RTM_NEWADDR, RTM_DELADDR}:
                    yield AddressChange(parse_address(message.payload), message.kind == RTM_DELADDR)
