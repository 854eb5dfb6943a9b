# SPDX-License-Identifier: Apache-2.0
"""The client of a lab: one HTTP request on one connection of its own."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from xlvs.lab.errors import LabError


def get(url: str, *, timeout_s: float = 5.0) -> str:
    """The body that `url` (or a bare ``host[:port]``) answers with; every call is a new connection.

    Raises LabError when nobody answers in time or the answer is no page.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise LabError(f"{url} is not an http address", "write for example http://192.168.20.129/")
    try:
        port = parts.port or 80
        with socket.create_connection((parts.hostname, port), timeout_s) as connection:
            connection.settimeout(timeout_s)
            connection.sendall(_request(parts.hostname, parts.path or "/"))
            return parse_response(_read_all(connection))
    except OSError as error:
        raise LabError(f"no page from {url}: {error.strerror or error}") from error
    except ValueError as error:
        raise LabError(f"no page from {url}: {error}") from error


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


def _request(host: str, path: str) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    return f"GET {path} HTTP/1.1\r\nHost: {shown}\r\nConnection: close\r\n\r\n".encode()


def _read_all(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)
