# SPDX-License-Identifier: Apache-2.0
"""How fast the kernel's jiffies run. The kernel tells nobody, but its jiffies began 300 seconds before 2^32 at boot."""

import os
from typing import Final, NamedTuple

from xlvs.linux.bpf_object import Object
from xlvs.linux.clock import monotonic_ns

_FRAME: Final = bytes(64)
_RATES: Final = (100, 250, 300, 1000)
_FASTEST: Final = 320  # ticks per second: 31 days of them fit 31 bits
_START_S: Final = 300
_TOLERANCE_S: Final = 2.0
_MEASURED_NS: Final = 100_000_000


class Ticks(NamedTuple):
    """The packet path's unit of time: 2^`shift` jiffies, `per_second` of them in a second."""

    shift: int
    per_second: int


def ticks_of(jiffies_per_second: int) -> Ticks:
    """The unit for a kernel with so many jiffies per second."""
    shift = 0
    while jiffies_per_second >> shift > _FASTEST:
        shift += 1
    return Ticks(shift, jiffies_per_second >> shift)


def rate_at(jiffies: int, uptime_s: float) -> int | None:
    """Jiffies per second from their lower 32 bits and the time since boot; None when that does not tell."""
    fitting = [
        rate for rate in _RATES if abs(_signed(jiffies - int((uptime_s - _START_S) * rate))) < _TOLERANCE_S * rate
    ]
    return fitting[0] if len(fitting) == 1 else None


def nearest_rate(jiffies: int, elapsed_s: float) -> int:
    """Jiffies per second when so many went by in a time."""
    return min(_RATES, key=lambda rate: abs(rate - jiffies / elapsed_s))


def ticks(reader: str) -> Ticks:
    """Read the jiffies with the program `jiffies_read` of the BPF object `reader`."""
    with Object.open(reader) as clock:
        clock.load()
        read = clock.program("jiffies_read")
        first, started = read.test_run(_FRAME).retval, monotonic_ns()
        rate = rate_at(first, started / 1e9)
        while rate is None:
            elapsed = monotonic_ns() - started
            if elapsed >= _MEASURED_NS:
                rate = nearest_rate(_signed(read.test_run(_FRAME).retval - first), elapsed / 1e9)
            else:
                os.sched_yield()
    return ticks_of(rate)


def _signed(number: int) -> int:
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)
