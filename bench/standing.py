# SPDX-License-Identifier: Apache-2.0
"""Where we stand: our figures against the aims, said in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import goals

if TYPE_CHECKING:
    from bench.report import Section

OURS = "xlvs"
ROUTING = "plain routing"
FLOOR = "floor"
KATRAN = "Katran XDP"


def _medians(section: Section, row: str) -> dict[str, float]:
    return {column: figure.median for column, figure in section.rows[row].items() if figure}


def against_katran(section: Section) -> list[str]:
    """Our XDP program's ns per packet as a share of Katran's, row by row; at most 1 is the aim."""
    found = {row: _medians(section, row) for row in section.rows}
    shares = {
        row: cells[f"{OURS} XDP"] / cells[KATRAN]
        for row, cells in found.items()
        if KATRAN in cells and f"{OURS} XDP" in cells
    }
    if not shares:
        return []
    slower = [f"{row} {share:.2f}" for row, share in shares.items() if share > 1]
    best = min(shares.values())
    count = f"{len(shares) - len(slower)} of {len(shares)} rows (best {best:.2f} of its time)"
    return [f"XDP against Katran's: as fast or faster in {count}; slower: {', '.join(slower) or 'none'}."]


def against_others(section: Section) -> list[str]:
    """The better of our two paths in each row: its rank among balancers, and its share of plain routing."""
    lines = []
    for row in section.rows:
        cells = _medians(section, row)
        ours = {column: value for column, value in cells.items() if column.startswith(OURS)}
        none = (ROUTING, *(column for column in cells if column.startswith(FLOOR)))
        others = {column: value for column, value in cells.items() if column not in ours and column not in none}
        if not ours:
            continue
        column, value = max(ours.items(), key=lambda cell: cell[1])
        rank = 1 + sum(1 for other in others.values() if other > value)
        share = f", {value / cells[ROUTING]:.2f} of plain routing" if ROUTING in cells else ""
        lines.append(f"{row}: {column} is number {rank} of {1 + len(others)} balancers{share}.")
    return lines


def against_aims(section: Section) -> list[str]:
    """Which aims for commands and memory are met."""
    met: list[str] = []
    missed: list[str] = []
    for row in section.rows:
        cells = _medians(section, row)
        if "aim" in cells and OURS in cells:
            (met if cells[OURS] <= cells["aim"] else missed).append(row)
    return (
        [f"Aims met: {'; '.join(met) or 'none'}.", f"Aims missed: {'; '.join(missed) or 'none'}."]
        if met or missed
        else []
    )


def lines(sections: list[Section]) -> list[str]:
    """Everything that can be said of these sections."""
    said = goals.summary(goals.judgements(sections))
    for section in sections:
        if KATRAN in section.columns:
            said += against_katran(section)
        elif section.more_is_better:
            said += against_others(section)
        else:
            said += against_aims(section)
    return said
