# SPDX-License-Identifier: Apache-2.0
"""AgentX as bytes: what a master asks, what comes back."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlvs.snmp.agentx import (
    HEADER,
    NOT_WRITABLE,
    Malformed,
    Pdu,
    Type,
    answer,
    encode_binding,
    encode_octets,
    encode_oid,
    notify_pdu,
    open_pdu,
    register_pdu,
    response_error,
    take,
)
from xlvs.snmp.objects import (
    END_OF_VIEW,
    NO_SUCH_OBJECT,
    Kind,
    Objects,
    Value,
    integer,
    numbered,
    octets,
    scalars,
    table,
)

BASE = (1, 3, 6, 1, 4, 1, 9)
OBJECTS = Objects(
    [
        *scalars((*BASE, 1), {1: lambda: octets("abc"), 2: lambda: None}),
        *table(
            (*BASE, 2, 1), lambda: numbered([5, 6]), {2: integer, 3: lambda row: integer(row) if row == 6 else None}
        ),
    ]
)
WALK = [
    ((*BASE, 1, 1, 0), octets("abc")),
    ((*BASE, 2, 1, 2, 1), integer(5)),
    ((*BASE, 2, 1, 2, 2), integer(6)),
    ((*BASE, 2, 1, 3, 2), integer(6)),
]


def asked(kind: Type, *ranges: tuple[tuple[int, ...], tuple[int, ...]], front: bytes = b"") -> bytes:
    """The bindings of the answer to a question."""
    payload = front + b"".join(encode_oid(start) + encode_oid(end) for start, end in ranges)
    response = answer(Pdu(kind, session=7, transaction=8, packet=9, payload=payload), OBJECTS)
    assert response is not None
    assert (response.type, response.session, response.transaction, response.packet) == (Type.RESPONSE, 7, 8, 9)
    assert response_error(response) == 0
    return response.payload[8:]


def test_walk_meets_every_object_once_and_in_order() -> None:
    """From one to the next; a cell that a row lacks is passed over."""
    at: tuple[int, ...] = BASE
    met = []
    while True:
        at, value = OBJECTS.following(at)
        if value is END_OF_VIEW:
            break
        met.append((at, value))
    assert met == WALK
    assert all(OBJECTS.get(name) == value for name, value in WALK)


def test_get_gives_values_and_says_what_is_not_there() -> None:
    """Each in the order of the questions."""
    found = asked(Type.GET, (WALK[0][0], ()), ((*BASE, 9), ()))
    assert found == encode_binding(*WALK[0]) + encode_binding((*BASE, 9), NO_SUCH_OBJECT)
    assert OBJECTS.get((*BASE, 2, 1, 2, 9)).kind is Kind.NO_SUCH_INSTANCE


def test_get_next_stays_in_front_of_the_end_of_its_range() -> None:
    """With the end of the view behind it."""
    assert asked(Type.GET_NEXT, (BASE, (*BASE, 2))) == encode_binding(*WALK[0])
    last = (*BASE, 1, 1, 0)
    assert asked(Type.GET_NEXT, (last, (*BASE, 2))) == encode_binding(last, END_OF_VIEW)


def test_rows_are_made_once_while_they_are_kept() -> None:
    """A walk over many rows is no more work than the rows; afterwards a new one is seen."""
    rows, made = [1, 2], []

    def look() -> dict[tuple[int, ...], int]:
        made.append(len(rows))
        return numbered(rows)

    objects = Objects(table(BASE, look, {1: integer, 2: integer}))
    objects.keep()
    assert objects.following((*BASE, 1, 1)) == ((*BASE, 1, 2), integer(2))
    rows.append(3)
    assert objects.following((*BASE, 1, 2)) == ((*BASE, 2, 1), integer(1))
    assert objects.get((*BASE, 2, 2)) == integer(2)
    assert made == [2]
    objects.forget()
    assert objects.following((*BASE, 1, 2)) == ((*BASE, 1, 3), integer(3))


def test_get_bulk_repeats_the_later_ranges() -> None:
    """The first once, the other until there is nothing more."""
    found = asked(Type.GET_BULK, (BASE, ()), ((*BASE, 2), ()), front=struct.pack("!HH", 1, 9))
    expected = b"".join(encode_binding(*each) for each in [WALK[0], *WALK[1:]])
    assert found == expected + encode_binding(WALK[-1][0], END_OF_VIEW)


def test_nothing_can_be_set() -> None:
    """The master is told so."""
    response = answer(Pdu(Type.TEST_SET, payload=encode_binding(BASE, integer(1))), OBJECTS)
    assert response is not None
    assert response_error(response) == NOT_WRITABLE


def test_pdus_are_taken_apart_as_they_come() -> None:
    """Two in a row and a part of a third; both orders of bytes."""
    first, second = open_pdu(1, "me"), register_pdu(5, 2, BASE)
    data = first.encode() + second.encode() + b"\x01"
    taken = take(data)
    assert taken is not None
    assert taken[0] == first
    rest = take(taken[1])
    assert rest is not None
    assert (rest[0].session, rest[1]) == (5, b"\x01")
    assert take(rest[1]) is None
    little = struct.pack("<BBBBIIII", 1, Type.GET, 0, 0, 3, 4, 5, 8) + struct.pack("<BBBBI", 1, 4, 1, 0, 9)
    taken = take(little)
    assert taken is not None
    assert taken[0].session == 3


@pytest.mark.parametrize("head", [HEADER.pack(2, 5, 16, 0, 0, 0, 0, 0), HEADER.pack(1, 5, 16, 0, 0, 0, 0, 1 << 30)])
def test_what_is_no_agentx_is_refused(head: bytes) -> None:
    """Another version, a length beyond all measure."""
    with pytest.raises(Malformed):
        take(head)


def test_an_identifier_beyond_128_numbers_is_refused() -> None:
    """RFC 2741 5.1; more than 255 could not be written into an answer."""
    with pytest.raises(Malformed):
        answer(Pdu(Type.GET, payload=bytes((255, 9, 0, 0)) + bytes(255 * 4) + bytes(4)), OBJECTS)


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_a_number_beyond_32_bits_is_sent_as_near_as_they_come(number: int) -> None:
    """Instead of none at all."""
    assert struct.pack("!i", integer(number).data) == struct.pack("!i", 2**31 - 1 if number > 0 else -(2**31))


def test_trap_begins_with_its_name() -> None:
    """snmpTrapOID.0, then the objects."""
    trap = notify_pdu(1, 2, BASE, [((*BASE, 1, 1, 0), octets("abc"))])
    assert trap.type == Type.NOTIFY
    assert trap.payload.endswith(encode_octets(b"abc"))
    assert trap.payload[4:].startswith(encode_oid((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 20), st.integers(0, 255), st.binary(max_size=64))
def test_any_bytes_are_answered_or_refused(kind: int, flags: int, payload: bytes) -> None:
    """Nothing else is raised."""
    order = "!" if flags & 16 else "<"
    data = struct.pack(f"{order}BBBBIIII", 1, kind, flags, 0, 1, 2, 3, len(payload)) + payload
    try:
        taken = take(data)
        assert taken is not None
        response = answer(taken[0], OBJECTS)
    except Malformed:
        return
    assert response is None or response.encode()


@pytest.mark.parametrize("kind", [Kind.GAUGE, Kind.COUNTER64, Kind.NULL, Kind.OID])
def test_values_of_each_kind_have_their_width(kind: Kind) -> None:
    """Four bytes, eight, none, or an identifier."""
    value = Value(kind, BASE if kind is Kind.OID else 1)
    width = {Kind.GAUGE: 4, Kind.COUNTER64: 8, Kind.NULL: 0, Kind.OID: len(encode_oid(BASE))}[kind]
    assert len(encode_binding(BASE, value)) == 4 + len(encode_oid(BASE)) + width
