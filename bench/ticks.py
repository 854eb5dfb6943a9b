# SPDX-License-Identifier: Apache-2.0
"""How long the director's clock keeps a processor at each tick, as its program notes it itself."""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import NamedTuple

from bench import director
from xlvs.ipvs.objects import object_path
from xlvs.linux.bpf_map import Map
from xlvs.linux.btf import Btf

CLASS_MS = 0.25  # TICK_CLASS_NS in types.h
LONG_MS = 2
WINDOWS, WINDOW_S = 5, 2


class Ticks(NamedTuple):
    """Ticks of a while: the longest in ms, and how many there were of each length, by CLASS_MS."""

    longest_ms: float
    by_length: tuple[int, ...]

    @property
    def long(self) -> int:
        """How many took LONG_MS or more."""
        return sum(self.by_length[int(LONG_MS / CLASS_MS) :])


def parse(value: bytes, classes: int) -> Ticks:
    """Read a `struct tick_times`."""
    longest, *by_length = struct.unpack_from(f"<Q{classes}I", value)
    return Ticks(longest / 1e6, tuple(by_length))


def watch(seconds: float = WINDOW_S) -> Ticks:
    """The ticks of the next seconds. Raises KernelError."""
    layout = Btf.from_elf(Path(object_path("director_tc")).read_bytes()).layout("tick_times")
    with Map.from_pin(f"{director.pins()}/ticks_taken") as found, found.memory() as memory:
        size = layout.member("by_length").offset + layout.member("by_length").size
        memory[:size] = bytes(size)
        time.sleep(seconds)
        return parse(memory[:size], layout.member("by_length").size // 4)


def windows() -> list[Ticks]:
    """Several such whiles: what a neighbour stole is not in all of them."""
    return [watch() for _ in range(WINDOWS)]
