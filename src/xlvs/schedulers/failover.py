# SPDX-License-Identifier: Apache-2.0
"""The order in which failover (fo) and overflow (ovf) prefer destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def by_preference(weights: Sequence[int]) -> list[int]:
    """Places in a list (newest first), the highest weight first; of equal ones the newest first.

    The packet path takes the first that is usable and, with ovf, not full. It skips weight 0 itself.
    """
    return sorted(range(len(weights)), key=lambda place: -weights[place])
