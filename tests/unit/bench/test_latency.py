# SPDX-License-Identifier: Apache-2.0
"""Round trips become percentiles, and what a balancer adds."""

import socket

import pytest

from bench.netns.latency import ADDED, ROUTING, add_difference, percentile, round_trips, row
from bench.report import Figure, Section


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    """That which so great a share does not exceed."""
    assert percentile([float(each) for each in range(1, 101)], share) == value


def test_of_nothing_there_is_no_percentile() -> None:
    """Rather than a figure of 0."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_balancer_adds_half_of_the_longer_round_trip_to_a_packet() -> None:
    """A round trip is two packets; of plain routing nothing is said."""
    table = Section("latency", [], "µs")
    for column, cost in {ROUTING: 20, "xlvs tc": 23}.items():
        table.put(row("p50"), column, Figure(cost, cost - 1))
    add_difference(table)
    assert table.rows[ADDED] == {"xlvs tc": Figure(1.5, 1.5)}


def test_round_trips_are_counted_after_some_to_warm_up_and_come_in_order() -> None:
    """Between two ends that answer each other in one thread."""
    near, far = socket.socketpair()
    with near, far:
        found = round_trips(near, far, 50)
    assert len(found) == 50
    assert found == sorted(found)
    assert found[0] > 0
