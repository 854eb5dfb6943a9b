# SPDX-License-Identifier: Apache-2.0
"""Parameters of weighted round robin (wrr): what the packet path needs besides the list itself.

The walk: passes over the list, newest first, each with a current weight; a pass takes every usable destination whose
weight is at least that. Between passes the current weight falls by `step`, and after the lowest pass it is `highest`
again.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Round(NamedTuple):
    """The passes of one round: `highest` current weight, and the `step` it falls by. `highest` 0: nobody has weight.

    With a step above 1 the current weights are 1 above multiples of it, so that the last pass is at 1 and nobody is
    left out; they give the same passes as the multiples would.
    """

    highest: int
    step: int


def round_of(weights: Iterable[int]) -> Round:
    """The round of a list of weights; weight 0 takes no part."""
    shares = [weight for weight in weights if weight > 0]
    if not shares:
        return Round(0, 1)
    step = gcd(*shares)
    return Round(max(shares) - (step - 1), step)


def first_weight(new: Round) -> int:
    """Current weight of the first pass after a service got this scheduler."""
    return new.highest


def kept_weight(current: int, new: Round) -> int:
    """Current weight after a destination was added, deleted or edited; the walk restarts at the head of the list.

    The pass goes on where it was, brought into the new round: not above its highest, on one of its steps. Hence a
    service whose destinations are added one by one begins with a pass that takes everybody once.
    """
    if current > new.highest or current == 0:
        return new.highest
    if new.step > 1:
        return current // new.step * new.step + 1
    return current
