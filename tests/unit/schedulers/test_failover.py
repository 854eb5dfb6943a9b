# SPDX-License-Identifier: Apache-2.0
"""The order in which failover and overflow prefer destinations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xlvs.schedulers.failover import by_preference


def test_the_highest_weight_comes_first_and_of_equal_ones_the_newest() -> None:
    """The list is newest first."""
    assert by_preference([1, 30, 0, 30, 20]) == [1, 3, 4, 0, 2]


@given(st.lists(st.integers(0, 2**31 - 1), max_size=40))
def test_every_destination_has_its_place(weights: list[int]) -> None:
    """Whoever becomes unusable leaves the choice to the next."""
    order = by_preference(weights)
    assert sorted(order) == list(range(len(weights)))
    assert order == sorted(order, key=lambda place: (-weights[place], place))
