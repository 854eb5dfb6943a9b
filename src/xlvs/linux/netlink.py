# SPDX-License-Identifier: Apache-2.0
"""Just enough rtnetlink (RFC 3549, rtnetlink(7)): build a request, walk the answers, walk the attributes.

Numbers in headers and attributes are in host byte order.
"""

import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Self

from xlvs.model.errors import KernelError

RTM_NEWLINK: Final = 16
RTM_DELLINK: Final = 17
RTM_GETLINK: Final = 18
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22
RTM_NEWROUTE: Final = 24
RTM_DELROUTE: Final = 25
RTM_GETROUTE: Final = 26
RTM_NEWRULE: Final = 32
RTM_DELRULE: Final = 33
RTM_GETRULE: Final = 34
RTM_GETTFILTER: Final = 46
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400

_NETLINK_ROUTE: Final = 0
_NLM_F_REQUEST: Final = 0x1
_NLM_F_ACK: Final = 0x4
_NLM_F_DUMP: Final = 0x300
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_ATTRIBUTE_TYPE: Final = 0x3FFF  # without the flags for nested and for network byte order
_RECEIVE_SIZE: Final = 1 << 18
_BATCH_BYTES: Final = 48 * 1024
_ROOM_BYTES: Final = 4 << 20
_SOL_NETLINK: Final = 270
_NETLINK_CAP_ACK: Final = 10
_SO_RCVBUFFORCE: Final = 33


class Message(NamedTuple):
    """One message: its type, the sequence number of its request, its payload without the header."""

    kind: int
    sequence: int
    payload: bytes


def request(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """A whole request with its header."""
    return _HEADER.pack(_HEADER.size + len(payload), kind, _NLM_F_REQUEST | flags, sequence, 0) + payload


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value.ljust(_aligned(len(value)), b"\0")


def messages(data: bytes) -> Iterator[Message]:
    """The messages in one datagram; a cut-off one ends the walk."""
    position = 0
    while position + _HEADER.size <= len(data):
        length, kind, _, sequence, _ = _HEADER.unpack_from(data, position)
        if length < _HEADER.size or position + length > len(data):
            return
        yield Message(kind, sequence, data[position + _HEADER.size : position + length])
        position += _aligned(length)


def attributes(data: bytes) -> dict[int, bytes]:
    """{type: value} of a run of attributes, the last of each type; a cut-off one ends the walk."""
    found = {}
    position = 0
    while position + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, position)
        if length < _ATTRIBUTE.size or position + length > len(data):
            break
        found[kind & _ATTRIBUTE_TYPE] = data[position + _ATTRIBUTE.size : position + length]
        position += _aligned(length)
    return found


def u32(value: bytes | None) -> int:
    """The number in an attribute, 0 when it is absent."""
    return int.from_bytes(value or b"", sys.byteorder)


def text(value: bytes | None) -> str:
    """The text in an attribute, "" when it is absent."""
    return (value or b"").rstrip(b"\0").decode(errors="replace")


class Route:
    """An rtnetlink socket of the network namespace in which it was made."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_ROUTE)
        self._sequence = 0
        self._has_room = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def dump(self, kind: int, payload: bytes) -> Iterator[bytes]:
        """The payloads of every answer to a dump request. Raises KernelError with the kernel's errno."""
        return self._exchange(kind, _NLM_F_DUMP, payload)

    def get(self, kind: int, payload: bytes) -> bytes:
        """The payload of the one answer to a request. Raises KernelError with the kernel's errno."""
        return next(self._exchange(kind, 0, payload))

    def change(self, kind: int, flags: int, payload: bytes, operation: str = "changing the network") -> None:
        """Have something changed; `flags` of NLM_F_*. Raises KernelError naming the operation."""
        try:
            for _ in self._exchange(kind, _NLM_F_ACK | flags, payload):
                pass
        except KernelError as error:
            raise KernelError(operation, error.errno) from None

    def change_many(self, kind: int, flags: int, payloads: Sequence[bytes]) -> dict[int, int]:
        """Many changes of a kind in few system calls; {index: errno} of those that failed."""
        self._make_room()
        failed = {}
        batch: list[tuple[int, bytes]] = []
        size = 0
        for index, payload in enumerate(payloads):
            batch.append((index, payload))
            size += len(payload) + _HEADER.size
            if size > _BATCH_BYTES or index == len(payloads) - 1:
                failed.update(self._change_batch(kind, flags, batch))
                batch, size = [], 0
        return failed

    def _make_room(self) -> None:
        """For as many failures as a batch can have, without the requests in them."""
        if self._has_room:
            return
        self._has_room = True
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM_BYTES)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM_BYTES)

    def _change_batch(self, kind: int, flags: int, batch: Sequence[tuple[int, bytes]]) -> dict[int, int]:
        """The kernel tells of each failure, and of success only at the end, where it is asked to."""
        first = self._sequence + 1
        self._sequence += len(batch)
        data = b"".join(
            request(kind, flags | (_NLM_F_ACK if sequence == self._sequence else 0), sequence, payload)
            + bytes(-len(payload) % 4)
            for sequence, (_, payload) in enumerate(batch, first)
        )
        self._socket.send(data)
        failed = {}
        while True:
            for message in messages(self._socket.recv(_RECEIVE_SIZE)):
                if message.kind != _NLMSG_ERROR or not first <= message.sequence <= self._sequence:
                    continue
                (code,) = struct.unpack_from("=i", message.payload)
                if code:
                    failed[batch[message.sequence - first][0]] = -code
                if message.sequence == self._sequence:
                    return failed

    def _exchange(self, kind: int, flags: int, payload: bytes) -> Iterator[bytes]:
        self._sequence += 1
        self._socket.send(request(kind, flags, self._sequence, payload))
        while True:
            for message in messages(self._socket.recv(_RECEIVE_SIZE)):
                if message.sequence != self._sequence:
                    continue
                if message.kind == _NLMSG_DONE:
                    return
                if message.kind == _NLMSG_ERROR:
                    _raise_error(message.payload)
                    return
                yield message.payload


def _raise_error(payload: bytes) -> None:
    (code,) = struct.unpack_from("=i", payload)
    if code:
        raise KernelError("asking the kernel about the network", -code)


def _aligned(length: int) -> int:
    return (length + 3) & ~3
