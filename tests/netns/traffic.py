# SPDX-License-Identifier: Apache-2.0
"""Servers and clients of tests beyond plain web pages: echo over TCP and UDP, and bulk transfer checked by SHA-256.

Servers are threads of the test whose sockets belong to a node; a with block around each ends them. Clients are
called with the calling thread in the client's network (``with net.lab.entered("client")``).
"""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlvs.lab.lab import Lab

UPLOAD: Final = b"U"
DOWNLOAD: Final = b"D"
FRESH_PORTS: Final = itertools.count(10_000)
_ORDER: Final = struct.Struct("!cQ")
_BLOCK: Final = 1 << 18
_DIGEST_SIZE: Final = 32
_TIMEOUT_S: Final = 20.0


@contextmanager
def tcp_echo(lab: Lab, node: str, port: int, *, greeting: bytes = b"") -> Iterator[None]:
    """Greet each connection (with the server's name, say), then send back whatever comes."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(greeting)
        while data := connection.recv(_BLOCK):
            connection.sendall(data)

    with _tcp_server(lab, node, port, serve):
        yield


@contextmanager
def bulk(lab: Lab, node: str, port: int) -> Iterator[None]:
    """Take or give as many bytes as the client orders, and the SHA-256 of what went over; see transfer."""

    def serve(connection: socket.socket) -> None:
        direction, size = _ORDER.unpack(_read(connection, _ORDER.size))
        digest = _receive(connection, size) if direction == UPLOAD else _send(connection, size)
        connection.sendall(digest)

    with _tcp_server(lab, node, port, serve):
        yield


@contextmanager
def udp_echo(lab: Lab, node: str, port: int, *, prefix: bytes = b"", address: str = "") -> Iterator[None]:
    """Send every datagram back, after `prefix`, from `address`, or the node's towards the client."""
    with lab.entered(node):
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind((f"::ffff:{address}" if "." in address else address, port))

    def serve() -> None:
        while True:
            data, peer = server.recvfrom(65536)
            if not data and not peer:
                return
            server.sendto(prefix + data, peer)

    with _thread(serve, server):
        yield


def transfer(address: tuple[str, int], size: int, direction: bytes) -> tuple[str, str]:
    """Move `size` bytes to (UPLOAD) or from (DOWNLOAD) a bulk server; the digests of what was sent and received."""
    with socket.create_connection(address, _TIMEOUT_S) as connection:
        connection.sendall(_ORDER.pack(direction, size))
        ours = _send(connection, size) if direction == UPLOAD else _receive(connection, size)
        theirs = _read(connection, _DIGEST_SIZE)
    sent, received = (ours, theirs) if direction == UPLOAD else (theirs, ours)
    return sent.hex(), received.hex()


def tcp_ask(address: tuple[str, int], data: bytes, *, length: int | None = None) -> bytes:
    """Send `data` on a new connection and read `length` bytes of answer (default: as many as were sent)."""
    with socket.create_connection(address, _TIMEOUT_S) as connection:
        connection.sendall(data)
        return _read(connection, len(data) if length is None else length)


def udp_ask(address: tuple[str, int], data: bytes, *, source_port: int | None = None, timeout_s: float = 2.0) -> bytes:
    """Send a datagram from a port of its own and wait for the answer; TimeoutError when none comes.

    By default the port is a fresh one: the kernel draws at times one whose last connection is still remembered, and may
    lead to a server that is gone.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout_s)
        client.bind(("", next(FRESH_PORTS) if source_port is None else source_port))
        client.connect(address)
        client.send(data)
        return client.recv(65536)


@contextmanager
def _tcp_server(lab: Lab, node: str, port: int, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    with lab.entered(node):
        listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)

    def serve_one(connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            connection.settimeout(_TIMEOUT_S)
            serve(connection)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    with _thread(accept, listener):
        yield


@contextmanager
def _thread(work: Callable[[], None], used: socket.socket) -> Iterator[None]:
    """Run `work` until the with block ends, which it notices by an error of the socket that it waits on."""

    def quiet() -> None:
        with suppress(OSError):
            work()

    thread = threading.Thread(target=quiet, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            used.shutdown(socket.SHUT_RDWR)
        thread.join(_TIMEOUT_S)
        used.close()


def _send(connection: socket.socket, size: int) -> bytes:
    block, digest = os.urandom(_BLOCK), hashlib.sha256()
    for start in range(0, size, _BLOCK):
        piece = block[: min(_BLOCK, size - start)]
        digest.update(piece)
        connection.sendall(piece)
    return digest.digest()


def _receive(connection: socket.socket, size: int) -> bytes:
    digest = hashlib.sha256()
    while size:
        piece = connection.recv(min(_BLOCK, size))
        if not piece:
            raise EOFError
        digest.update(piece)
        size -= len(piece)
    return digest.digest()


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
