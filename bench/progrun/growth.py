# SPDX-License-Identifier: Apache-2.0
"""What a packet costs as the work grows: more connections, services, destinations, processors; a plot of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import plots
from bench.netns import topology as net
from bench.progrun import cases, cores
from bench.progrun.cases import Case, Group
from bench.progrun.harness import ALL_NEW
from bench.progrun.packets import SYN, VIP4, ipv4
from bench.progrun.path import OURS, Samples, column
from bench.progrun.rows import one_round
from bench.report import Section

if TYPE_CHECKING:
    from pathlib import Path

ROOM = 1 << 23  # connections: for 4 Mi, and for the services that go with so many
CONNECTIONS = [1 << power for power in range(10, 23, 2)]
SERVICES = [10, 100, 1000, 10_000, 100_000]
DESTINATIONS = [1, 10, 100, 1000]
SCHEDULERS = ("rr", "sh", "wlc")
KNOWN, NEW_ONE, NEW_ALL = "known", "new, to one", "new, to all in turn"
CORES = "processors"
PLOTS = {
    "connections": "connections",
    "services": "services",
    "destinations": "destinations of the service",
    CORES: "processors at work",
}


def name(plot: str, line: str, size: int) -> str:
    """The row of one point: what grows, which line of its plot, and how much there is."""
    return f"{plot}, {line}: {size:,}"


def _connections() -> Group:
    rows = {}
    for size in CONNECTIONS:
        known = tuple((packet, size - 1) for packet in (ipv4(SYN), ipv4()))
        rows[name("connections", KNOWN, size)] = Case(ipv4(), size - 1, known, beside=())
    return Group(cases.service(f"-t {VIP4}:80", "rr", "NAT", cases.destinations4()), rows, connections=ROOM)


def _services(count: int) -> Group:
    one = ipv4(SYN, source=cases.client_of(1), target=cases.virtual_address(count // 2))
    asked = {NEW_ONE: one, NEW_ALL: cases.at_all(count, SYN, 2)}
    rows = {
        name("services", line, count): Case(packet, ALL_NEW, repeat=cases.NEW_REPEAT, beside=())
        for line, packet in asked.items()
    }
    return Group(cases.many_services(count), rows, connections=ROOM)


def _destinations() -> Group:
    rows, rules = {}, []
    for number, (scheduler, count) in enumerate((each, count) for each in SCHEDULERS for count in DESTINATIONS):
        port = 1000 + number
        addresses = [f"{address}:80" for address in net.MANY_DESTINATIONS4[:count]]
        rules += cases.service(f"-t {VIP4}:{port}", scheduler, "NAT", addresses)
        packet = ipv4(SYN, source=cases.client_of(number), ports=(1024, port))
        rows[name("destinations", scheduler, count)] = Case(packet, ALL_NEW, repeat=cases.NEW_REPEAT // 2, beside=())
    return Group(rules, rows)


def groups() -> list[Group]:
    """All of them."""
    return [_connections(), *(_services(count) for count in SERVICES), _destinations()]


def section(rounds: int) -> Section:
    """The table behind the plots."""
    found = Section(
        "Cost as the work grows",
        [column("xlvs", path) for path in OURS],
        "ns per packet, in brackets the least; less is better",
        "Measured as programs alone. Connections are known ones of one service with NAT; services are asked for by new"
        " connections, as are destinations. With several processors at work it is what a packet costs each of them.",
        shows_best=True,
    )
    samples, chosen = Samples(), groups()
    for _ in range(rounds):
        one_round(samples, chosen)
        cores.one_round(samples, CORES, ROOM)
    on_cores = [name(CORES, line, count) for line in cores.rows() for count in cores.counts()]
    for row in [*(row for group in chosen for row in group.cases), *on_cores]:
        for shown in found.columns:
            found.put(row, shown, samples.figure(row, shown))
    found.missing = list(dict.fromkeys(f"{what}: {why}" for what, why in samples.missing))
    return found


def lines_of(found: Section, plot: str) -> dict[str, list[tuple[float, float]]]:
    """The lines of one plot: {line and path: points of size and least cost}."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row, cells in found.rows.items():
        place, _, size = row.rpartition(": ")
        what, _, line = place.partition(", ")
        for shown, figure in cells.items():
            if what == plot and figure and figure.best > 0:
                lines.setdefault(f"{line}: {shown}", []).append((float(size.replace(",", "")), figure.best))
    return lines


def draw(found: Section, folder: Path) -> None:
    """Write a plot of each kind of growth into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for plot, words in PLOTS.items():
        lines = lines_of(found, plot)
        if lines:
            text = plots.svg(f"Cost of a packet by the number of {words}", words, "ns per packet", lines)
            (folder / f"growth-{plot}.svg").write_text(text)
