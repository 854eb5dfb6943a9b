# SPDX-License-Identifier: Apache-2.0
"""What a flood takes from established connections is told from its source's and the wire's work."""

from bench.goals import GOALS
from bench.netns import flood


def outcome(refused: list[float], dropped: list[float], quiet: list[float]) -> flood.Outcome:
    """Answers per second on the other core, by what came meanwhile."""
    kinds = {flood.FLOOD: refused, flood.BASELINE: dropped, flood.QUIET: quiet}
    return flood.Outcome({("other", kind): rates for kind, rates in kinds.items()})


def test_the_loss_is_that_against_the_same_flood_dropped() -> None:
    """Cycle by cycle, so that a neighbour's work meets both."""
    found = outcome([90, 45], [100, 50], [200, 200])
    assert [round(lost) for lost in found.lost("other")] == [10, 10]


def test_the_loss_against_quiet_has_the_source_in_it() -> None:
    """It is shown beside the other one."""
    assert outcome([90], [100], [180]).lost("other", flood.QUIET) == [50.0]


def test_connections_that_failed_are_counted_from_wrks_report() -> None:
    """Whatever they failed at."""
    assert flood.broken("  Socket errors: connect 1, read 2, write 3, timeout 4\n") == 10


def test_a_report_without_errors_has_no_broken_connection() -> None:
    """Wrk leaves the line out then."""
    assert flood.broken("Requests/sec:   1000.00\n") == 0


def test_goals_stand_for_rows_that_are_measured() -> None:
    """A goal for a row of another name would never be judged."""
    wanted = {goal.row for goal in GOALS}
    assert {flood.LOST["other"], flood.BROKEN, flood.MEMORY} <= wanted
