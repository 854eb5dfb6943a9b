# SPDX-License-Identifier: Apache-2.0
"""`xlvs explain` tells the truth, and telling changes nothing: random tables and packets, explained and then sent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from tests.progrun import told
from tests.progrun.test_reference import Script, Seen, Setup, bypasses, covering, play, prepared, scripts, setups, share
from tests.reference import Verdict
from xlvs.ipvs.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director

__all__ = ["prepared"]  # a fixture


@pytest.fixture(scope="module")
def trial(prepared: Director) -> Iterator[Trial]:
    """The second instance of the programs."""
    with Trial(prepared.store) as loaded:
        yield loaded


def test_the_story_is_what_happens_then(prepared: Director, trial: Trial) -> None:
    """Verdict, bytes, way out, destination, state and the scheduler's reason, in scripts new in each run."""

    @settings(max_examples=settings().max_examples // 3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(setup=setups, bypass=bypasses, script=scripts)
    def differ(setup: Setup, bypass: int, script: Script) -> None:
        play(told.ToldPair(prepared, trial), Counter(), setup, bypass, script)

    differ()


def test_scripts_reach_every_kind_of_story(prepared: Director, trial: Trial) -> None:
    """Enough packets of every verdict and method: in scripts that are the same in each run."""
    seen: Seen = Counter()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(setup=covering, bypass=bypasses, script=scripts)
    def differ(setup: Setup, bypass: int, script: Script) -> None:
        play(told.ToldPair(prepared, trial), seen, setup, bypass, script)

    differ()
    assert share(seen, Verdict.FORWARD) > 30, seen
    assert share(seen, Verdict.REPLY) > 8, seen
    assert share(seen, Verdict.ANSWERED) > 0.5, seen
