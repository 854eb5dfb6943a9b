# SPDX-License-Identifier: Apache-2.0
"""What has become slower is found out, by ratios to a baseline of the same run."""

from collections.abc import Mapping

import pytest

from bench.regression import as_json, best_of, from_json, merged, ratios, worse
from bench.report import Figure, Section

Cells = Mapping[str, float | None]


def section(title: str, rows: Mapping[str, Cells]) -> Section:
    """A section whose medians are far from the best, which alone count."""
    made = Section(title, [], "unit")
    for row, cells in rows.items():
        for column, value in cells.items():
            made.put(row, column, None if value is None else Figure(value * 3, value))
    return made


def test_each_path_stands_beside_its_own_floor() -> None:
    """Costs: more is worse."""
    cells: Cells = {
        "xlvs XDP": 90,
        "floor XDP, hash table": 60,
        "xlvs tc": 120,
        "floor tc, hash table": 100,
        "Katran XDP": 7,
    }
    assert ratios([section("P", {"one": cells})]) == {"P: one: xlvs XDP": 1.5, "P: one: xlvs tc": 1.2}


def test_of_rates_the_inverse_counts() -> None:
    """So that more is worse everywhere."""
    cells: Cells = {"xlvs tc": 50, "plain routing": 100, "nginx stream": 10}
    rates, times = section("N", {"requests": cells}), section("L", {"round trip": cells})
    rates.more_is_better = True
    assert ratios([rates, times]) == {"N: requests: xlvs tc": 2.0, "L: round trip: xlvs tc": 0.5}


@pytest.mark.parametrize("cells", [{"xlvs": 5, "aim": 7}, {"xlvs": 5, "baseline": None}, {"xlvs": 5, "baseline": 0}])
def test_without_a_baseline_there_is_no_ratio(cells: Cells) -> None:
    """Nanoseconds of another day say nothing."""
    assert ratios([section("C", {"row": cells})]) == {}


@pytest.mark.parametrize(("now", "is_worse"), [(1.0, False), (2.0, False), (2.3, False), (2.31, True)])
def test_fifteen_per_cent_are_noise_and_more_is_a_regression(now: float, *, is_worse: bool) -> None:
    """What is better is no reason to fail either."""
    lines = ["P: row: xlvs: 2.31 of the baseline, was 2.00"] if is_worse else []
    assert worse({"P: row: xlvs": now}, {"P: row: xlvs": 2.0}, ["P"]) == lines


def test_a_row_that_is_gone_is_told() -> None:
    """A check that a missing row passes could be passed by breaking the row."""
    assert worse({}, {"P: row: xlvs": 2.0}, ["P"]) == ["P: row: xlvs: not measured, was 2.00 of the baseline"]


def test_parts_that_were_not_measured_are_not_judged() -> None:
    """A check of one part alone is one."""
    assert worse({}, {"P: row: xlvs": 2.0}, ["N"]) == []


def test_a_row_that_is_new_is_no_regression() -> None:
    """There is nothing to compare it with yet."""
    assert worse({"P: new: xlvs": 9.0}, {}, ["P"]) == []


def test_of_two_runs_the_better_one_counts() -> None:
    """Row by row, whichever of them has it."""
    assert best_of({"a": 1.0, "b": 2.0}, {"b": 1.5, "c": 3.0}) == {"a": 1.0, "b": 1.5, "c": 3.0}


def test_recording_one_part_keeps_the_others() -> None:
    """And forgets rows of that part that are there no more."""
    assert merged({"P: old: xlvs": 1.0, "N: row: xlvs": 2.0}, {"P: new: xlvs": 3.0}, ["P"]) == {
        "N: row: xlvs": 2.0,
        "P: new: xlvs": 3.0,
    }


def test_a_record_is_read_as_it_was_written() -> None:
    """With the machine beside it, for people."""
    assert from_json(as_json({"processor": "fast"}, {"P: row: xlvs": 1.25})) == {"P: row: xlvs": 1.25}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"ratios": 3}', '{"ratios": {"a": "fast"}}', '{"ratios": {"a": null}}']
)
def test_a_broken_record_is_no_record(text: str) -> None:
    """Rather than a check that passes."""
    with pytest.raises(ValueError, match="no record"):
        from_json(text)
