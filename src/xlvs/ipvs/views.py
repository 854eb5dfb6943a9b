# SPDX-License-Identifier: Apache-2.0
"""The views ip_vs, ip_vs_conn and ip_vs_stats: pinned BPF iterators that `cat` reads like the kernel's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.ipvs.program import Sizes
    from xlvs.linux.ticks import Ticks


def load_views(directory: str, room: Sizes, pace: Ticks) -> None:
    """Bind the iterators to the director's maps and pin them."""
