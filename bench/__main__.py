# SPDX-License-Identifier: Apache-2.0
"""`make bench`, or `python -m bench`: every part, as tables on the screen and as JSON in build/bench.json."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import bootstrap, goals, regression, report, standing
from bench.objects import BUILD, BenchError
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTS = ("progrun", "netns", "latency", "flood", "control", "checks", "vrrp", "sync", "sync-packets")
EXTRA = ("growth",)  # on request: minutes, and gigabytes of tables


def measure_programs(options: argparse.Namespace) -> report.Section:
    """Programs alone: on one core, ahead of the neighbours."""
    from bench.progrun import harness, rows

    harness.pin_to_core(options.core)
    return rows.section(options.rounds)


def measure_growth(options: argparse.Namespace) -> report.Section:
    """The same programs as the work grows, and a plot of it where it is wanted."""
    from bench.progrun import growth, harness

    harness.pin_to_core(options.core)
    found = growth.section(options.rounds)
    if options.plots:
        growth.draw(found, options.plots)
    return found


def measure_network(options: argparse.Namespace) -> report.Section:
    """Whole requests: everything on one core, the servers inheriting it."""
    from bench.netns import rows
    from bench.progrun.harness import pin_to_core

    absent = bootstrap.install()
    if {"wrk", "iperf3", "nginx", "nft", "ethtool"} & set(absent):
        raise BenchError(f"not installed: {', '.join(absent)}")
    pin_to_core(options.core)
    return rows.section(max(1, options.rounds - 1), options.seconds)


def measure_latency(options: argparse.Namespace) -> report.Section:
    """Round trips, everything on one core."""
    from bench.netns import latency
    from bench.progrun.harness import pin_to_core

    bootstrap.install()
    pin_to_core(options.core)
    return latency.section(options.rounds)


def measure_flood(options: argparse.Namespace) -> report.Section:
    """Established connections amid a flood: they on one core, the flood there and on another one."""
    from bench.netns import flood
    from bench.progrun.harness import pin_to_core

    bootstrap.install()
    pin_to_core(options.core)
    return flood.section(max(1, options.rounds - 1), options.core)


def measure_commands(_options: argparse.Namespace) -> report.Section:
    """Commands, on whichever core is free."""
    from bench import control

    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    return control.section()


def measure_checks(options: argparse.Namespace) -> report.Section:
    """Health checks, on whichever core is free."""
    from bench import checks

    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    return checks.section(options.seconds)


def measure_routers(options: argparse.Namespace) -> report.Section:
    """Failovers, on whichever core is free."""
    from bench import vrrp

    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    return vrrp.section(options.rounds, options.seconds)


def measure_synchronisation(options: argparse.Namespace) -> report.Section:
    """Two directors' daemons, on whichever core is free."""
    from bench import sync

    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    return sync.section(options.rounds, options.seconds)


def measure_synchronised(options: argparse.Namespace) -> report.Section:
    """Packets of connections that a daemon is told of: on one core, the daemon where it likes."""
    from bench import sync
    from bench.progrun import harness

    harness.pin_to_core(options.core)
    return sync.packets(options.rounds)


MEASURES: dict[str, Callable[[argparse.Namespace], report.Section]] = {
    "progrun": measure_programs,
    "netns": measure_network,
    "latency": measure_latency,
    "flood": measure_flood,
    "control": measure_commands,
    "checks": measure_checks,
    "vrrp": measure_routers,
    "sync": measure_synchronisation,
    "sync-packets": measure_synchronised,
    "growth": measure_growth,
}


RECORD = Path(__file__).resolve().parent / "recorded.json"
AGAIN = 2  # how often parts are measured again before they are called slower


