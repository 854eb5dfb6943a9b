# SPDX-License-Identifier: Apache-2.0
"""What the original says of a connection that fails, kind by kind; `xlvs.healthcheck.words` makes lines of it."""

from __future__ import annotations

from errno import EHOSTUNREACH, ENETUNREACH
from typing import Final, NamedTuple

from xlvs.healthcheck.words import UNREACHABLE_MAIL


class Phrases(NamedTuple):
    """Of one kind: refused, no way there, no connection in time, nothing said in time, broken off, no TLS."""

    refused: str
    unreachable: str
    unconnected: str
    silent: str
    broken: str
    untrusted: str = ""

    def of(self, error: int) -> str:
        """The phrase of an error number of a connection that did not open."""
        return self.unreachable if error in {ENETUNREACH, EHOSTUNREACH} else self.refused


TCP: Final = Phrases("failed", "", "timeout", "timeout", "failed")
HTTP: Final = Phrases(
    refused="Connection failed",
    unreachable="HTTP_CHECK - network unreachable",
    unconnected="Timeout connecting",
    silent="Timeout WEB read",
    broken="Read, no data received from ",
    untrusted="SSL handshake/communication error connecting to",
)
SMTP: Final = Phrases(
    refused="Could not connect to",
    unreachable=UNREACHABLE_MAIL,
    unconnected="Connection timeout to",
    silent="Read timeout from",
    broken="Read failure from",
)
