# SPDX-License-Identifier: Apache-2.0
"""Asking for the whole table until it is there: every phase with every event."""

from __future__ import annotations

import pytest

from xlvs.syncwire.join import Answer, Join, Phase
from xlvs.syncwire.seal import Kind, Seal

ONE, OTHER = b"sender 1", b"sender 2"


def part(index: int, sender: bytes = ONE) -> Seal:
    """A part of a dump."""
    return Seal(Kind.DUMP, sender, 0, index)


def end(total: int, sender: bytes = ONE) -> Seal:
    """The end of one that had so many."""
    return Seal(Kind.DUMP_END, sender, 0, 0, total)


def asked(now: float = 0.0) -> Join:
    """One that has asked once."""
    join = Join(now)
    assert join.handle_timer(now)
    return join


def test_it_asks_at_once_and_again_when_nobody_answers() -> None:
    """Five times in all, a second apart."""
    join, moments = Join(10.0), []
    while (timer := join.next_timer()) is not None:
        if join.handle_timer(timer):
            moments.append(timer)

    assert moments == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert (join.phase, join.whole) == (Phase.DONE, False)


def test_a_timer_that_is_not_due_does_nothing() -> None:
    """Whoever calls too early."""
    join = asked()
    assert not join.handle_timer(0.5)
    assert join.phase is Phase.ASKING


def test_a_dump_that_is_whole_ends_it() -> None:
    """Parts in any order, repeated ones counted once."""
    join = asked()
    for index in (1, 0, 1, 2):
        join.receive(part(index), 0.1)
    assert join.phase is Phase.RECEIVING
    join.receive(end(3), 0.2)

    assert (join.phase, join.whole) == (Phase.DONE, True)
    assert join.next_timer() is None
    assert not join.handle_timer(99.0)


def test_an_empty_table_is_whole_too() -> None:
    """Its end is all there is."""
    join = asked()
    join.receive(end(0), 0.1)
    assert join.whole


@pytest.mark.parametrize("arrived", [[], [0], [0, 2]], ids=str)
def test_what_is_missing_is_asked_for_again_at_once(arrived: list[int]) -> None:
    """The parts of before do not count for the next dump."""
    join = asked()
    for index in arrived:
        join.receive(part(index), 0.1)
    join.receive(end(3), 0.2)
    assert join.phase is Phase.ASKING
    assert join.next_timer() == 0.2
    assert join.handle_timer(0.2)
    join.receive(part(1), 0.3)
    join.receive(end(3), 0.4)
    assert not join.whole


def test_a_dump_that_stops_is_asked_for_again() -> None:
    """A second after its last part."""
    join = asked()
    join.receive(part(0), 0.5)
    assert join.next_timer() == 1.5
    assert join.handle_timer(1.5)
    assert join.phase is Phase.ASKING


def test_invented_parts_take_no_memory_and_make_nothing_whole() -> None:
    """Whoever is on the segment may send any number; one bit is kept of the possible ones."""
    join = asked()
    for index in (2**32 - 1, 2**31, 1 << 20, (1 << 20) - 1):
        join.receive(part(index), 0.1)
    assert len(join._parts) <= (1 << 20) // 8
    join.receive(end(2), 0.2)
    assert not join.whole


def test_one_sender_s_dump_counts() -> None:
    """Two masters may answer; changes are no dump; what comes late changes nothing."""
    join = asked()
    join.receive(Seal(Kind.CHANGES, ONE, 0), 0.1)
    phases = [join.phase]
    join.receive(part(0), 0.1)
    join.receive(end(1, OTHER), 0.2)
    phases.append(join.phase)
    join.receive(end(1), 0.2)
    join.receive(part(5), 0.3)

    assert [*phases, join.phase] == [Phase.ASKING, Phase.RECEIVING, Phase.DONE]


def test_one_dump_at_a_time_is_sent() -> None:
    """And a second passes between two, so that requests do not keep a master busy."""
    answer = Answer()
    assert not answer.begins(0.0)
    answer.ask()
    assert answer.begins(0.0)
    assert not answer.begins(0.5)
    answer.ended(1.0)
    assert answer.next_timer() is None
    answer.ask()
    assert answer.next_timer() == 2.0
    assert not answer.begins(1.9)
    assert answer.begins(2.0)


def test_requests_amid_a_dump_are_answered_by_the_next_one() -> None:
    """By one, however many they were: who asked amid it lacks the beginning."""
    answer = Answer()
    answer.ask()
    assert answer.begins(0.0)
    answer.ask()
    answer.ask()
    assert answer.next_timer() is None
    answer.ended(1.0)

    assert answer.next_timer() == 2.0
    assert answer.begins(2.0)
    answer.ended(3.0)
    assert not answer.begins(9.0)
