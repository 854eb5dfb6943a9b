# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.fuzz.config --seconds 60 --seed 1`: configurations made, mutated and mixed.

Whatever is read, nothing is raised and nothing takes long: each mistake has its place, its line with a caret, and what is
left can be planned for the daemon. With `--atheris` the coverage of the code guides it (`pip install .[fuzz]`).
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Final

from tests.unit.config.generated import Maker
from tests.unit.config.texts import MadeUpHost, read
from xlvs.config.host import host_problems
from xlvs.config.schema.blocks import BLOCKS
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.routers.vrrp_translate import plan
from xlvs.lab.scenes_pair import CONFIGURATIONS

if TYPE_CHECKING:
    from types import FrameType

    from xlvs.config.problem import Problem

SEEDS: Final = tuple(path.read_text(encoding="utf-8") for path in sorted(CONFIGURATIONS.glob("*.conf")))
WORDS: Final = (
    *sorted({keyword.name for block in BLOCKS.values() for keyword in block.keywords}),
    *(
        "{",
        "}",
        "{}",
        '"',
        "'",
        "\\",
        "#",
        "!",
        "$A",
        "${A}",
        "$A=",
        "$A=${A}",
        "$A= \\",
        "$B=${A}${A}",
        "@main",
        "@^x",
    ),
    *("~SEQ(A,1,3)", "~SEQ(A,1,999)", "~LST(A,x,y)", "~LST({A,B},{1,2},{3,4})", "~SEQ(", "${_RANDOM 1 5}", "include x"),
    *(
        "-1",
        "0",
        "1",
        "255",
        "256",
        "65536",
        "4294967296",
        "0.5",
        "1e9",
        "10.0.0.1",
        "10.0.0.1-9",
        "10.0.0.0/8",
        "::/0",
    ),
    *(
        "fwmark",
        "group",
        "dev",
        "vA",
        "weight",
        "reverse",
        "\x00",
        "\udcff",
        "١",
        "²",
        "-+5",
        "~SEQ(A,1,99999999999) $B=$A",
        "\t",
        "\r",
        "",
    ),
)
LIMIT_S: Final = 10
"""A configuration takes no longer of a processor; what else the machine does at the time does not count."""


class Fault(Exception):
    """What must not be."""


def examine(text: str) -> None:
    """Read a configuration, look at every problem, plan what is left. Raises Fault, or whatever should not be raised."""
    loaded = read(text, x="router_id x\n$B=1\n")
    for problem in (*loaded.problems, *host_problems(loaded.statements, MadeUpHost())):
        _look_at(problem)
    plan(loaded.config)
    translate(loaded.config)


def _look_at(problem: Problem) -> None:
    lines = problem.report().split("\n")
    if not problem.message or not problem.origin.path or problem.origin.number < 1:
        raise Fault(f"a problem without a place: {problem!r}")
    if len(lines) < 3 or not lines[2].strip().startswith("^"):
        raise Fault(f"a problem without a caret: {lines}")
    if problem.column > len(problem.origin.text) + 1:
        raise Fault(f"a caret behind its line: {lines}")


class Mutator:
    """Draws texts: made from the schema, seeds, and both with their lines and words exchanged."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._maker = Maker(self._random, since="xlvs")
        self._pool = list(SEEDS)

    def text(self) -> str:
        """One more."""
        pick = self._random
        text = self._maker.configuration() if pick.random() < 0.5 else pick.choice(self._pool)
        for _ in range(pick.choice((0, 1, 1, 2, 4, 8))):
            text = self._changed(text)
        if pick.random() < 0.05:
            self._pool[pick.randrange(len(SEEDS), len(self._pool)) if len(self._pool) > 200 else len(self._pool) :] = [
                text
            ]
        return text[:20_000]

    def _changed(self, text: str) -> str:
        pick = self._random
        rows = text.split("\n")
        at = pick.randrange(len(rows))
        match pick.randrange(7):
            case 0:
                rows.insert(at, " ".join(pick.choice(WORDS) for _ in range(pick.randrange(1, 5))))
            case 1:
                del rows[at : at + pick.randrange(1, 4)]
            case 2:
                rows.insert(pick.randrange(len(rows)), rows[at])
            case 3:
                words = rows[at].split(" ")
                words[pick.randrange(len(words))] = pick.choice(WORDS)
                rows[at] = " ".join(words)
            case 4:
                rows[at] = rows[at][: pick.randrange(len(rows[at]) + 1)]
            case 5:
                other = pick.choice(self._pool).split("\n")
                begin = pick.randrange(len(other))
                rows[at:at] = other[begin : begin + pick.randrange(1, 12)]
            case _:
                rows[at] += pick.choice(("", " ")) + pick.choice(WORDS)
        return "\n".join(rows)


def _too_long(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Fault(f"took more than {LIMIT_S} s")


def run(seconds: float, seed: int) -> int:
    """How many texts were read. Raises what one of them raises, with the text as a note."""
    mutator = Mutator(seed)
    signal.signal(signal.SIGPROF, _too_long)
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        text = mutator.text()
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        try:
            examine(text)
        except BaseException as error:
            error.add_note(f"after {count} texts of seed {seed}:\n{text}")
            raise
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        count += 1
    return count


def run_atheris(seconds: int, seed: int) -> None:
    """Guided by coverage; libFuzzer ends the process."""
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()

    def one(data: bytes) -> None:
        if data[:1] < b"\x80":
            text = data[1:].decode("utf-8", "surrogateescape")
        else:
            text = Mutator(int.from_bytes(data[:8], "big")).text()
        examine(text)

    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={LIMIT_S}", "-max_len=4096"], one
    )
    atheris.Fuzz()


def main() -> int:
    """Exit code 1 with the text that went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true", help="guided by coverage")
    arguments = parser.parse_args()
    if arguments.atheris:
        run_atheris(arguments.seconds, arguments.seed)
        return 0
    print(f"{run(arguments.seconds, arguments.seed):,} configurations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
