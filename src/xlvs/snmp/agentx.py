# SPDX-License-Identifier: Apache-2.0
"""AgentX (RFC 2741), the part of a subagent: bytes to questions, answers to bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from xlvs.snmp.objects import Kind, Oid, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.snmp.objects import Objects

HEADER: Final = struct.Struct("!BBBBIIII")
_LITTLE: Final = struct.Struct("<BBBBIIII")
PAYLOAD_MAX: Final = 1 << 20
VERSION: Final = 1
NETWORK_ORDER: Final = 0x10
CONTEXT: Final = 0x08
TRAP_OID: Final = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
NOT_WRITABLE: Final = 17
PROCESSING_ERROR: Final = 268
_REPETITIONS_MAX: Final = 500
_INTERNET: Final = (1, 3, 6, 1)
_OID_MAX: Final = 128


class Type(IntEnum):
    """Kinds of PDUs (section 6.1)."""

    OPEN = 1
    CLOSE = 2
    REGISTER = 3
    GET = 5
    GET_NEXT = 6
    GET_BULK = 7
    TEST_SET = 8
    COMMIT_SET = 9
    UNDO_SET = 10
    CLEANUP_SET = 11
    NOTIFY = 12
    PING = 13
    RESPONSE = 18


class Malformed(Exception):
    """Bytes that are no PDU: the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """A PDU without its payload decoded."""

    type: int
    flags: int = NETWORK_ORDER
    session: int = 0
    transaction: int = 0
    packet: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """As it is sent."""
        head = (VERSION, self.type, NETWORK_ORDER, 0, self.session, self.transaction, self.packet, len(self.payload))
        return HEADER.pack(*head) + self.payload


def take(data: bytes) -> tuple[Pdu, bytes] | None:
    """The first PDU and what follows it; None: it is not whole yet. Raises Malformed."""
    if len(data) < HEADER.size:
        return None
    order = HEADER if data[2] & NETWORK_ORDER else _LITTLE
    version, kind, flags, _, session, transaction, packet, length = order.unpack_from(data)
    if version != VERSION or length > PAYLOAD_MAX:
        raise Malformed(f"version {version}, length {length}")
    end = HEADER.size + length
    if len(data) < end:
        return None
    return Pdu(kind, flags, session, transaction, packet, data[HEADER.size : end]), data[end:]


