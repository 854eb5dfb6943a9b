# SPDX-License-Identifier: Apache-2.0
"""Counters and rates of a service, a destination or the whole director."""

from __future__ import annotations

from typing import NamedTuple


class Counters(NamedTuple):
    """Connections, packets and bytes (IP length) since the last zeroing; `in` is from the client, `out` to it."""

    conns: int = 0
    inpkts: int = 0
    outpkts: int = 0
    inbytes: int = 0
    outbytes: int = 0


class Rates(NamedTuple):
    """The same per second, as the kernel's estimator smooths them."""

    cps: int = 0
    inpps: int = 0
    outpps: int = 0
    inbps: int = 0
    outbps: int = 0


class Totals(NamedTuple):
    """The director's sums; the per-CPU counters are never zeroed, one entry per possible CPU."""

    counters: Counters
    rates: Rates
    per_cpu: tuple[Counters, ...]


NO_COUNTERS = Counters()
NO_RATES = Rates()
