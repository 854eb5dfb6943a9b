# SPDX-License-Identifier: Apache-2.0
"""The wrapper at work: run a program over many connections and say what one packet costs, the wrapper subtracted."""

from __future__ import annotations

import os
import statistics
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import kernel
from bench.progrun.packets import Packet, ipv4, ipv6

HERE = Path(__file__).resolve().parent
ALL_NEW = 0x7FFFFFFF
MASKS = {"1": 0, "1 k": 1023, "64 k": 65535, "512 k": 524287}
XDP_ACTIONS = {0: "ABORTED", 1: "DROP", 2: "PASS", 3: "TX", 4: "REDIRECT"}


@dataclass(frozen=True)
class Cost:
    """Nanoseconds per packet: the median over the runs and the least of them."""

    median: float
    least: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.median - other.median, self.least - other.least)


def summary(samples: Sequence[float]) -> Cost:
    """The cost that several runs show."""
    return Cost(statistics.median(samples), min(samples))


@dataclass
class Wrapper:
    """A loaded wrapper object: XDP (`wrap_xdp`) or tc (`wrap_tc`)."""

    name: str
    build: Path
    context: bytes | None = None
    empty: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.object = kernel.Object(kernel.compile_object(HERE / f"{self.name}.bpf.c", self.build / f"{self.name}.o"))
        self.memory = self.object.globals(".bss")

    def aim(self, program: int) -> None:
        """Make `program` (a descriptor) the one under test."""
        kernel.map_update(self.object.maps["target"], struct.pack("I", 0), struct.pack("I", program))

    def restart(self, packet: Packet, mask: int, counter: int = 0) -> None:
        """Load the packet's template and begin at connection `counter`."""
        self.memory[:96] = struct.pack("IIII", len(packet.data), mask, counter, 0) + packet.data.ljust(80, b"\0")[:80]

    def once(self, packet: Packet, repeat: int) -> tuple[int, float]:
        """Run `repeat` packets; return the last verdict and ns per packet, wrapper included."""
        verdict, duration, _ = kernel.run(self.object.programs[packet.wrapper], packet.data, repeat, self.context)
        return verdict, duration

    def calibrate(self, runs: int, repeat: int = 500_000) -> None:
        """Add `runs` samples of what the wrapper itself costs, for each kind of packet."""
        self.aim(self.object.programs["bare_tx"])
        for packet in (ipv4(), ipv6(), ipv4(wrapper="wrap_v4_reply")):
            self.restart(packet, 65535)
            samples = self.empty.setdefault(packet.wrapper, [])
            samples.extend(self.once(packet, repeat)[1] for _ in range(runs))

    def overhead(self, packet: Packet) -> Cost:
        """What to subtract from a row measured with this packet."""
        return summary(self.empty[packet.wrapper])


def pin_to_core(core: int) -> None:
    """Keep this process on one core, ahead of its neighbours."""
    os.sched_setaffinity(0, {core})
    os.setpriority(os.PRIO_PROCESS, 0, -15)
