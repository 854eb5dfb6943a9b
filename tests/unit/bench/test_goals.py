# SPDX-License-Identifier: Apache-2.0
"""Whether a goal is met is said from the figures alone."""

import pytest

from bench import control, sync
from bench.goals import GOALS, Goal, judge, judgements, summary, table
from bench.netns import flood
from bench.netns import rows as network
from bench.progrun import cases
from bench.progrun.rows import COLUMNS
from bench.report import Figure, Section

BOUND = Goal("cost", "row", ("xlvs",), 100)
RATIO = Goal("ratio", "row", ("xlvs",), 1.5, ("other", "floor"))
SHARE = Goal("share", "row", ("xlvs tc", "xlvs XDP"), 1.0, ("row", "plain routing"), high=True)


@pytest.mark.parametrize(
    ("figure", "met"),
    [(Figure(100, 90), "yes"), (Figure(101, 100), "in the best run"), (Figure(120, 101), "no"), (None, "not measured")],
)
def test_a_bound_is_held_by_the_median_or_by_the_best_run(figure: Figure | None, met: str) -> None:
    """Neighbours can only add to a cost: what the best run shows is possible."""
    assert judge(BOUND, {("row", "xlvs"): figure} if figure else {}).met == met


@pytest.mark.parametrize(("ours", "met"), [(150, "yes"), (151, "no")])
def test_a_ratio_is_to_another_cell(ours: float, met: str) -> None:
    """Medians by medians, best by best."""
    cells = {("row", "xlvs"): Figure(ours, ours), ("other", "floor"): Figure(100, 100)}
    assert judge(RATIO, cells).met == met


@pytest.mark.parametrize("other", [None, Figure(0, 0)])
def test_a_ratio_to_nothing_is_not_measured(other: Figure | None) -> None:
    """A floor of 0 ns bounds nothing."""
    cells = {("row", "xlvs"): Figure(1, 1)} | ({("other", "floor"): other} if other else {})
    assert judge(RATIO, cells).met == "not measured"


def test_of_several_columns_the_better_one_counts() -> None:
    """A user takes the faster path; of rates more is better."""
    cells = {
        ("row", "xlvs tc"): Figure(9, 9),
        ("row", "xlvs XDP"): Figure(11, 12),
        ("row", "plain routing"): Figure(10, 10),
    }
    assert judge(SHARE, cells).median == pytest.approx(1.1)
    assert judge(SHARE, cells).met == "yes"


def test_every_goal_has_a_row_that_is_measured() -> None:
    """A goal without a row could not be missed."""
    programs = {row: {"xlvs XDP", "floor XDP, hash table"} for group in cases.groups() for row in group.cases}
    others = {network.KEPT, network.CLOSED, network.STREAM, network.WIRE, network.UDP, network.UDP_NEW}
    others |= {control.BYTES, control.BYTES6, control.EXPIRY, control.LONGEST_TICK}
    others |= {flood.LOST["other"], flood.BROKEN, flood.MEMORY}
    others |= {sync.TOLD, sync.HEARD, sync.MISSING, sync.JOINED}
    for goal in GOALS:
        asked = [(goal.row, column) for column in goal.columns] + ([goal.against] if goal.against else [])
        for row, column in asked:
            if row in programs:
                assert column in programs[row] & set(COLUMNS)
            else:
                assert row in others


def test_goals_of_other_parts_are_left_out() -> None:
    """They were not to be measured."""
    programs = Section("Programs alone", [], "ns")
    programs.put("not ours", "xlvs XDP", Figure(13, 12))
    found = judgements([programs])
    assert [each.goal.row for each in found] == ["not ours"]
    assert summary(found) == ["Goals met: 1 of 1."]
    assert table(found).splitlines()[-1].split() == [
        "|",
        "not",
        "ours,",
        "ns",
        "|",
        "13.0",
        "|",
        "12.0",
        "|",
        "≤",
        "35.0",
        "|",
        "yes",
        "|",
    ]


def test_goals_that_are_missed_are_named() -> None:
    """So that nobody has to look for them."""
    programs = Section("Programs alone", [], "ns")
    programs.put("not ours", "xlvs XDP", Figure(40, 36))
    programs.put("new TCP, table full", "xlvs XDP", Figure(251, 249))
    programs.put("new TCP, DR, wlc", "xlvs XDP", None)
    assert summary(judgements([programs])) == [
        "Goals met: 0 of 3.",
        "Met in the best run only: new connection, table full, ns.",
        "Missed: not ours, ns.",
        "Not measured: new connection, wlc over 10, DR, ns.",
    ]


def test_without_goals_nothing_is_said() -> None:
    """Other parts have none."""
    assert summary([]) == []
    assert table([]) == ""
