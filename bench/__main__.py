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

from bench import bootstrap, report, standing
from bench.objects import BUILD, BenchError
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = ("progrun", "netns", "control", "checks", "vrrp")


def measure_programs(options: argparse.Namespace) -> report.Section:
    """Programs alone: on one core, ahead of the neighbours."""
    from bench.progrun import harness, rows

    harness.pin_to_core(options.core)
    return rows.section(options.rounds)


def measure_network(options: argparse.Namespace) -> report.Section:
    """Whole requests: everything on one core, the servers inheriting it."""
    from bench.netns import rows
    from bench.progrun.harness import pin_to_core

    absent = bootstrap.install()
    if {"wrk", "iperf3", "nginx", "nft", "ethtool"} & set(absent):
        raise BenchError(f"not installed: {', '.join(absent)}")
    pin_to_core(options.core)
    return rows.section(max(1, options.rounds - 1), options.seconds)


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


MEASURES: dict[str, Callable[[argparse.Namespace], report.Section]] = {
    "progrun": measure_programs,
    "netns": measure_network,
    "control": measure_commands,
    "checks": measure_checks,
    "vrrp": measure_routers,
}


def main() -> int:
    """Measure the chosen parts; exit code 1 when one of them could not be measured at all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed and memory, beside their baselines.")
    parser.add_argument("--only", choices=PARTS, action="append", metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement (default 3)")
    parser.add_argument("--seconds", type=float, default=2, help="length of each run through the network (default 2)")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1, help="the core to measure on")
    parser.add_argument("--json", type=Path, default=BUILD.parent / "bench.json", metavar="FILE")
    parser.add_argument("--document", type=Path, metavar="FILE", help="write the tables into FILE, after its mark")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("bench: run it as root: it loads BPF programs and makes network namespaces", file=sys.stderr)
        return 1
    begin, sections, failed = time.monotonic(), [], False
    print("# " + ", ".join(f"{name} {value}" for name, value in report.machine().items()), end="\n\n")
    for part in options.only or PARTS:
        try:
            sections.append(MEASURES[part](options))
        except (BenchError, XlvsError, subprocess.SubprocessError) as problem:
            print(f"bench: {part}: {problem}\n", file=sys.stderr)
            failed = True
            continue
        print(report.render(sections[-1]), end="\n\n", flush=True)
    print("\n".join(standing.lines(sections)), end="\n\n")
    if options.document:
        text = options.document.read_text()
        options.document.write_text(report.document(text, sections, standing.lines(sections)))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(report.as_json(sections) + "\n")
    print(f"{time.monotonic() - begin:.0f} s; figures in {os.path.relpath(options.json)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
