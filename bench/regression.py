# SPDX-License-Identifier: Apache-2.0
"""Have we become slower? Figures as ratios to a baseline of the same run, compared with those that were recorded. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.report import Figure, Section

TOLERANCE = 0.15
OURS = "xlvs"
# The first of these that a row has is what ours stands beside; of a path's own floors, its own.
BASELINES = ("floor {path}, hash table", "plain routing", "baseline")
Ratios = dict[str, float]


def _baseline(cells: Mapping[str, Figure | None], column: str) -> Figure | None:
    path = column.removeprefix(OURS).strip()
    for pattern in BASELINES:
        figure = cells.get(pattern.format(path=path))
        if figure and figure.best > 0:
            return figure
    return None


def ratios(sections: Sequence[Section]) -> Ratios:
    """{"section: row: column": cost as a multiple of the baseline's}, by the best runs; more is worse everywhere."""
    found = {}
    for section in sections:
        for row, cells in section.rows.items():
            for column, figure in cells.items():
                other = _baseline(cells, column) if column.startswith(OURS) else None
                if not figure or figure.best <= 0 or not other:
                    continue
                ratio = other.best / figure.best if section.more_is_better else figure.best / other.best
                found[f"{section.title}: {row}: {column}"] = round(ratio, 4)
    return found


def best_of(first: Ratios, second: Ratios) -> Ratios:
    """The better ratio of two runs: what is worse only once is the neighbours' doing."""
    return {name: min(found[name] for found in (first, second) if name in found) for name in {**first, **second}}


def worse(now: Ratios, recorded: Ratios, titles: Sequence[str], tolerance: float = TOLERANCE) -> list[str]:
    """A line for each recorded ratio of the sections `titles` that is now worse by more than `tolerance`, or is missing."""
    lines = []
    for name, before in sorted(recorded.items()):
        if name.partition(":")[0] not in titles:
            continue
        if name not in now:
            lines.append(f"{name}: not measured, was {before:.2f} of the baseline")
        elif now[name] > before * (1 + tolerance):
            lines.append(f"{name}: {now[name]:.2f} of the baseline, was {before:.2f}")
    return lines


def merged(recorded: Ratios, now: Ratios, titles: Sequence[str]) -> Ratios:
    """The record with these sections' ratios in the place of former ones; other sections stay."""
    kept = {name: value for name, value in recorded.items() if name.partition(":")[0] not in titles}
    return dict(sorted({**kept, **now}.items()))


def as_json(machine: Mapping[str, str], found: Ratios) -> str:
    """The record as a file's text."""
    return json.dumps({"machine": dict(machine), "ratios": found}, indent=1) + "\n"


def from_json(text: str) -> Ratios:
    """The ratios in a record. Raises ValueError when the text is none."""
    try:
        found = json.loads(text)["ratios"]
        return {str(name): float(value) for name, value in found.items()}
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise ValueError(f"no record of ratios: {problem}") from None
