# SPDX-License-Identifier: Apache-2.0
"""Where we stand is said from the figures alone."""

from bench.report import Figure, Section
from bench.standing import lines


def section(columns: list[str], rows: dict[str, list[float]]) -> Section:
    """A section with one figure per cell."""
    made = Section("title", columns, "unit")
    for row, values in rows.items():
        for column, value in zip(columns, values, strict=True):
            made.put(row, column, Figure(value, value))
    return made


def test_slower_rows_than_katrans_are_named() -> None:
    """A share above 1 is slower."""
    programs = section(["xlvs XDP", "Katran XDP"], {"new": [400, 800], "known": [150, 100]})
    assert lines([programs]) == [
        "XDP against Katran's: as fast or faster in 1 of 2 rows (best 0.50 of its time); slower: known 1.50."
    ]


def test_the_better_of_both_paths_is_ranked_among_balancers() -> None:
    """Plain routing balances nothing, so it is a measure and no rival."""
    network = section(["xlvs tc", "xlvs XDP", "plain routing", "HAProxy TCP"], {"stream": [9, 3, 12, 10]})
    network.more_is_better = True
    assert lines([network]) == ["stream: xlvs tc is number 2 of 2 balancers, 0.75 of plain routing."]


def test_a_floor_is_no_rival() -> None:
    """It balances less than anybody could use."""
    network = section(["xlvs XDP", "floor XDP", "plain routing"], {"stream": [11, 13, 10]})
    network.more_is_better = True
    assert lines([network]) == ["stream: xlvs XDP is number 1 of 1 balancers, 1.10 of plain routing."]


def test_missed_aims_are_named() -> None:
    """An aim is a bound from above."""
    commands = section(["xlvs", "aim"], {"list": [90, 100], "restore": [3000, 2000]})
    assert lines([commands]) == ["Aims met: list.", "Aims missed: restore."]
