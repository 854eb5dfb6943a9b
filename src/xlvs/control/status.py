# SPDX-License-Identifier: Apache-2.0
"""``xlvs status``: what is attached where, what is missing and what to do about it."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Protocol

from xlvs.control.findings import findings, findings_of_services, findings_without_director

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.control.finding import Finding
    from xlvs.ipvs.health import Health, Line

_RED, _YELLOW, _GREEN, _PLAIN = "\033[31m", "\033[33m", "\033[32m", "\033[0m"
_LABEL: Final = 12


def main(argv: list[str]) -> int:
    """Run ``xlvs status ARGV``; 0 when all is well, 1 when something is missing."""
    options = _parser().parse_args(argv)
    from xlvs.ipvs import health as facts
    from xlvs.ipvs.pinned import open_tables

    tables = open_tables()
    store = tables.present_store()
    if store is None:
        health, lines = None, facts.hosts_lines()
        found = findings_without_director(lines)
    else:
        health = facts.examine(store)
        from xlvs.ipvs import local_addresses

        pools = {view.configured.service for view in local_addresses.present(store)}
        lines, found = health.lines, [*findings(health), *findings_of_services(tables.services(), pools)]
    if options.json:
        _print_json(health, lines, found)
    else:
        colours = sys.stdout.isatty()
        print("\n".join([*report(health, lines), *advice(found, colours=colours)]))
    return int(any(each.grave for each in found))


def report(health: Health | None, lines: Sequence[Line]) -> Iterator[str]:
    """The facts, a line each."""
    if health is None:
        yield row("director", "none")
    else:
        clock = "runs" if health.clock_runs else "stands still"
        yield row("director", f"programs {health.tc_program} (tc), {health.xdp_program} (XDP); clock {clock}")
    width = max((len(line.name) for line in lines), default=0)
    for index, line in enumerate(lines):
        yield row("" if index else "interfaces", f"{line.name:<{width}}  {describe(line)}")
    if health is not None:
        yield from _tables(health)


def describe(line: Line) -> str:
    """What hangs on an interface, in words."""
    parts = [f"tc ({line.tc})"] if line.tc else []
    if line.egress and not line.tc:
        parts.append(f"tc egress ({line.egress})")
    if line.xdp:
        parts.append(f"XDP {line.xdp}")
    text = " + ".join(parts) or ("not attached" if line.suitable else "not attached, not Ethernet or part of another")
    return text if line.current else f"{text}, older program"


class Advice(Protocol):
    """A finding of any kind: see `xlvs.control.findings.Finding`."""

    @property
    def what(self) -> str:
        """What is wrong."""

    @property
    def remedy(self) -> str:
        """What to do about it."""

    @property
    def grave(self) -> bool:
        """Whether packets are lost by it."""


def advice(found: Sequence[Advice], *, colours: bool) -> Iterator[str]:
    """The findings, each with its remedy."""
    if not any(each.grave for each in found):
        yield _coloured("nothing is missing; worth knowing:" if found else "all is well", _GREEN, colours=colours)
    for each in found:
        mark, colour = ("!", _RED) if each.grave else ("-", _YELLOW)
        yield f"{_coloured(mark, colour, colours=colours)} {each.what}"
        yield f"    {each.remedy}"


def _tables(health: Health) -> Iterator[str]:
    yield row("services", f"{health.services.used} of {health.services.room}")
    yield row("destinations", f"{health.destinations.used} of {health.destinations.room}")
    yield row("connections", f"{health.connections.used} of {health.connections.room}")
    marks = [
        f"{', '.join(map(str, each))} ({name})"
        for each, name in zip(health.marks[:2], ("IPv4", "IPv6"), strict=True)
        if each
    ]
    if marks:
        yield row("marks", f"of netfilter, by xlvs-mark: {'; '.join(marks)}")
    if health.marks.ranges:
        yield row("" if marks else "marks", f"of `xlvs mark`: {health.marks.ranges} ranges of ports")
    yield row("memory", f"{health.memory_bytes / (1 << 20):.0f} MiB")
    counted = [f"{name} {count}" for name, count in health.verdicts.items() if count]
    yield row("packets", ", ".join(counted) or "none yet")
    yield row("views", " ".join(health.views) or "none")


def row(label: str, text: str) -> str:
    """A line of facts."""
    return f"{label:<{_LABEL}} {text}"


def _coloured(text: str, colour: str, *, colours: bool) -> str:
    return f"{colour}{text}{_PLAIN}" if colours else text


def _print_json(health: Health | None, lines: Sequence[Line], found: Sequence[Finding]) -> None:
    import json

    whole: dict[str, Any] = {"director": health is not None}
    if health is None:
        whole["lines"] = [asdict(line) for line in lines]
    else:
        whole |= {**asdict(health), "families": sorted(health.families)}
    whole["interfaces"] = whole.pop("lines")
    whole["findings"] = [asdict(each) for each in found]
    whole["healthy"] = not any(each.grave for each in found)
    print(json.dumps(whole, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs status",
        description="What is attached where, what is missing and what to do about it.",
        epilog="Exit code: 0 when all is well, 1 when something is missing (!); what is only worth knowing (-) counts not.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="the same for programs")
    return parser
