# SPDX-License-Identifier: Apache-2.0
"""The sockets of a synchronisation daemon, made as the kernel makes its own."""

from __future__ import annotations

import socket
from struct import pack
from typing import TYPE_CHECKING, Final

from xlvs.linux.interface import addresses, interface

if TYPE_CHECKING:
    from xlvs.model.settings import SyncDaemon

_MULTICAST_ALL: Final = 49
_MTU_DISCOVER, _V6_MTU_DISCOVER, _NEVER_FRAGMENT_OFF = 10, 23, 0
_SNDBUFFORCE, _RCVBUFFORCE = 32, 33
_RECEIVE_BYTES: Final = 16 << 20  # a dump of 100,000 connections, and what arrives beside
_ALL_HOSTS: Final = {4: "224.0.0.1", 16: "ff02::1"}
REQUEST_PORT_BELOW: Final = 1  # requests for a dump go to the port before the daemon's


def sender(daemon: SyncDaemon, place: int, buffer_bytes: int) -> socket.socket:
    """A socket that sends to the group, from the first address of the interface. Raises OSError, KernelError."""
    found = _socket(daemon)
    try:
        if buffer_bytes > 0:
            found.setsockopt(socket.SOL_SOCKET, _SNDBUFFORCE, buffer_bytes)
        _address_out(found, daemon)
        found.connect(_address(daemon, daemon.port + place))
    except BaseException:
        found.close()
        raise
    return found


def receiver(daemon: SyncDaemon, place: int, buffer_bytes: int) -> socket.socket:
    """A socket that hears the group on the interface. Raises OSError, KernelError."""
    found = _socket(daemon)
    try:
        found.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, buffer_bytes if buffer_bytes > 0 else _RECEIVE_BYTES)
        _bind(found, daemon, _address(daemon, daemon.port + place))
        index = interface(daemon.interface).ifindex
        if len(daemon.group) == 4:
            membership = daemon.group + bytes(4) + pack("=i", index)
            found.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        else:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, daemon.group + pack("=i", index))
    except BaseException:
        found.close()
        raise
    return found


def request_sender(daemon: SyncDaemon) -> socket.socket:
    """A socket that asks all hosts on the link, whoever of them sends: a group of its own would have to be joined."""
    found = _socket(daemon)
    try:
        _address_out(found, daemon)
        found.connect(_request_address(daemon))
    except BaseException:
        found.close()
        raise
    return found


def request_receiver(daemon: SyncDaemon) -> socket.socket:
    """The other end of it."""
    found = _socket(daemon)
    try:
        _bind(found, daemon, _request_address(daemon))
    except BaseException:
        found.close()
        raise
    return found


def _socket(daemon: SyncDaemon) -> socket.socket:
    found = socket.socket(socket.AF_INET if len(daemon.group) == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    found.settimeout(0)
    return found


def _address(daemon: SyncDaemon, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    if len(daemon.group) == 4:
        return socket.inet_ntop(socket.AF_INET, daemon.group), port
    return socket.inet_ntop(socket.AF_INET6, daemon.group), port, 0, interface(daemon.interface).ifindex


def _request_address(daemon: SyncDaemon) -> tuple[str, int] | tuple[str, int, int, int]:
    port = daemon.port - REQUEST_PORT_BELOW or 65535
    hosts = _ALL_HOSTS[len(daemon.group)]
    if len(daemon.group) == 4:
        return hosts, port
    return hosts, port, 0, interface(daemon.interface).ifindex


def _address_out(found: socket.socket, daemon: SyncDaemon) -> None:
    index = interface(daemon.interface).ifindex
    if len(daemon.group) == 4:
        for option, value in (
            (socket.IP_MULTICAST_LOOP, 0),
            (socket.IP_MULTICAST_TTL, daemon.ttl),
            (_MTU_DISCOVER, _NEVER_FRAGMENT_OFF),
        ):
            found.setsockopt(socket.IPPROTO_IP, option, value)
        found.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, pack("=4s4si", bytes(4), bytes(4), index))
        own = next((each.address for each in addresses() if each.ifindex == index and each.family == 2), bytes(4))
        found.bind((socket.inet_ntop(socket.AF_INET, own), 0))
        return
    for option, value in (
        (socket.IPV6_MULTICAST_LOOP, 0),
        (socket.IPV6_MULTICAST_HOPS, daemon.ttl),
        (socket.IPV6_MULTICAST_IF, index),
        (_V6_MTU_DISCOVER, _NEVER_FRAGMENT_OFF),
    ):
        found.setsockopt(socket.IPPROTO_IPV6, option, value)


def _bind(found: socket.socket, daemon: SyncDaemon, address: tuple[str, int] | tuple[str, int, int, int]) -> None:
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(
        socket.SOL_SOCKET, socket.SO_BINDTODEVICE, daemon.interface.encode(errors="surrogateescape") + b"\0"
    )
    found.bind(address)
