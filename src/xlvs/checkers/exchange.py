# SPDX-License-Identifier: Apache-2.0
"""What is said over a connection once it is open: pure, so that any byte can be tried on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import ProbeResult


class Exchange(Protocol):
    """One conversation. It ends with the first result."""

    def opening(self) -> bytes:
        """What the client says first; nothing when the server begins."""

    def receive(self, data: bytes) -> bytes | ProbeResult | None:
        """Take what came: an answer to send, the result, or None to wait for more."""

    def closed(self) -> ProbeResult:
        """The server closed the connection."""
