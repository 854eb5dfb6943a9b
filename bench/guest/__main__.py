# SPDX-License-Identifier: Apache-2.0
"""`python -m bench.guest`: boot the emulated machine and have it measure."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.guest.contestants import IPVSADM
from bench.guest.flows import ALL_NEW
from bench.guest.inside import PROGRAMS
from bench.objects import BUILD, ROOT, compiled

HERE = Path(__file__).resolve().parent
_MACHINE = ROOT.parent / "shared" / "guest" / "guest"
_EMULATOR = HERE / "qemu"
_NEEDED = {
    str(_MACHINE): "it boots the machine",
    IPVSADM: "install Debian's package ipvsadm",
    "qemu-system-x86_64": "install Debian's package qemu-system-x86",
}


def main() -> int:
    """Exit code 1 where it cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.guest", description="IPVS and xlvs on one emulated kernel.")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each contestant (default 2)")
    parser.add_argument("--runs", type=int, default=2, help="runs of each flow in a turn (default 2)")
    parser.add_argument("--frames", type=int, default=20_000, help="frames of each run (default 20,000)")
    parser.add_argument("--minutes", type=int, default=20, help="when to give up (default 20)")
    parser.add_argument(
        "--json", type=Path, default=BUILD.parent / "bench-guest.json", metavar="FILE", help="below the project"
    )
    options = parser.parse_args()
    for needed, remedy in _NEEDED.items():
        if not shutil.which(needed):
            print(f"bench.guest: there is no {needed}: {remedy}", file=sys.stderr)
            return 1
    if options.runs * options.frames > ALL_NEW:
        parser.error(f"at most {ALL_NEW} frames in all runs of a turn: each begins a connection, and ports end")
    compiled(PROGRAMS)  # here it takes a moment, there a minute
    options.json.parent.mkdir(parents=True, exist_ok=True)
    counts = [f"--{name}={getattr(options, name)}" for name in ("rounds", "runs", "frames")]
    machine = [str(_MACHINE), "-t", str(60 * options.minutes), "-w", str(ROOT), str(HERE / "boot"), sys.executable]
    command = [*machine, *counts, f"--json={options.json.resolve()}"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PATH": f"{_EMULATOR}:{os.environ['PATH']}"}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
