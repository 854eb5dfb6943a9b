# SPDX-License-Identifier: Apache-2.0
"""The exchange of HTTP_GET and SSL_GET: one page, its status, digest and text."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from xlvs.checkers import phrases
from xlvs.checkers.exchange import Deferred
from xlvs.checkers.pcre2 import pattern
from xlvs.healthcheck.probe import SECOND_US, ProbeResult, end_text

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import HttpProbe

HEAD_MAX = 64 * 1024
SEARCHED_MAX = 1024 * 1024
_STATUS = re.compile(rb"HTTP/\d\.\d +(\d{3})(?:[ \r\n]|$)")
_LENGTH = re.compile(rb"\r?\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r?\n|$)", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class HttpExchange:
    """Asks for one URL and judges the answer."""

    def __init__(self, probe: HttpProbe) -> None:
        self._probe = probe
        self._where = f"{end_text(probe.endpoint.address, probe.endpoint.port, 'tcp')} url({probe.path})"
        self._head: bytes | None = b""
        self._status = 0
        self._left: int | None = None
        self._digest = hashlib.md5(usedforsecurity=False) if probe.digest else None
        self._body = bytearray()

    def opening(self) -> bytes:
        """The request."""
        probe = self._probe
        version = "1.1" if probe.version == "1.1" else "1.0"
        lines = [f"GET {probe.path} HTTP/{version}", "User-Agent: KeepAliveClient"]
        if probe.version != "1.0":
            lines.append("Connection: close")
        lines += [f"Host: {probe.host}", "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    def receive(self, data: bytes) -> ProbeResult | Deferred | None:
        """Take a part of the answer."""
        if self._head is not None:
            seen = max(len(self._head) - 3, 0)
            self._head += data
            end = _HEAD_END.search(self._head, seen)
            if end is None:
                return (
                    self._wrong(phrases.HTTP.broken, "the header is too long") if len(self._head) > HEAD_MAX else None
                )
            head, data = self._head[: end.start()], self._head[end.end() :]
            self._head = None
            length = _LENGTH.search(head)
            self._left = int(length[1]) if length else None
            status = _STATUS.match(head)
            self._status = int(status[1]) if status else 0
        self._take(data)
        return self._judge() if self._left == 0 else None

    def body_digest(self) -> str:
        """MD5 of the body that came, in hexadecimal; empty when none did, or its probe has no digest."""
        return self._digest.hexdigest() if self._digest is not None and self._head is None else ""

    def closed(self) -> ProbeResult | Deferred:
        """The end of a body without a length; of a shorter one too, as the original has it."""
        if self._head is None:
            return self._judge()
        return ProbeResult(ok=False, reason=f"No answer from {self._where}.", said=phrases.HTTP.broken)

    def _take(self, data: bytes) -> None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if self._digest is not None:
            self._digest.update(data)
        if self._probe.regex and len(self._body) < SEARCHED_MAX:
            self._body += data

    def _judge(self) -> ProbeResult | Deferred:
        probe = self._probe
        if not any(first <= self._status <= last for first, last in probe.statuses):
            return self._wrong("HTTP status code error to", f"status_code [{self._status}]")
        if self._digest is not None and self._digest.digest() != probe.digest:
            return self._wrong("MD5 digest error to", f"MD5SUM [{self._digest.hexdigest()}]")
        return (
            Deferred(self._search) if probe.regex else self._good("MD5 digest" if probe.digest else "HTTP status code")
        )

    def _search(self) -> ProbeResult:
        """Look for the text. It may be another thread that does."""
        probe, seconds = self._probe, self._probe.endpoint.timeout_us / SECOND_US
        compiled = pattern(probe.regex, probe.regex_flags)
        found = compiled.matches(bytes(self._body), probe.regex_from, probe.regex_to, seconds)
        if found == probe.regex_must_not_match:
            return self._wrong("Regex match failed", "found" if found else "not found")
        return self._good("Regex match")

    def _good(self, said: str) -> ProbeResult:
        return ProbeResult(ok=True, reason=f"{said} success to {self._where}.", said=said)

    def _wrong(self, said: str, what: str) -> ProbeResult:
        return ProbeResult(ok=False, reason=f"{said} {self._where}: {what}.", said=said)
