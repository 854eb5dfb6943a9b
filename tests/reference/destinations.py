# SPDX-License-Identifier: Apache-2.0
"""A destination with what it has observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlvs.model.address import Family

if TYPE_CHECKING:
    from xlvs.model.destination import Destination


@dataclass(slots=True)
class Counts:
    """Packets and bytes; `in` is from the client."""

    conns: int = 0
    inpkts: int = 0
    outpkts: int = 0
    inbytes: int = 0
    outbytes: int = 0


@dataclass(slots=True, eq=False)
class LiveDestination:
    """A destination: as configured, its connections by activity, and whether the upper threshold was reached.

    `last_weight` is the last one that was not 0; 0 for one that never had another.

    `family` is its service's, None for its own.

    A deleted one (`available` false) lives on as long as connections hold it, and is the same when it is added again.
    """

    configured: Destination
    available: bool = True
    overloaded: bool = False
    active: int = 0
    inactive: int = 0
    persistent: int = 0
    last_weight: int = field(init=False)
    counts: Counts = field(default_factory=Counts)
    family: Family | None = None

    def __post_init__(self) -> None:
        self.last_weight = self.weight

    @property
    def hashed_address(self) -> bytes:
        """What hashes see of the address: as much as addresses of the service's family have, filled up with zeros."""
        address = self.configured.key.address
        size = {None: len(address), Family.IPV4: 4, Family.IPV6: 16}[self.family]
        return address[:size].ljust(size, b"\0")

    @property
    def connections(self) -> int:
        """Connections of either kind."""
        return self.active + self.inactive

    @property
    def weight(self) -> int:
        """Weight as configured."""
        return self.configured.weight

    @property
    def usable(self) -> bool:
        """True if it may get new connections."""
        return self.weight > 0 and not self.overloaded

    def configure(self, configured: Destination) -> None:
        """Edit it, or add it again. Only a raised or removed upper threshold ends an overload at once."""
        upper = configured.upper_threshold
        if upper == 0 or upper > self.configured.upper_threshold:
            self.overloaded = False
        self.configured = configured
        self.last_weight = self.weight or self.last_weight

    def bind(self) -> None:
        """Take one more connection, inactive for now. The one that reaches the upper threshold is the last."""
        self.inactive += 1
        self._check_load()

    def bind_template(self) -> None:
        """Take one more template, which does not count for the thresholds; but they are looked at."""
        self.persistent += 1
        self._check_load()

    def unbind_template(self) -> None:
        """Lose a template, and perhaps the overload."""
        self.persistent -= 1
        self._check_relief()

    def _check_load(self) -> None:
        upper = self.configured.upper_threshold
        if upper and self.connections >= upper:
            self.overloaded = True

    def unbind(self, *, active: bool) -> None:
        """Lose a connection, and perhaps the overload."""
        if active:
            self.active -= 1
        else:
            self.inactive -= 1
        self._check_relief()

    def _check_relief(self) -> None:
        """Below the lower threshold, or three quarters of the upper one, there is room again."""
        lower, upper = self.configured.lower_threshold, self.configured.upper_threshold
        if lower:
            relieved = self.connections < lower
        elif upper:
            relieved = self.connections * 4 < upper * 3
        else:
            relieved = True
        if relieved:
            self.overloaded = False

    def move(self, *, active: bool) -> None:
        """Count one connection on the other side."""
        change = 1 if active else -1
        self.active += change
        self.inactive -= change