def arguments() -> argparse.Namespace:
    """What is to be measured, and what becomes of it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed and memory, beside their baselines.")
    names = [*PARTS, *EXTRA]
    parser.add_argument("--only", choices=names, action="append", metavar="PART", help=f"one of {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement (default 3)")
    parser.add_argument("--seconds", type=int, default=2, help="length of each run through the network (default 2)")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1, help="the core to measure on")
    parser.add_argument("--json", type=Path, default=BUILD.parent / "bench.json", metavar="FILE")
    parser.add_argument("--document", type=Path, metavar="FILE", help="write the tables into FILE, after its mark")
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="with the part growth: write its plots into FOLDER"
    )
    parser.add_argument(
        "--check", action="store_true", help="fail when a ratio to its baseline is 15 %% worse than the one recorded"
    )
    parser.add_argument("--record", action="store_true", help=f"write the ratios to {os.path.relpath(RECORD)}")
    return parser.parse_args()


def measure(parts: Sequence[str], options: argparse.Namespace) -> dict[str, report.Section]:
    """The tables by part, shown as they come; one that could not be measured at all is missing."""
    found = {}
    for part in parts:
        try:
            found[part] = MEASURES[part](options)
        except (BenchError, XlvsError, subprocess.SubprocessError) as problem:
            print(f"bench: {part}: {problem}\n", file=sys.stderr)
            continue
        print(report.render(found[part]), end="\n\n", flush=True)
    return found


def keep(sections: list[report.Section], options: argparse.Namespace) -> None:
    """Write what was measured to where it is wanted."""
    judged = goals.judgements(sections)
    said = standing.lines(sections)
    print(f"{goals.table(judged)}\n\n" if judged else "", "\n".join(said), sep="", end="\n\n")
    if options.document:
        text = options.document.read_text()
        options.document.write_text(report.document(text, sections, said, goals.table(judged)))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(report.as_json(sections) + "\n")


def recorded() -> regression.Ratios:
    """The ratios of the last record; none where there is no record. Raises ValueError for a broken one."""
    return regression.from_json(RECORD.read_text()) if RECORD.exists() else {}


def record(sections: list[report.Section]) -> None:
    """Make these figures the ones to compare with."""
    titles = [section.title for section in sections]
    ratios = regression.merged(recorded(), regression.ratios(sections), titles)
    RECORD.write_text(regression.as_json(report.machine(), ratios))


def _slower(
    found: dict[str, report.Section], now: regression.Ratios, before: regression.Ratios
) -> dict[str, list[str]]:
    lines = {part: regression.worse(now, before, [section.title]) for part, section in found.items()}
    return {part: said for part, said in lines.items() if said}


def check(found: dict[str, report.Section], before: regression.Ratios, options: argparse.Namespace) -> bool:
    """Whether nothing has become slower; what seems so is measured again, and the best counts."""
    now = regression.ratios(list(found.values()))
    slower = _slower(found, now, before)
    for _ in range(AGAIN):
        if not slower:
            return True
        print(f"Slower than recorded, measured again: {', '.join(slower)}\n", flush=True)
        again = measure(list(slower), options)
        now = regression.best_of(now, regression.ratios(list(again.values())))
        slower = _slower(found, now, before)
    for lines in slower.values():
        print("\n".join(f"slower: {line}" for line in lines))
    return not slower


def main() -> int:
    """Measure the chosen parts; exit code 1 when one could not be measured at all or, with --check, has become slower."""
    options = arguments()
    if os.geteuid() != 0:
        print("bench: run it as root: it loads BPF programs and makes network namespaces", file=sys.stderr)
        return 1
    try:
        before = recorded()
    except ValueError as problem:
        print(f"bench: {RECORD}: {problem}", file=sys.stderr)
        return 1
    if options.check and not before:
        print("bench: nothing is recorded yet: python -m bench --record", file=sys.stderr)
        return 1
    begin, parts = time.monotonic(), list(options.only or PARTS)
    print("# " + ", ".join(f"{name} {value}" for name, value in report.machine().items()), end="\n\n")
    found = measure(parts, options)
    sections = list(found.values())
    keep(sections, options)
    well = len(found) == len(parts)
    if options.check:
        well = check(found, before, options) and well
    if options.record:
        record(sections)
    print(f"{time.monotonic() - begin:.0f} s; figures in {os.path.relpath(options.json)}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
