# SPDX-License-Identifier: Apache-2.0
"""`make matrix`, or `python -m tests.matrix` (root): 1 GB each way and 10,000 connections in every cell, as a table."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.matrix import program, scene
from tests.matrix.cells import Cell, cells
from tests.matrix.run import FULL, Outcome, Runner, Size

_BUILD = Path(__file__).resolve().parents[2] / "build" / "matrix"
_COLUMNS = ("up", "down", "short")


def main() -> int:
    """Exit code 1 when a cell has an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description="Every forwarding method, carried out.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cells with TEXT in their names (`NAT IPv4`)")
    parser.add_argument("--mode", choices=scene.MODES, action="append", help=f"{', '.join(scene.MODES)} (default: all)")
    parser.add_argument("--megabytes", type=int, default=FULL.bulk_bytes // 1_000_000, help="of each bulk transfer")
    parser.add_argument("--connections", type=int, default=FULL.connections, help="short ones in each cell")
    options = parser.parse_args()
    chosen = [cell for cell in cells() if options.only.lower() in cell.name.lower()]
    if not chosen:
        parser.error(f"no cell has {options.only!r} in its name")
    size = Size(options.megabytes * 1_000_000, options.connections)
    begin = time.monotonic()
    failed = [
        outcome for mode in options.mode or scene.MODES for outcome in play(mode, chosen, size) if outcome.complaints
    ]
    print(f"\n{time.monotonic() - begin:.0f} s; {len(failed) or 'no'} cells with errors")
    return 1 if failed else 0


def play(mode: str, chosen: list[Cell], size: Size) -> list[Outcome]:
    """Run cells in one mode, and print a line for each as it ends."""
    executable = program.compiled(_BUILD)
    width = max(len(cell.name) for cell in chosen)
    print(f"\n{mode:{width}}  {'up':>10} {'down':>10} {'short':>10} {'left to tc' if mode == 'xdp' else ''}")
    with scene.scene(chosen, mode, executable) as net:
        runner, outcomes = Runner(net, executable, size), []
        for cell in chosen:
            outcomes.append(runner.run(cell))
            share = f" {outcomes[-1].handed_up:>10.2%}" if mode == "xdp" else ""
            print(line(outcomes[-1], width, size) + share, *outcomes[-1].complaints, sep="\n  ", flush=True)
        spoken = [len(outcome.complaints) for outcome in outcomes]
        runner.check_counters(outcomes)
        for outcome, before in zip(outcomes, spoken, strict=True):
            for complaint in outcome.complaints[before:]:
                print(f"{outcome.cell.name}: {complaint}")
    return outcomes


def line(outcome: Outcome, width: int, size: Size) -> str:
    """MB/s each way and connections per second."""
    amounts = {"up": size.bulk_bytes / 1e6, "down": size.bulk_bytes / 1e6, "short": float(size.connections)}
    units = {"up": "MB/s", "down": "MB/s", "short": "/s"}
    shown = [
        f"{amounts[part] / outcome.seconds[part]:.0f} {units[part]}" if part in outcome.seconds else "failed"
        for part in _COLUMNS
    ]
    return "".join([f"{outcome.cell.name:{width}} ", *(f" {text:>10}" for text in shown)])


if __name__ == "__main__":
    sys.exit(main())
