# SPDX-License-Identifier: Apache-2.0
"""What a hostile neighbor may send: nothing raises, and only valid packets of the right neighbor change a session."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.bfd.link import HERE, THERE, brought_up, changes, packet, sent, session
from xlvs.bfd.effects import SendPacket
from xlvs.bfd.packet import PORT, State, build
from xlvs.bfd.session import Session
from xlvs.bfd.sessions import Datagram, NotHeard, Sessions

OTHER = bytes((10, 77, 0, 3))
BYTE, WORD = st.integers(0, 255), st.sampled_from([0, 1, 7, 9, 1000, 50_000, 0xFFFFFFFF]) | st.integers(0, 0xFFFFFFFF)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good packet with some bytes changed, cut or prolonged."""
    data = bytearray(build(packet(draw(st.sampled_from(State)))))
    for at, value in draw(st.lists(st.tuples(st.integers(0, 23), BYTE), max_size=4)):
        data[at] = value
    return bytes(data[: draw(st.integers(0, 24) | st.just(24))]) + draw(st.binary(max_size=4))


datagrams = st.builds(
    Datagram,
    source=st.sampled_from([THERE, THERE, THERE, OTHER]),
    source_port=st.integers(1, 65535),
    destination=st.sampled_from([HERE, HERE, OTHER]),
    port=st.sampled_from([PORT, PORT, 4784]),
    ttl=st.sampled_from([255, 255, 254, 1, 0]),
    payload=mutated() | st.binary(max_size=64),
)


def is_valid(datagram: Datagram) -> bool:
    """RFC 5880 6.8.6 and RFC 5881 5 once more, in another way, for the session from HERE to THERE with discriminator 7."""
    data = datagram.payload
    if len(data) < 24 or (datagram.source, datagram.port, datagram.ttl) != (THERE, PORT, 255):
        return False
    version, state, flags = data[0] // 32, data[1] // 64, data[1] % 64
    mine, yours = struct.unpack_from("!II", data, 4)
    known = yours == 7 or (yours == 0 and state < 2 and datagram.destination == HERE)
    flags_fit = not flags & 0b101 and flags & 0b110000 != 0b110000
    return version == 1 and flags_fit and 24 <= data[3] <= len(data) and data[2] > 0 and mine > 0 and known


def facts(of: Session) -> tuple[Any, ...]:
    """Everything that a packet can change."""
    return of.state, of.neighbor, of.polling, of.detection_us, of.diagnostic, of.next_timer(), of.tx_interval_us


@settings(max_examples=400, deadline=None)
@given(datagrams)
def test_only_valid_datagrams_change_a_session(datagram: Datagram) -> None:
    """All others leave it as it is, and say why."""
    ours = brought_up()
    before = facts(ours)
    if is_valid(datagram):
        found, heard = Sessions([ours]).accept(datagram)
        found.receive(heard, 1000)
        assert (ours.neighbor.discriminator, ours.neighbor.state) == (heard.my_discriminator, heard.state)
    else:
        with pytest.raises(NotHeard, match=r"."):
            Sessions([ours]).accept(datagram)
        assert facts(ours) == before
        assert ours.effects() == []


packets = st.builds(
    packet,
    state=st.sampled_from(State),
    my_discriminator=WORD.map(lambda number: number or 1),
    multiplier=st.integers(1, 255),
    desired_min_tx_us=WORD,
    required_min_rx_us=WORD,
    diagnostic=st.integers(0, 31),
    poll=st.booleans(),
    final=st.booleans(),
    demand=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@example(False, [packet(State.ADMIN_DOWN, multiplier=1, desired_min_tx_us=0, required_min_rx_us=0), 50_000])
@given(st.booleans(), st.lists(packets | st.integers(0, 5_000_000), max_size=30))
def test_any_conversation_keeps_the_session_in_order(passive: bool, conversation: list[Any]) -> None:
    """Packets and pauses: what is told alternates, answers are bounded, timers lie ahead, and in the end silence wins."""
    ours, now, told, answers, heard = session(passive=passive), 0, [False], 0, 0
    ours.start(now)
    for each in conversation:
        if isinstance(each, int):
            until = now + each
            for _ in range(10_000):
                due = ours.next_timer()
                if due is None or due > until:
                    break
                now = max(now, due)
                ours.handle_timer(now)
                assert (ours.next_timer() or now + 1) > now
            else:
                raise AssertionError("the timer does not come to rest")
            now = until
            told += changes(ours.effects())
        else:
            heard += 1
            ours.receive(each, now)
            effects = ours.effects()
            answers += len(sent(effects))
            told += changes(effects)
    ours.handle_timer(now + ours.detection_us)
    told += changes(ours.effects())
    assert answers <= 2 * heard
    assert all(one != other for one, other in pairwise(told))
    assert told[-1] is False
    assert ours.state is State.DOWN


def test_answers_are_effects() -> None:
    """The count above counts something."""
    ours = brought_up()
    ours.receive(packet(State.UP, poll=True), 0)
    assert isinstance(ours.effects()[0], SendPacket)
