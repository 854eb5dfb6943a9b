# SPDX-License-Identifier: Apache-2.0
"""The exchange of SMTP_CHECK: greeting, HELO, QUIT (RFC 5321)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.checkers import phrases
from xlvs.healthcheck.probe import ProbeResult, end_text

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import SmtpProbe

TALK_MAX = 64 * 1024


class SmtpExchange:
    """Waits for 220, says HELO, waits for 250, says QUIT and waits for any reply."""

    def __init__(self, probe: SmtpProbe) -> None:
        self._server = end_text(probe.endpoint.address, probe.endpoint.port, "tcp")
        self._steps = [
            (b"220", f"HELO {probe.helo}\r\n".encode(errors="surrogateescape"), "Bad greeting banner from"),
            (b"250", b"QUIT\r\n", "Bad HELO response from"),
        ]
        self._unread = b""
        self._length = 0

    def opening(self) -> bytes:
        """The server speaks first."""
        return b""

    def receive(self, data: bytes) -> bytes | ProbeResult | None:
        """Take a part of a reply; its last line has a blank after the code."""
        self._unread += data
        self._length += len(data)
        if self._length > TALK_MAX:
            return self._failed("talks without end", phrases.SMTP.broken)
        answers = b""
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            if line[3:4] == b"-" and line[:3].isdigit():
                continue
            if not self._steps:
                return ProbeResult(ok=True, reason=f"Remote SMTP server {self._server} succeed on service.")
            code, answer, phrase = self._steps.pop(0)
            if line[:3] != code:
                said = line[:80].decode("latin-1").strip()
                return self._failed(f"said {said!r} instead of {code.decode()}", phrase)
            answers += answer
        return answers or None

    def closed(self) -> ProbeResult:
        """Before its last reply."""
        return self._failed("closed the connection", phrases.SMTP.broken)

    def _failed(self, what: str, said: str) -> ProbeResult:
        return ProbeResult(ok=False, reason=f"SMTP server {self._server} {what}.", said=said)
