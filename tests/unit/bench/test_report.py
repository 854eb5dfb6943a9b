# SPDX-License-Identifier: Apache-2.0
"""Figures become tables and JSON."""

import json

import pytest

from bench.report import MARK, Figure, Section, as_json, document, number, render


def test_a_figure_is_the_median_and_the_best_of_its_samples() -> None:
    """For costs the best is the least, for rates the most."""
    assert Figure.of([30, 10, 20]) == Figure(20, 10)
    assert Figure.of([30, 10, 20], high_is_good=True) == Figure(20, 30)


def test_a_figure_needs_samples() -> None:
    """Nothing measured is no figure."""
    with pytest.raises(ValueError, match="no samples"):
        Figure.of([])


@pytest.mark.parametrize(
    ("value", "shown"), [(38164.2, "38,164"), (100.0, "100"), (32.04, "32.0"), (3.522, "3.52"), (-12.5, "-12.5")]
)
def test_numbers_show_three_digits(value: float, shown: str) -> None:
    """More digits would claim more than was measured."""
    assert number(value) == shown


def test_a_section_is_a_markdown_table_with_a_dash_where_nothing_was_measured() -> None:
    """Columns line up, and reasons follow."""
    section = Section("Speed", ["xlvs"], "ns")
    section.put("one", "xlvs", Figure(12, 11))
    section.put("two", "floor", Figure(5, 5))
    section.skip("nginx", "is not installed")
    assert render(section).splitlines() == [
        "## Speed (ns)",
        "",
        "|     | xlvs | floor |",
        "|-----|-----:|------:|",
        "| one | 12.0 |     - |",
        "| two |    - |  5.00 |",
        "- not measured: nginx: is not installed",
    ]


def test_json_holds_medians_and_best_ones() -> None:
    """What a later run is compared with."""
    section = Section("Speed", ["xlvs"], "ns")
    section.put("one", "xlvs", Figure(12, 11))
    document = json.loads(as_json([section]))
    assert document["sections"][0]["rows"] == {"one": {"xlvs": {"median": 12, "best": 11}}}
    assert set(document["machine"]) == {"date", "kernel", "processor", "cores", "load"}


def test_figures_in_a_document_are_replaced_and_its_text_is_kept() -> None:
    """What stands before the mark is written by people."""
    section = Section("Speed", ["xlvs"], "ns")
    section.put("one", "xlvs", Figure(12, 11))
    written = document(f"# Title\n\n{MARK}\nold figures\n", [section], ["First."])
    assert written.startswith(f"# Title\n\n{MARK}\n\nMeasured date ")
    assert "old figures" not in written
    assert "- First.\n\n## Speed (ns)" in written


def test_a_document_without_a_mark_is_left_alone() -> None:
    """Rather than guessing where figures belong."""
    with pytest.raises(ValueError, match="no mark"):
        document("# Title\n", [], [])
