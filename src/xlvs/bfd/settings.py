# SPDX-License-Identifier: Apache-2.0
"""What a session is told to be. Times are in microseconds."""

from __future__ import annotations

from dataclasses import dataclass

from xlvs.bfd.packet import PORT, TTL


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """One session. Addresses are packed; `source` is empty where any of this host will do."""

    name: str
    neighbor: bytes
    source: bytes = b""
    interface: str = ""
    """Of a link-local neighbor."""
    min_rx_us: int = 10_000
    min_tx_us: int = 10_000
    idle_tx_us: int = 1_000_000
    """Between packets while the session is not up; RFC 5880 6.8.3 wants a second or more."""
    multiplier: int = 5
    passive: bool = False
    """Says nothing before the neighbor does."""
    ttl: int = TTL
    """Of packets to the neighbor."""
    ttl_least: int = TTL
    """Of packets from it, 0 for any (RFC 5881 5)."""
    port: int = PORT

    @property
    def place(self) -> tuple[bytes, bytes, str, int, int]:
        """What cannot change during the life of a session."""
        return self.source, self.neighbor, self.interface, self.ttl, self.port

    @property
    def slow_tx_us(self) -> int:
        """Desired interval while the session is not up."""
        return max(self.idle_tx_us, self.min_tx_us)
