# SPDX-License-Identifier: Apache-2.0
"""What the director looks at in a packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlvs.model.address import Family, family_of

if TYPE_CHECKING:
    from tests.reference.connections import End
    from xlvs.model.service import Protocol


@dataclass(frozen=True, slots=True)
class Packet:
    """`source` and `destination` are ends: packed address and port; `chunks` is what an SCTP packet has behind its header."""

    source: End
    destination: End
    protocol: Protocol
    tcp_flags: int
    chunks: bytes
    ttl: int
    length: int
    mark: int

    @property
    def family(self) -> Family:
        """Family of both addresses."""
        return family_of(self.destination[0])
