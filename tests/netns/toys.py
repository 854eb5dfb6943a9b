# SPDX-License-Identifier: Apache-2.0
"""Servers for checks whose behaviour is set, and set again, while they are checked."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOCAL = "127.0.0.1"
EPHEMERAL = 32768
"""Ports from here on are the kernel's choice."""


class Toys:
    """Servers at ports of 127.0.0.1 whose behaviour is set, and set again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._listeners: dict[int, socket.socket] = {}
        self._hearing: dict[int, threading.Thread] = {}
        self._leaving: set[int] = set()
        self._answers: dict[int, Callable[[bytes], bytes | None]] = {}
        self._serve: dict[int, Callable[[socket.socket], None]] = {}
        self.say: Callable[[str], None] = print
        """Adds a line to the transcript."""
        self.reload: Callable[[str], None] = print
        """Gives the daemon another configuration."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for port in list(self._listeners):
            self.close(port)

    def serve(self, port: int, answer: Callable[[socket.socket], None]) -> None:
        """Answer connections at a port so."""
        self._serve[port] = answer
        if port not in self._listeners:
            self._listeners[port] = socket.create_server(
                ("::", port), family=socket.AF_INET6, backlog=64, dualstack_ipv6=True
            )
            threading.Thread(target=self._accept, args=(port, self._listeners[port]), daemon=True).start()

    def close(self, port: int) -> None:
        """Refuse connections at a port."""
        listener = self._listeners.pop(port)
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()

    def pages(self, port: int, **pages: bytes) -> None:
        """Answer GET /NAME with the bytes of that name, as they are; of a name that is not there with nothing."""
        self.serve(port, lambda connection: _answer_page(connection, pages))

    def witness(self, port: int, page: bytes) -> None:
        """Answer everything with this page, and say what was asked from where; the same only once."""
        told: set[str] = set()

        def answer(connection: socket.socket) -> None:
            host, source = connection.getpeername()[:2]
            asked = connection.recv(4096)
            line = f"request {port} {asked!r} from {host}:{source if source < EPHEMERAL else '*'}"
            if line not in told:
                told.add(line)
                self.say(line)
            connection.sendall(page)

        self.serve(port, answer)

    def secure_pages(self, port: int, **pages: bytes) -> None:
        """The same behind TLS, with a certificate that nobody signed."""
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        if not certificate.exists():
            command = (
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=server"
            )
            subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        def answer(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                _answer_page(wrapped, pages)

        self.serve(port, answer)

    def fifo(self, name: str) -> None:
        """Read a FIFO into the transcript."""
        os.mkfifo(self.folder / name)
        descriptor = os.open(self.folder / name, os.O_RDWR)

        def loop() -> None:
            with os.fdopen(descriptor) as lines:
                for line in lines:
                    self.say(f"fifo {line.rstrip()}")

        threading.Thread(target=loop, daemon=True).start()

    def says(self, port: int, *lines: bytes) -> None:
        """The first line at once, then one for each that comes."""

        def answer(connection: socket.socket) -> None:
            for line in lines:
                connection.sendall(line)
                if not connection.recv(4096):
                    return

        self.serve(port, answer)

    def datagrams(self, port: int, answer: Callable[[bytes], bytes | None]) -> None:
        """Answer datagrams at a port so."""
        self._answers[port] = answer
        if port in self._hearing:
            return
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((LOCAL, port))
        self._hearing[port] = threading.Thread(target=self._hear, args=(port, opened), daemon=True)
        self._hearing[port].start()

    def deaf(self, port: int) -> None:
        """Nobody at a port for datagrams, after the next one: what came and was not read would be lost, not refused."""
        self._leaving.add(port)
        self._hearing.pop(port).join()

    def _hear(self, port: int, opened: socket.socket) -> None:
        with opened:
            while port not in self._leaving:
                data, sender = opened.recvfrom(65535)
                reply = self._answers[port](data)
                if reply is not None:
                    opened.sendto(reply, sender)

    def _accept(self, port: int, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(port, connection), daemon=True).start()

    def _answer(self, port: int, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError), connection:
            self._serve[port](connection)


def _answer_page(connection: socket.socket, pages: dict[str, bytes]) -> None:
    words = connection.recv(4096).split(b" ")
    name = words[1][1:] if len(words) > 1 else b""
    connection.sendall(pages.get(name.decode("latin-1"), b""))
