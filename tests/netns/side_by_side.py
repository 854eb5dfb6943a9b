# SPDX-License-Identifier: Apache-2.0
"""Scenes that mostly wait for timers, at the same time, each on a wire of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from tests.netns.neighbours import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")


def side_by_side(folder: Path, scene: Callable[..., T], cases: Sequence[tuple[object, ...]], most: int = 8) -> list[T]:
    """Play a scene for each case: it is called with a wire and the case. What fails is told for all of them together.

    `most` at the same time: few where milliseconds count.
    """
    with ExitStack() as stack:
        wires = []
        for number in range(len(cases)):
            own = folder / str(number)
            own.mkdir()
            wires.append(stack.enter_context(wire(own)))
        pool = stack.enter_context(ThreadPoolExecutor(most))
        played = [pool.submit(scene, each, *case) for each, case in zip(wires, cases, strict=True)]
        failures = [(case, each.exception()) for case, each in zip(cases, played, strict=True)]
        told = "\n\n".join(f"{case}: {error!r}" for case, error in failures if error)
        assert not told, told
        return [each.result() for each in played]
