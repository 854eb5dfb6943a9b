# SPDX-License-Identifier: Apache-2.0
"""Servers for checks, in a thread each, at an address of a node: what they answer is the test's choice."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

_PATIENCE_S = 10.0


@contextmanager
def listening(address: str, port: int, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """A TCP server in the present namespace: `serve` gets each connection; at the end the port is closed."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family, backlog=512)
    stopped = threading.Event()

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(_PATIENCE_S)
            with suppress(OSError), connection:
                serve(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def http_server(pages: dict[str, bytes], seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Answers with the page of the path, or 404; `seen` gets the requests."""

    def serve(connection: socket.socket) -> None:
        request = connection.recv(4096)
        while request.startswith(b"GET") and b"\r\n\r\n" not in request and (data := connection.recv(4096)):
            request += data
        if not request.startswith(b"GET"):
            return
        if seen is not None:
            seen.append(request)
        page = pages.get(request.split(b" ")[1].decode())
        status = b"404 Not Found" if page is None else b"200 OK"
        body = page or b"nothing here"
        connection.sendall(b"HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    return serve


def https_server(context: ssl.SSLContext, serve: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """The same behind TLS."""

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            serve(wrapped)

    return secured


def smtp_server(greeting: bytes = b"220-mail\r\n220 ready\r\n") -> Callable[[socket.socket], None]:
    """Greets, and takes HELO and QUIT."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(greeting)
        while line := connection.recv(1024):
            connection.sendall(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 hello\r\n")
            if line.startswith(b"QUIT"):
                return

    return serve


def silent(connection: socket.socket) -> None:
    """Says nothing until the client is gone."""
    while connection.recv(4096):
        pass


@contextmanager
def answering(address: str, port: int, answer: Callable[[bytes], bytes | None]) -> Iterator[None]:
    """A UDP server in the present namespace."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.bind((address, port))
    stop = b"\0stop"

    def loop() -> None:
        while True:
            data, sender = opened.recvfrom(65535)
            if data == stop and sender == opened.getsockname():
                return
            reply = answer(data)
            if reply is not None:
                opened.sendto(reply, sender)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        opened.sendto(stop, (address, port))
        thread.join()
        opened.close()
