# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.fuzz --packets 5000000 --seed 1` (root): raw packets through both programs."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.fuzzer import Fuzzer
from tests.progrun.director import director


def main() -> int:
    """Exit code 1 and the packet when a program did what it must not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with director() as made:
        fuzzer = Fuzzer(made, arguments.seed)
        start = time.monotonic()
        try:
            fuzzer.run(arguments.packets)
        except AssertionError as wrong:
            print(f"after {fuzzer.frames} packets, seed {arguments.seed}: {wrong}", file=sys.stderr)
            return 1
        took = time.monotonic() - start
        verdicts = dict(zip(made.verdict_names, made.verdict_counts(), strict=False))
    print(f"{fuzzer.frames:,} packets, {fuzzer.runs:,} runs in {took:.0f} s: {fuzzer.runs / took:,.0f} a second")
    print(f"most connections at once: {fuzzer.most_connections:,}")
    for word, count in fuzzer.outcomes.most_common():
        print(f"{count:12,}  {word}")
    for name, count in verdicts.items():
        if count:
            print(f"{count:12,}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
