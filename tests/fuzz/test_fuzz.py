# SPDX-License-Identifier: Apache-2.0
"""A short run of the fuzzer; `python -m tests.fuzz` is the long one."""

from __future__ import annotations

from tests.fuzz.fuzzer import Fuzzer
from tests.progrun.director import director

PACKETS = 200_000
SECONDS = 15


def test_a_short_run_finds_nothing() -> None:
    """The same packets each time; fewer of them on a slow machine."""
    with director() as made:
        fuzzer = Fuzzer(made, seed=20_240)
        fuzzer.run(PACKETS, seconds=SECONDS)
        assert fuzzer.frames
        assert {"xdp sent", "tc sent", "tc answered", "tc passed", "tc dropped"} <= fuzzer.outcomes.keys()
