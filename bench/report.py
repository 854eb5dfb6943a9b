# SPDX-License-Identifier: Apache-2.0
"""Figures and their baselines: one table per part for people, one JSON file for machines."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured number: the median of its samples, and the best of them."""

    median: float
    best: float

    @classmethod
    def of(cls, samples: Sequence[float], *, high_is_good: bool = False) -> Figure:
        """The figure that several samples show. Raises ValueError when there is none."""
        if not samples:
            raise ValueError("no samples")
        return cls(statistics.median(samples), max(samples) if high_is_good else min(samples))

    def minus(self, other: Figure) -> Figure:
        """This cost without another that it contains."""
        return Figure(self.median - other.median, self.best - other.best)


@dataclass
class Section:
    """One table: rows of figures, a column for each thing compared; the first column after the name is ours."""

    title: str
    columns: list[str]
    unit: str
    note: str = ""
    rows: dict[str, dict[str, Figure | None]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    shows_best: bool = False  # the best beside the median
    more_is_better: bool = False  # figures are rates, not costs

    def put(self, row: str, column: str, figure: Figure | None) -> None:
        """Set one cell."""
        if column not in self.columns:
            self.columns.append(column)
        self.rows.setdefault(row, {})[column] = figure

    def skip(self, what: str, why: object) -> None:
        """Remember that something could not be measured."""
        self.missing.append(f"{what}: {why}")


def number(value: float) -> str:
    """A number with about three significant digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cell(figure: Figure | None, *, shows_best: bool) -> str:
    if figure is None:
        return "-"
    if not shows_best or figure.best == figure.median:
        return number(figure.median)
    return f"{number(figure.median)} [{number(figure.best)}]"


def render(section: Section) -> str:
    """The section as a Markdown table."""
    table = [["", *section.columns]]
    for name, cells in section.rows.items():
        shown = (cells.get(column) for column in section.columns)
        table.append([name, *(_cell(figure, shows_best=section.shows_best) for figure in shown)])
    lines = markdown(table)
    head = [f"## {section.title} ({section.unit})", ""]
    tail = ["", section.note] if section.note else []
    return "\n".join([*head, *lines, *tail, *(f"- not measured: {reason}" for reason in section.missing)])


def markdown(table: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table whose first line is the head; all columns but the first are set to the right."""
    widths = [max(len(line[index]) for line in table) for index in range(len(table[0]))]
    lines = [
        "| "
        + " | ".join(_pad(cell, width, index) for index, (cell, width) in enumerate(zip(line, widths, strict=True)))
        + " |"
        for line in table
    ]
    rule = "|" + "|".join("-" * (width + 1) + ("-" if index == 0 else ":") for index, width in enumerate(widths)) + "|"
    return [lines[0], rule, *lines[1:]]


def _pad(cell: str, width: int, index: int) -> str:
    return cell.ljust(width) if index == 0 else cell.rjust(width)


def machine() -> dict[str, str]:
    """What the figures were measured on, and when."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "kernel": platform.release(),
        "processor": cpu,
        "cores": str(len([line for line in Path("/proc/stat").read_text().splitlines() if line[:3] == "cpu"]) - 1),
        "load": Path("/proc/loadavg").read_text().split()[0],
    }


def as_json(sections: Sequence[Section]) -> str:
    """Everything measured, cells as {median, best}."""
    return json.dumps({"machine": machine(), "sections": [asdict(section) for section in sections]}, indent=1)


MARK = "<!-- Everything below is written by `python -m bench --document FILE`. -->"


def document(text: str, sections: Sequence[Section], standing: Sequence[str], goals: str = "") -> str:
    """A document with everything after its mark replaced by these figures. Raises ValueError without the mark."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError("the document has no mark for the figures")
    measured = "Measured " + ", ".join(f"{name} {value}" for name, value in machine().items()) + "."
    tables = "\n\n".join([*([goals] if goals else []), *(render(section) for section in sections)])
    said = "\n".join(f"- {line}" for line in standing)
    return f"{head}{MARK}\n\n{measured}\n\n## Where we stand\n\n{said}\n\n{tables}\n"
