# SPDX-License-Identifier: Apache-2.0
"""Packets that are held."""

import pytest

from xlvs.lab.hold import Hold

_HEADS = 10 + 14


def test_packets_go_when_their_time_has_come_in_order() -> None:
    """Each on its own clock."""
    hold = Hold(0.02, 0, seed=1)
    hold.add(b"a", 1.0)
    hold.add(b"b", 1.01)

    assert hold.next_due() == pytest.approx(1.02)
    assert hold.due(1.019) == []
    assert hold.due(1.025) == [b"a"]
    assert hold.due(1.03) == [b"b"]
    assert hold.next_due() is None


def test_jitter_stays_within_its_bounds_and_repeats_with_the_seed() -> None:
    """Packets may overtake each other."""

    def dues(seed: int) -> list[tuple[float, bytes]]:
        hold = Hold(0.02, 0.005, seed)
        for number in range(100):
            hold.add(bytes((number,)), 0.0)
        found = []
        while (due := hold.next_due()) is not None:
            found += [(due, frame) for frame in hold.due(due)]
        return found

    first = dues(1)
    assert all(0.015 <= due <= 0.025 for due, _ in first)
    assert [frame for _, frame in first] != sorted(frame for _, frame in first)
    assert first == dues(1)
    assert first != dues(2)


def test_what_is_too_much_is_refused_until_there_is_room() -> None:
    """A process holds no more than it may."""
    hold = Hold(1, 0, 1, bytes_max=3)

    assert [hold.add(b"ab", 0), hold.add(b"cd", 0), hold.add(b"e", 0)] == [True, False, True]
    assert hold.rest() == [b"ab", b"e"]
    assert hold.add(b"cd", 0)


def test_damage_turns_one_bit_behind_the_headers_and_closes_an_open_checksum() -> None:
    """So that the receiver's kernel looks at it."""
    frame = bytes((1, 0)) + bytes(range(98))
    hold = Hold(0, 0, 1)

    for _ in range(50):
        damaged = hold.damage(frame)
        assert damaged[0] == 0
        assert damaged[1:_HEADS] == frame[1:_HEADS]
        wrong = [old ^ new for old, new in zip(frame[_HEADS:], damaged[_HEADS:], strict=True) if old != new]
        assert len(wrong) == 1
        assert wrong[0].bit_count() == 1


def test_nothing_is_left_of_a_large_packet_that_is_damaged() -> None:
    """Its checksum would be made anew where it is cut."""
    assert Hold(0, 0, 1).damage(bytes((1, 1)) + bytes(98)) == b""


def test_chances_are_kept_in_the_long_run() -> None:
    """None never, all always."""
    hold = Hold(0, 0, 1)

    assert not any(hold.is_hit(0.0) for _ in range(100))
    assert all(hold.is_hit(1.0) for _ in range(100))
    assert 200 < sum(hold.is_hit(0.25) for _ in range(1000)) < 300
