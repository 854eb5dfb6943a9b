# SPDX-License-Identifier: Apache-2.0
"""The goals for speed and memory, and which of them the measured figures meet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.report import Figure, markdown, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report import Section

XDP, TC, HASH, ROUTING = "xlvs XDP", "xlvs tc", "floor XDP, hash table", "plain routing"
BROKEN, GROWN = "established connections that broke", "memory of all maps: KiB more after the flood"
LONGEST_TICK = "ms of the longest tick"
FLAT = 1.15  # differences below that mean nothing on a shared machine
MET, BARELY, MISSED, UNKNOWN = "yes", "in the best run", "no", "not measured"
Cells = dict[tuple[str, str], Figure]


@dataclass(frozen=True)
class Goal:
    """A bound for a cell, or for its ratio to another; of several columns the one that comes nearest counts.

    `high`: the bound is one from below, and the best of several runs is the highest.
    """

    name: str
    row: str
    columns: tuple[str, ...]
    bound: float
    against: tuple[str, str] | None = None
    high: bool = False


@dataclass(frozen=True)
class Judgement:
    """What a goal's measure has come to: by the medians, and by the best of several runs; None: not measured."""

    goal: Goal
    median: float | None
    best: float | None

    @property
    def met(self) -> str:
        """Whether the goal is met."""
        if self.median is None or self.best is None:
            return UNKNOWN
        if _reaches(self.goal, self.median):
            return MET
        return BARELY if _reaches(self.goal, self.best) else MISSED


def _reaches(goal: Goal, value: float) -> bool:
    return value >= goal.bound if goal.high else value <= goal.bound


def _cost(name: str, row: str, bound: float) -> Goal:
    return Goal(f"{name}, ns", row, (XDP,), bound)


def _ratio(name: str, row: str, bound: float, other: str, column: str = XDP) -> Goal:
    return Goal(name, row, (XDP,), bound, (other, column))


def _established() -> list[Goal]:
    """A connection that is there: tunnels by their cost, the others by what a tunnel costs."""
    found = []
    for label, bound in {"1": 110, "1 k": 110, "64 k": 200, "512 k": 260}.items():
        tunnel, direct, translated = (f"TCP {method}, {label}" for method in ("tunnel", "DR", "NAT"))
        found.append(_cost(tunnel, tunnel, bound))
        found.append(_ratio(f"{tunnel}: times the floor with a hash table", tunnel, 2.0, tunnel, HASH))
        found.append(_ratio(f"{direct}: times the tunnel", direct, 1.0, tunnel))
        found.append(_ratio(f"{translated}: times the tunnel", translated, 1.15, tunnel))
    for label in ("1", "64 k", "512 k"):
        answer = f"TCP NAT reply, {label}"
        found.append(_ratio(f"{answer}: times the tunnel", answer, 1.15, f"TCP tunnel, {label}"))
    for label, bound in {"1": 110, "64 k": 200}.items():
        found.append(_cost(f"UDP tunnel, {label}", f"UDP tunnel, {label}", bound))
        for method in ("tunnel", "NAT"):
            row = f"TCP {method}, {label}"
            found.append(_ratio(f"IPv6 {row}: times IPv4", f"IPv6 {row}", 1.1, row))
    return found


def _others() -> list[Goal]:
    """Packets that are none of ours, new connections, tables with much in them."""
    found = [
        _cost("not ours", "not ours", 35),
        _cost("new connection, wlc over 10, DR", "new TCP, DR, wlc", 550),
        _cost("new connection, wlc over 10, NAT", "new TCP, NAT, wlc", 800),
        _cost("new connection, table full", "new TCP, table full", 250),
    ]
    for row in ("TCP NAT, 1 k", "new TCP"):
        name = f"{row}, 10,000 services: times that with 10"
        found.append(_ratio(name, f"{row}, 10,000 services", 1.3, f"{row}, 10 services"))
    for scheduler in ("rr", "wrr", "sh", "dh", "mh", "wlc"):
        row = f"new TCP, {scheduler}"
        name, bound = f"{row}, 1,000 destinations: times that with 10", 3.0 if scheduler == "wlc" else FLAT
        found.append(_ratio(name, f"{row}, 1,000 destinations", bound, f"{row}, 10 destinations"))
    return found


