# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG text, both axes logarithmic: a straight line is a power, a level one is constant. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 270, 40, 50
COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#b8860b", "#6a4c93", "#3a7d7c")
INK, GRID, PAPER = "#333333", "#dddddd", "#ffffff"


def marks(lowest: float, highest: float) -> list[float]:
    """Where a logarithmic axis has its marks: 1, 2 and 5 times powers of ten, from below the lowest to above the highest.

    Raises ValueError for numbers that are not positive.
    """
    if lowest <= 0 or highest < lowest:
        raise ValueError("a logarithmic axis shows what is positive")
    powers = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    places = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    first = max(place for place in places if place <= lowest)
    last = min(place for place in places if place >= highest)
    return [place for place in places if first <= place <= last]


def short(value: float) -> str:
    """A size in few characters: 1 k, 4 M."""
    for limit, letter in ((1e6, " M"), (1e3, " k")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:g}"


def growth(points: Sequence[tuple[float, float]]) -> str:
    """How the cost grows with the size, from the first point to the last: a factor by a factor."""
    (size, cost), (last_size, last_cost) = points[0], points[-1]
    if size <= 0 or cost <= 0 or last_size <= size:
        return ""
    return f"× {last_cost / cost:.2g} over × {short(last_size / size)}"


class _Frame:
    """Where values lie on the paper."""

    def __init__(self, lines: Mapping[str, Sequence[tuple[float, float]]]) -> None:
        costs = [cost for points in lines.values() for _, cost in points]
        self.sizes = sorted({size for points in lines.values() for size, _ in points})
        self.marks = marks(min(costs), max(costs))

    def x(self, size: float) -> float:
        return LEFT + _share(size, self.sizes) * (WIDTH - LEFT - RIGHT)

    def y(self, cost: float) -> float:
        return HEIGHT - BOTTOM - _share(cost, self.marks) * (HEIGHT - TOP - BOTTOM)


def _share(value: float, places: Sequence[float]) -> float:
    """How far along a logarithmic axis a value lies."""
    low, high = math.log10(places[0]), math.log10(places[-1])
    return (math.log10(value) - low) / (high - low) if high > low else 0.0


def _text(x: float, y: float, words: str, anchor: str = "middle", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'


def _axes(frame: _Frame, across: str, up: str) -> list[str]:
    parts = []
    for mark in frame.marks:
        y = frame.y(mark)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{mark:,.10g}", "end"))
    parts += [_text(frame.x(size), HEIGHT - BOTTOM + 18, short(size)) for size in frame.sizes]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across))
    parts.append(_text(LEFT, TOP - 10, up))
    return parts


def svg(title: str, across: str, up: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """A plot of named lines of (size, cost), beside each name how its cost grows. Sizes and costs are positive."""
    frame = _Frame(lines)
    parts = _axes(frame, across, up)
    for number, (line, points) in enumerate(lines.items()):
        colour, y = COLOURS[number % len(COLOURS)], TOP + 34 * number
        path = " ".join(f"{frame.x(size):.1f},{frame.y(cost):.1f}" for size, cost in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<rect x="{WIDTH - RIGHT + 20}" y="{y}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(WIDTH - RIGHT + 38, y + 10, line, "start"))
        parts.append(_text(WIDTH - RIGHT + 38, y + 24, growth(points), "start", 10))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="{INK}">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )
