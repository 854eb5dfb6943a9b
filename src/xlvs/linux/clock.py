# SPDX-License-Identifier: Apache-2.0
"""The clocks."""

import time


def monotonic_ns() -> int:
    """CLOCK_MONOTONIC in ns, the clock of `bpf_ktime_get_ns`."""
    return time.monotonic_ns()


def boottime_ns() -> int:
    """CLOCK_BOOTTIME in ns: goes on while the host sleeps; the clock of a program's load time."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wall_s() -> float:
    """Seconds since 1970."""
    return time.time()
