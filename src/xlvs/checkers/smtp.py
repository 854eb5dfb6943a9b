# SPDX-License-Identifier: Apache-2.0
"""The exchange of SMTP_CHECK: greeting, HELO, QUIT (RFC 5321)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.healthcheck.probe import ProbeResult, end_text

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import SmtpProbe

LINE_MAX = 64 * 1024


class SmtpExchange:
    """Waits for 220, says HELO, waits for 250, says QUIT and waits for 221 or the end."""

    def __init__(self, probe: SmtpProbe) -> None:
        self._server = end_text(probe.endpoint.address, probe.endpoint.port, "tcp")
        self._steps = [(b"220", f"HELO {probe.helo}\r\n".encode()), (b"250", b"QUIT\r\n")]
        self._unread = b""

    def opening(self) -> bytes:
        """The server speaks first."""
        return b""

    def receive(self, data: bytes) -> bytes | ProbeResult | None:
        """Take a part of a reply; its last line has a blank after the code."""
        self._unread += data
        if len(self._unread) > LINE_MAX:
            return ProbeResult(ok=False, reason=f"SMTP server {self._server} talks without end.")
        answers = b""
        while b"\n" in self._unread:
            line, _, self._unread = self._unread.partition(b"\n")
            if line[3:4] == b"-" and line[:3].isdigit():
                continue
            if not self._steps:
                return self._good()
            code, answer = self._steps.pop(0)
            if line[:3] != code:
                said = line[:80].decode("latin-1").strip()
                return ProbeResult(
                    ok=False, reason=f"SMTP server {self._server} said {said!r} instead of {code.decode()}."
                )
            answers += answer
        return answers or None

    def closed(self) -> ProbeResult:
        """After QUIT the server may just close."""
        return self._good() if not self._steps else ProbeResult(ok=False, reason=f"SMTP server {self._server} closed.")

    def _good(self) -> ProbeResult:
        return ProbeResult(ok=True, reason=f"Remote SMTP server {self._server} succeed on service.")
