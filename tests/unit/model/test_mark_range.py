# SPDX-License-Identifier: Apache-2.0
"""Ranges of ports fall into prefixes, join, and give ports away."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.model.address import Family
from xlvs.model.mark_range import LAST_PORT, MarkRange, merged, prefixes, without
from xlvs.model.service import Protocol

PORTS: Final = st.tuples(st.integers(0, LAST_PORT), st.integers(0, LAST_PORT)).map(lambda pair: (min(pair), max(pair)))
FEW: Final = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair)))


def web(first: int, last: int, mark: int = 1) -> MarkRange:
    """Ports of one address."""
    return MarkRange(Family.IPV4, b"\x0a\x00\x00\x01", Protocol.TCP, first, last, mark)


def ports(ranges: list[MarkRange]) -> dict[int, int]:
    """{port: mark}."""
    return {port: each.mark for each in ranges for port in range(each.first, each.last + 1)}


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (80, 80, [(80, 16)]),
        (0, LAST_PORT, [(0, 0)]),
        (8000, 8003, [(8000, 14)]),
        (1, 4, [(1, 16), (2, 15), (4, 16)]),
        (LAST_PORT, LAST_PORT, [(LAST_PORT, 16)]),
    ],
)
def test_a_range_is_a_few_prefixes(first: int, last: int, expected: list[tuple[int, int]]) -> None:
    """A port and how many of its bits count."""
    assert list(prefixes(first, last)) == expected


@given(PORTS)
def test_prefixes_make_up_exactly_the_range(ends: tuple[int, int]) -> None:
    """None overlaps another, and there are at most thirty."""
    found = list(prefixes(*ends))

    assert len(found) <= 30
    following = ends[0]
    for port, bits in found:
        assert port == following
        assert port % (1 << (16 - bits)) == 0
        following = port + (1 << (16 - bits))
    assert following == ends[1] + 1


@given(st.lists(FEW, max_size=4), FEW)
def test_ports_that_are_taken_out_are_gone_and_no_others(spans: list[tuple[int, int]], gone: tuple[int, int]) -> None:
    """Ranges fall apart around them."""
    there: list[MarkRange] = []
    for number, (first, last) in enumerate(spans):
        there = merged([*without(there, web(first, last)), web(first, last, number % 2 + 1)])

    left = without(there, web(*gone))

    assert ports(left) == {port: mark for port, mark in ports(there).items() if not gone[0] <= port <= gone[1]}


def test_neighbours_of_one_mark_join() -> None:
    """Those of another mark do not, nor another address's or protocol's."""
    other = MarkRange(Family.IPV4, b"\x0a\x00\x00\x01", Protocol.UDP, 83, 84, 1)

    assert merged([web(82, 82), web(80, 81), web(83, 84, 2), other]) == [web(80, 82), web(83, 84, 2), other]
