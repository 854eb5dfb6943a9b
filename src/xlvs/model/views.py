# SPDX-License-Identifier: Apache-2.0
"""What is observed of a service and its destinations: configuration plus what traffic made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.model.destination import Destination
from xlvs.model.service import VirtualService
from xlvs.model.statistics import NO_COUNTERS, NO_RATES, Counters, Rates

if TYPE_CHECKING:
    from collections.abc import Sequence


class DestinationView(NamedTuple):
    """A destination with its connections (active, inactive, templates) and statistics."""

    destination: Destination
    active: int = 0
    inactive: int = 0
    persistent: int = 0
    counters: Counters = NO_COUNTERS
    rates: Rates = NO_RATES


class ServiceView(NamedTuple):
    """A service with its statistics and its destinations, newest first."""

    service: VirtualService
    counters: Counters = NO_COUNTERS
    rates: Rates = NO_RATES
    destinations: Sequence[DestinationView] = ()
