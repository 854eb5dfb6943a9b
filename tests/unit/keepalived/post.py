# SPDX-License-Identifier: Apache-2.0
"""A mail server for tests: it takes letters, or refuses what it is told to refuse, and remembers what it heard."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

DATE = re.compile(r"^Date: [^\r]*", re.MULTILINE)


class PostOffice:
    """An SMTP server. `replies`: what it says to a command that begins so, instead of yes; None: nothing at all."""

    def __init__(self, replies: Mapping[str, str | None] | None = None, greeting: str | None = "220 hello") -> None:
        self.port = 0
        self.heard: list[list[str]] = []
        """Of each session its lines; a letter is one of them."""
        self._replies = dict(replies or {})
        self._greeting = greeting

    @property
    def letters(self) -> list[str]:
        """What it has taken, without dates."""
        return [DATE.sub("Date:", each) for session in self.heard for each in session if "\r\n" in each]

    @property
    def subjects(self) -> list[str]:
        """Of the letters."""
        found = (re.search(r"^Subject: ([^\r]*)", each, re.MULTILINE) for each in self.letters)
        return [each[1] for each in found if each]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._converse(reader, writer)
        finally:
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append([])
        session = self.heard[-1]
        answer = self._greeting
        while True:
            if answer is not None:
                writer.write(f"{answer}\r\n".encode())
            line = (await reader.readline()).decode()
            if not line:
                break
            session.append(line.rstrip("\r\n"))
            command = line.split(maxsplit=1)[0]
            answer = next((reply for start, reply in self._replies.items() if line.startswith(start)), "250 ok")
            if command == "DATA" and answer == "250 ok":
                writer.write(b"354 go on\r\n")
                session.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            if command == "QUIT":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                break


@asynccontextmanager
async def open_office(office: PostOffice, port: int = 0) -> AsyncIterator[PostOffice]:
    """Listen on this host."""
    server = await asyncio.start_server(office.serve, "127.0.0.1", port)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await server.wait_closed()
