# SPDX-License-Identifier: Apache-2.0
"""Time-outs that are neither early nor late."""

from __future__ import annotations

import asyncio
import os
import selectors
import time

import pytest

from xlvs.linux.timer import PreciseSelector


@pytest.fixture
def selector() -> PreciseSelector:
    """One that watches nothing."""
    return PreciseSelector()


def test_a_time_out_is_not_rounded(selector: PreciseSelector) -> None:
    """Half a millisecond takes that long; the best of thirty, for what else the machine does."""
    taken = []
    for _ in range(30):
        begin = time.monotonic()
        assert selector.select(0.0005) == []
        taken.append(time.monotonic() - begin)

    assert 0.0005 <= min(taken) < 0.0009


def test_an_old_time_out_does_not_end_a_later_wait(selector: PreciseSelector) -> None:
    """The first wait ends early, the second has no end but its event."""
    reading, writing = os.pipe()
    selector.register(reading, selectors.EVENT_READ)
    os.write(writing, b"1")
    first = selector.select(0.01)
    os.read(reading, 1)
    time.sleep(0.02)
    os.write(writing, b"2")

    second = selector.select(None)

    assert [each[0].fd for each in first] == [each[0].fd for each in second] == [reading]


def test_an_event_loop_runs_on_it() -> None:
    """Call-backs and sleeping tasks."""

    async def main() -> float:
        begin = asyncio.get_running_loop().time()
        await asyncio.gather(asyncio.sleep(0.002), asyncio.sleep(0))
        return asyncio.get_running_loop().time() - begin

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(PreciseSelector())) as runner:
        assert runner.run(main()) >= 0.002
