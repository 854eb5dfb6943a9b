# SPDX-License-Identifier: Apache-2.0
"""What tracked things come to, as seen at the real Keepalived."""

import pytest

from xlvs.vrrp.track import Sum, effective, of_file, of_switch, total

FAULT, WELL = Sum(faults=1), Sum()
SWITCHES = [
    # weight, reverse, while it is up, while it is down
    (0, False, WELL, FAULT),
    (0, True, FAULT, WELL),
    (10, False, Sum(weight=10), WELL),
    (-10, False, WELL, Sum(weight=-10)),
    (10, True, Sum(weight=-10), WELL),
    (-10, True, WELL, Sum(weight=10)),
]


@pytest.mark.parametrize(("weight", "reverse", "up", "down"), SWITCHES)
def test_weight_counts_while_a_thing_is_up_or_down(weight: int, reverse: bool, up: Sum, down: Sum) -> None:
    """Positive ones while it is up, negative ones while it is down; reverse changes the sign, or what is a fault."""
    assert of_switch(weight, reverse=reverse, up=True) == up
    assert of_switch(weight, reverse=reverse, up=False) == down


FILES = [
    (0, False, 0, WELL),
    (0, False, 7, FAULT),
    (3, False, 7, Sum(weight=21)),
    (3, True, 7, Sum(weight=-21)),
    (1, False, -254, FAULT),
    (1, False, -253, Sum(weight=-253)),
    (10, False, 1000, Sum(weight=253)),
]


@pytest.mark.parametrize(("weight", "reverse", "value", "found"), FILES)
def test_number_in_a_file_counts_times_its_weight(weight: int, reverse: bool, value: int, found: Sum) -> None:
    """Without a weight any number but 0 is a fault, and so is a very low product."""
    assert of_file(weight, reverse=reverse, value=value) == found


def test_everything_tracked_is_added_up() -> None:
    """And an effective priority is never that of an owner, nor of one that resigns."""
    assert total([Sum(1, 5), Sum(0, -7), Sum(1)]) == Sum(2, -2)
    assert [effective(100, weight) for weight in (5, 200, -200)] == [105, 254, 1]
