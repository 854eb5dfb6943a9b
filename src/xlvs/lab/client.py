# SPDX-License-Identifier: Apache-2.0
"""The client of a lab: HTTP requests, each on a connection of its own or all on one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from xlvs.lab.errors import LabError


def get(url: str, *, timeout_s: float = 5.0) -> str:
    """The body that `url` (or a bare ``host[:port]``) answers with; every call is a new connection.

    Raises LabError when nobody answers in time or the answer is no page.
    """
    place = _Place.of(url)
    with _explained(url), socket.create_connection((place.host, place.port), timeout_s) as connection:
        connection.settimeout(timeout_s)
        connection.sendall(_request(place, "close"))
        return parse_response(_read_all(connection))


class KeptAlive:
    """One connection to `url` that carries one request after the other (RFC 9112, 9.3)."""

    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        """Connect. Raises LabError when nobody answers in time."""
        self._url, self._place = url, _Place.of(url)
        self._pending = b""
        with _explained(url):
            self._connection = socket.create_connection((self._place.host, self._place.port), timeout_s)
            self._connection.settimeout(timeout_s)

    def get(self) -> str:
        """The body of the next answer. Raises LabError when none comes in time; the connection is of no use then."""
        with _explained(self._url):
            self._connection.sendall(_request(self._place, "keep-alive"))
            while (length := whole_length(self._pending)) is None or len(self._pending) < length:
                received = self._connection.recv(65536)
                if not received:
                    raise ValueError("the connection was ended")
                self._pending += received
            response, self._pending = self._pending[:length], self._pending[length:]
            return parse_response(response)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class _Place(NamedTuple):
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> _Place:
        with _explained(url):
            parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname:
            raise LabError(f"{url} is not an http address", "write for example http://192.168.20.129/")
        with _explained(url):
            return cls(parts.hostname, parts.port or 80, parts.path or "/")


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LabError(f"no page from {url}: {error.strerror or error}") from error
    except ValueError as error:
        raise LabError(f"no page from {url}: {error}") from error


def whole_length(received: bytes) -> int | None:
    """How long the response is that begins here, with head and body; None while its head is not there."""
    head, separator, _ = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if not lengths:
        raise ValueError("the answer does not say how long it is")
    return len(head) + len(separator) + int(lengths[0].partition(b":")[2])


def parse_response(response: bytes) -> str:
    """The body of a whole response; ValueError when it is none, is cut short or reports an error."""
    head, separator, body = response.partition(b"\r\n\r\n")
    status_line, *fields = head.decode("latin-1").split("\r\n")
    words = status_line.split(" ", 2)
    if not separator or len(words) < 2 or not words[0].startswith("HTTP/"):
        raise ValueError("the answer is not HTTP")
    if words[1] != "200":
        raise ValueError(f"the answer is {' '.join(words[1:])}")
    lengths = [int(field.partition(":")[2]) for field in fields if field.lower().startswith("content-length:")]
    if lengths and lengths[0] != len(body):
        raise ValueError(f"{len(body)} bytes came of {lengths[0]}")
    return body.decode(errors="replace")


def _request(place: _Place, connection: str) -> bytes:
    shown = f"[{place.host}]" if ":" in place.host else place.host
    return f"GET {place.path} HTTP/1.1\r\nHost: {shown}\r\nConnection: {connection}\r\n\r\n".encode()


def _read_all(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)