def _network() -> list[Goal]:
    """Through namespaces, as shares of plain routing."""
    either = (TC, XDP)
    wanted = [
        ("HTTP requests/s, connections kept alive", either, 1.00),
        ("HTTP requests/s, one connection each", either, 0.97),
        ("TCP stream, Gbit/s", either, 1.00),
        ("TCP stream as on a wire, Gbit/s", either, 1.00),
        ("UDP, 1000 connections, thousand packets/s", (XDP,), 1.45),
        ("UDP, 1000 connections, thousand packets/s", (TC,), 1.05),
        ("UDP, every packet a new connection, thousand packets/s", either, 1.2),
    ]
    return [
        Goal(
            f"{row}{'' if columns == either else f', {columns[0]}'}: of plain routing",
            row,
            columns,
            bound,
            (row, ROUTING),
            high=True,
        )
        for row, columns, bound in wanted
    ]


def _flood() -> list[Goal]:
    """Spoofed first packets at a full table: at tc and in XDP."""
    rows = {"100,000 SYN/s on another core: % of the requests lost": 1, BROKEN: 0, GROWN: 0}
    return [Goal(f"{row}, {column}", row, (column,), bound) for row, bound in rows.items() for column in (TC, XDP)]


def _memory() -> list[Goal]:
    row, row6 = (f"bytes per connection, {family}NAT with both directions" for family in ("", "IPv6, "))
    expiry = "expiry with 1,000,000 idle connections: "
    return [
        Goal(row, row, ("xlvs",), 160),
        Goal("bytes per connection, one way", row, ("xlvs",), 96),
        Goal(row6, row6, ("xlvs",), 240),
        Goal("bytes per connection, IPv6, one way", row6, ("xlvs",), 144),
        *(
            Goal(expiry + what, expiry + what, ("xlvs",), bound)
            for what, bound in (("% of a core", 3), (LONGEST_TICK, 2))
        ),
    ]


def _synchronisation() -> list[Goal]:
    """50,000 connections a second told and heard by one core each; the whole table for who joins."""
    rows = {
        "telling of a connection: µs of a core": 20,
        "hearing of a connection: µs of a core": 20,
        "50,000 connections/s: % that the other director lacks": 0,
        "restarted director: s until it has 100,000 connections": 2,
    }
    return [Goal(row, row, ("xlvs",), bound) for row, bound in rows.items()]


GOALS = (*_established(), *_others(), *_network(), *_flood(), *_memory(), *_synchronisation())


def judge(goal: Goal, cells: Cells) -> Judgement:
    """What a goal's measure has come to in these figures."""
    found = []
    for column in goal.columns:
        figure = cells.get((goal.row, column))
        other = cells.get(goal.against) if goal.against else Figure(1, 1)
        if figure and other and other.median > 0 and other.best > 0:
            found.append((figure.median / other.median, figure.best / other.best))
    if not found:
        return Judgement(goal, None, None)
    return Judgement(goal, *(max(found) if goal.high else min(found)))


def judgements(sections: Sequence[Section]) -> list[Judgement]:
    """All goals whose row was to be measured in one of these sections."""
    cells = {
        (row, column): figure
        for section in sections
        for row, found in section.rows.items()
        for column, figure in found.items()
        if figure
    }
    rows = {row for section in sections for row in section.rows}
    return [judge(goal, cells) for goal in GOALS if goal.row in rows]


def summary(found: Sequence[Judgement]) -> list[str]:
    """How many goals are met, and the others by name."""
    if not found:
        return []
    said = [f"Goals met: {sum(each.met == MET for each in found)} of {len(found)}."]
    for kind, words in ((BARELY, "Met in the best run only"), (MISSED, "Missed"), (UNKNOWN, "Not measured")):
        names = [each.goal.name for each in found if each.met == kind]
        if names:
            said.append(f"{words}: {'; '.join(names)}.")
    return said


def table(found: Sequence[Judgement]) -> str:
    """All of them as a Markdown table, "" for none."""
    if not found:
        return ""
    lines = [["", "figure", "in the best run", "goal", "met"]]
    for each in found:
        shown = ["-" if value is None else number(value) for value in (each.median, each.best)]
        sign = "≥" if each.goal.high else "≤"
        lines.append([each.goal.name, *shown, f"{sign} {number(each.goal.bound)}", each.met])
    return "\n".join(["## Goals", "", *markdown(lines)])
