# SPDX-License-Identifier: Apache-2.0
"""Sockets of probes: not blocking, from the address, port, interface and with the mark that the probe asks for."""

from __future__ import annotations

import os
import socket
import struct
from errno import EINPROGRESS
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import Endpoint

_MARK = struct.Struct("=I")
"""As bytes: as a number, Python takes no more than 31 bits of it."""
SOCKET_FLAGS = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


def family(address: bytes) -> socket.AddressFamily:
    """Of a packed address."""
    return socket.AF_INET if len(address) == 4 else socket.AF_INET6


def connected(endpoint: Endpoint, kind: socket.SocketKind, protocol: int = 0) -> tuple[socket.socket, int]:
    """A socket whose connection is under way, and the error that connect(2) gave: 0 when it goes on.

    Raises OSError: no socket, or the address to come from is not this host's.
    """
    opened = socket.socket(family(endpoint.address), kind | SOCKET_FLAGS, protocol)
    try:
        _prepare(opened, endpoint)
        error = opened.connect_ex(_address(opened, endpoint.address, endpoint.port, endpoint.bind_interface))
    except BaseException:
        opened.close()
        raise
    return opened, 0 if error == EINPROGRESS else error


def _prepare(opened: socket.socket, endpoint: Endpoint) -> None:
    if endpoint.fwmark:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, _MARK.pack(endpoint.fwmark))
    if endpoint.bind_interface:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, os.fsencode(endpoint.bind_interface))
    if endpoint.bind_address or endpoint.bind_port:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        source = endpoint.bind_address or bytes(len(endpoint.address))
        opened.bind(_address(opened, source, endpoint.bind_port, endpoint.bind_interface))


def _address(
    opened: socket.socket, address: bytes, port: int, interface: str
) -> tuple[str, int] | tuple[str, int, int, int]:
    text = socket.inet_ntop(opened.family, address)
    if len(address) == 4:
        return text, port
    is_link_local = address[0] == 0xFE and address[1] & 0xC0 == 0x80
    return text, port, 0, socket.if_nametoindex(interface) if interface and is_link_local else 0
