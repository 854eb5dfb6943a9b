# SPDX-License-Identifier: Apache-2.0
"""What tracked things do to a router: a weight changes its priority, none puts it into FAULT.

`reverse` turns it round: a weight is taken off where it would be added, and a thing without one is a fault while it is well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE_FAULT = -253
PRIORITY_MIN, PRIORITY_MAX = 1, 254


@dataclass(frozen=True, slots=True)
class Sum:
    """What everything tracked comes to: `faults` things are a reason for FAULT, the weights add up to `weight`."""

    faults: int = 0
    weight: int = 0

    def __add__(self, other: Sum) -> Sum:
        """Both."""
        return Sum(self.faults + other.faults, self.weight + other.weight)


def of_switch(weight: int, *, reverse: bool, up: bool) -> Sum:
    """A script, an interface, a process or a session that is up or down.

    A positive weight is added while it is up, a negative one while it is down.
    """
    if not weight:
        return Sum(faults=int(up == reverse))
    counts = weight if up == (weight > 0) else 0
    return Sum(weight=-counts if reverse else counts)


def of_file(weight: int, *, reverse: bool, value: int) -> Sum:
    """A number in a file: its product with the weight is added; without a weight any number but 0 is a fault."""
    if not weight:
        return Sum(faults=int(value != 0))
    product = value * (-weight if reverse else weight)
    if product < FILE_FAULT:
        return Sum(faults=1)
    return Sum(weight=min(product, -FILE_FAULT))


def total(parts: Iterable[Sum]) -> Sum:
    """Everything that a router tracks."""
    return sum(parts, Sum())


def effective(priority: int, weight: int) -> int:
    """The priority that weights make, never that of an owner nor of one that resigns."""
    return min(max(priority + weight, PRIORITY_MIN), PRIORITY_MAX)
