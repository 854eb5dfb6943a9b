# SPDX-License-Identifier: Apache-2.0
"""Plots are what the figures say."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.plots import growth, marks, short, svg
from bench.progrun import growth as measured
from bench.report import Figure, Section

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [(90, 620, [50, 100, 200, 500, 1000]), (100, 100, [100]), (7, 20, [5, 10, 20]), (0.3, 1.5, [0.2, 0.5, 1, 2])],
)
def test_marks_of_an_axis_are_round_and_enclose_the_values(
    lowest: float, highest: float, expected: list[float]
) -> None:
    """A logarithmic axis has no end at 0."""
    assert marks(lowest, highest) == pytest.approx(expected)


def test_a_cost_of_nothing_has_no_place() -> None:
    """Rather than a line that leaves the paper."""
    with pytest.raises(ValueError, match="positive"):
        marks(0, 10)


@pytest.mark.parametrize(("value", "words"), [(1, "1"), (1024, "1.02 k"), (10_000, "10 k"), (4_000_000, "4 M")])
def test_sizes_are_short(value: float, words: str) -> None:
    """They stand side by side under the axis."""
    assert short(value) == words


def test_growth_is_said_from_the_first_point_to_the_last() -> None:
    """As factors, which tell constant from linear cost."""
    assert growth([(10, 100), (100, 90), (10_000, 300)]) == "× 3 over × 1 k"
    assert growth([(10, 100)]) == ""


def test_a_plot_has_a_line_of_all_points_for_each_name() -> None:
    """Sizes go to the right, costs up."""
    root = ET.fromstring(svg("a < b", "connections", "ns", {"tc & XDP": [(1, 10), (10, 5)], "other": [(1, 1)]}))
    drawn = [line.attrib["points"].split() for line in root.iter(f"{SVG}polyline")]
    (left, high), (right, low) = (tuple(map(float, point.split(","))) for point in drawn[0])
    assert [len(points) for points in drawn] == [2, 1]
    assert left < right
    assert high < low
    assert {"tc & XDP", "connections", "ns"} <= {text.text for text in root.iter(f"{SVG}text")}


def test_rows_become_the_lines_of_their_plot() -> None:
    """By the least cost; what was not measured is left out."""
    table = Section("growth", ["xlvs XDP"], "ns")
    table.put(measured.name("services", measured.NEW_ONE, 10), "xlvs XDP", Figure(9, 8))
    table.put(measured.name("services", measured.NEW_ONE, 10_000), "xlvs XDP", Figure(12, 11))
    table.put(measured.name("services", measured.NEW_ALL, 10), "xlvs XDP", None)
    table.put(measured.name("destinations", "rr", 10), "xlvs XDP", Figure(1, 1))
    assert measured.lines_of(table, "services") == {f"{measured.NEW_ONE}: xlvs XDP": [(10, 8), (10_000, 11)]}


def test_plots_are_written_for_what_was_measured(tmp_path: Path) -> None:
    """Into a folder that need not be there."""
    table = Section("growth", ["xlvs XDP"], "ns")
    table.put(measured.name("connections", measured.KNOWN, 1024), "xlvs XDP", Figure(9, 8))
    measured.draw(table, tmp_path / "new")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["growth-connections.svg"]


def test_every_size_has_a_row() -> None:
    """From 1 Ki connections to 4 Mi, 10 services to 100,000, one destination to 1,000."""
    rows = {row for group in measured.groups() for row in group.cases}
    assert measured.name("connections", measured.KNOWN, 1 << 22) in rows
    assert measured.name("services", measured.NEW_ALL, 100_000) in rows
    assert {measured.name("destinations", each, 1000) for each in measured.SCHEDULERS} <= rows
