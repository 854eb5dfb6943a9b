# SPDX-License-Identifier: Apache-2.0
"""What is said over a connection once it is open: pure, so that any byte can be tried on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.healthcheck.probe import ProbeResult


@dataclass(frozen=True, slots=True)
class Deferred:
    """A result that takes a while to work out, to be had beside the event loop, in a thread."""

    work: Callable[[], ProbeResult]


class Exchange(Protocol):
    """One conversation. It ends with the first result."""

    def opening(self) -> bytes:
        """What the client says first; nothing when the server begins."""

    def receive(self, data: bytes) -> bytes | ProbeResult | Deferred | None:
        """Take what came: an answer to send, the result, or None to wait for more."""

    def closed(self) -> ProbeResult | Deferred:
        """The server closed the connection."""
