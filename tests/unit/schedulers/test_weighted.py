# SPDX-License-Identifier: Apache-2.0
"""The parameters of weighted round robin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.schedulers.weighted import Round, first_weight, kept_weight, round_of


@pytest.mark.parametrize(
    ("weights", "highest", "step"),
    [
        ([4, 1, 2], 4, 1),
        ([40, 10, 20], 31, 10),
        ([2, 4, 6], 5, 2),
        ([5, 0, 3], 5, 1),
        ([0, 0, 7], 1, 7),
        ([3, 3, 3], 1, 3),
        ([0, 0], 0, 1),
        ([], 0, 1),
        ([2**31 - 1], 1, 2**31 - 1),
    ],
)
def test_a_round_falls_from_the_highest_weight_to_1(weights: list[int], highest: int, step: int) -> None:
    """By the greatest common divisor; the highest is lowered so that the last pass is at 1."""
    assert Round(highest, step) == round_of(weights)


@pytest.mark.parametrize(
    ("current", "weights", "kept"),
    [
        (0, [1, 2], 2),  # first destination of a service
        (1, [1, 2, 3], 1),  # added one by one: everybody once first
        (5, [1, 2, 3], 3),  # above the new highest
        (2, [4, 1], 2),
        (7, [10, 20, 30], 1),
        (12, [10, 20, 30], 11),
        (21, [10, 20, 30], 21),
        (3, [], 0),
    ],
)
def test_a_change_keeps_the_current_weight_on_a_step_of_the_new_round(
    current: int, weights: list[int], kept: int
) -> None:
    """Scenes traffic-wrr-edits and nat-wrr: the kernel goes on with the pass it was in."""
    assert kept == kept_weight(current, round_of(weights))


def test_a_new_scheduler_begins_at_the_top() -> None:
    """When a service with destinations changes to wrr."""
    assert first_weight(round_of([1, 5, 3])) == 5


@given(st.lists(st.integers(0, 1000), max_size=8), st.lists(st.integers(0, 1000), max_size=8), st.integers(0, 50))
def test_the_kept_weight_is_one_that_the_round_passes(before: list[int], after: list[int], passes: int) -> None:
    """Whatever was before."""
    old, new = round_of(before), round_of(after)
    current = max(0, first_weight(old) - passes * old.step)
    kept = kept_weight(current, new)
    assert (kept == 0 and new.highest == 0) or (1 <= kept <= new.highest and (kept - 1) % new.step == 0)