class _Reader:
    """Takes values from a payload. Raises Malformed."""

    def __init__(self, pdu: Pdu) -> None:
        self._data = pdu.payload
        self._order = "!" if pdu.flags & NETWORK_ORDER else "<"
        self._at = 0
        if pdu.flags & CONTEXT:
            self.octets()

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self._data) - self._at

    def numbers(self, form: str) -> tuple[int, ...]:
        """Numbers of fixed width."""
        shape = struct.Struct(self._order + form)
        if self.left < shape.size:
            raise Malformed("too short")
        self._at += shape.size
        return shape.unpack_from(self._data, self._at - shape.size)

    def oid(self) -> tuple[Oid, bool]:
        """An object identifier, and whether it is included in the range that it begins."""
        count, prefix, include, _ = self.numbers("BBBB")
        start = (*_INTERNET, prefix) if prefix else ()
        if len(start) + count > _OID_MAX:
            raise Malformed(f"an identifier of {len(start) + count} numbers")
        return (*start, *self.numbers(f"{count}I")), bool(include)

    def octets(self) -> bytes:
        """A string, which is padded to four bytes."""
        (length,) = self.numbers("I")
        padded = -(-length // 4) * 4
        if self.left < padded:
            raise Malformed("too short")
        self._at += padded
        return self._data[self._at - padded : self._at - padded + length]


def encode_oid(oid: Oid) -> bytes:
    """An object identifier in full."""
    return struct.pack(f"!BBBB{len(oid)}I", len(oid), 0, 0, 0, *oid)


def encode_octets(data: bytes) -> bytes:
    """A string with its padding."""
    return struct.pack("!I", len(data)) + data + bytes(-len(data) % 4)


def encode_binding(name: Oid, value: Value) -> bytes:
    """An object and its value."""
    head = struct.pack("!HH", value.kind, 0) + encode_oid(name)
    data = value.data
    if isinstance(data, bytes):
        return head + encode_octets(data)
    if isinstance(data, tuple):
        return head + encode_oid(data)
    if value.kind is Kind.COUNTER64:
        return head + struct.pack("!Q", data)
    if value.kind is Kind.INTEGER:
        return head + struct.pack("!i", data)
    if value.kind in {Kind.NULL, Kind.NO_SUCH_OBJECT, Kind.NO_SUCH_INSTANCE, Kind.END_OF_VIEW}:
        return head
    return head + struct.pack("!I", data)


def open_pdu(packet: int, description: str) -> Pdu:
    """Begin a session."""
    return Pdu(Type.OPEN, packet=packet, payload=bytes(4) + encode_oid(()) + encode_octets(description.encode()))


def register_pdu(session: int, packet: int, subtree: Oid) -> Pdu:
    """Answer for a subtree from now on."""
    payload = struct.pack("!BBBB", 0, 127, 0, 0) + encode_oid(subtree)
    return Pdu(Type.REGISTER, session=session, packet=packet, payload=payload)


def notify_pdu(session: int, packet: int, trap: Oid, bindings: Iterable[tuple[Oid, Value]]) -> Pdu:
    """A trap with its objects."""
    first = encode_binding(TRAP_OID, Value(Kind.OID, trap))
    payload = first + b"".join(encode_binding(name, value) for name, value in bindings)
    return Pdu(Type.NOTIFY, session=session, packet=packet, payload=payload)


def response_error(pdu: Pdu) -> int:
    """The error of a response, 0 for none. Raises Malformed."""
    _, error, _ = _Reader(pdu).numbers("IHH")
    return error


def answer(pdu: Pdu, objects: Objects) -> Pdu | None:
    """The response to a question of the master; None: it does not wait for one. Raises Malformed."""
    error, bindings = 0, b""
    if pdu.type == Type.GET:
        bindings = b"".join(encode_binding(name, objects.get(name)) for name, _, _ in _ranges(_Reader(pdu)))
    elif pdu.type == Type.GET_NEXT:
        bindings = b"".join(
            encode_binding(*objects.following(name, end, include=include))
            for name, end, include in _ranges(_Reader(pdu))
        )
    elif pdu.type == Type.GET_BULK:
        bindings = _bulk(_Reader(pdu), objects)
    elif pdu.type in {Type.TEST_SET, Type.COMMIT_SET, Type.UNDO_SET}:
        error = NOT_WRITABLE
    elif pdu.type in {Type.CLEANUP_SET, Type.RESPONSE, Type.CLOSE}:
        return None
    elif pdu.type != Type.PING:
        error = PROCESSING_ERROR
    payload = struct.pack("!IHH", 0, error, 1 if error == NOT_WRITABLE else 0) + bindings
    return Pdu(Type.RESPONSE, session=pdu.session, transaction=pdu.transaction, packet=pdu.packet, payload=payload)


def refusal(pdu: Pdu) -> Pdu:
    """The response to a question that cannot be answered now."""
    payload = struct.pack("!IHH", 0, PROCESSING_ERROR, 0)
    return Pdu(Type.RESPONSE, session=pdu.session, transaction=pdu.transaction, packet=pdu.packet, payload=payload)


def _ranges(reader: _Reader) -> Iterable[tuple[Oid, Oid, bool]]:
    while reader.left:
        start, include = reader.oid()
        end, _ = reader.oid()
        yield start, end, include


def _bulk(reader: _Reader, objects: Objects) -> bytes:
    """Non-repeaters once, the others again and again from where they came to."""
    once, repetitions = reader.numbers("HH")
    ranges = list(_ranges(reader))
    found = [encode_binding(*objects.following(name, end, include=include)) for name, end, include in ranges[:once]]
    rest = ranges[once:]
    for _ in range(min(repetitions, _REPETITIONS_MAX) if rest else 0):
        coming = []
        for name, end, include in rest:
            at, value = objects.following(name, end, include=include)
            found.append(encode_binding(at, value))
            coming.append((at, end, value.kind is Kind.END_OF_VIEW))
        if all(ended for _, _, ended in coming):
            break
        rest = [(at, end, False) for at, end, _ in coming]
    return b"".join(found)
