# SPDX-License-Identifier: Apache-2.0
"""Sends mails while the event loop goes on: some at a time, each step of a dialogue within the configured time."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.keepalived.notices.mail import Dialogue, letter

if TYPE_CHECKING:
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.notices.mail import Mail, MailSettings

MAILS_LAST_S: Final = 1.0
"""How long the end waits for mails."""

_AT_ONCE: Final = 8
_WAITING_MAX: Final = 4096
_PORTION: Final = 4096


class _Names(NamedTuple):
    """What the resolver knows: addresses of the server, the name of this host ("" if it has none)."""

    addresses: list[str]
    here: str


class Mailer:
    """One mail server. A mail that cannot be sent is lost, and the log says why."""

    def __init__(self, settings: MailSettings, log: Log) -> None:
        self.settings = settings
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._names: asyncio.Future[_Names] | None = None

    def send(self, mail: Mail) -> None:
        """Send it as soon as may be."""
        if len(self._tasks) >= _WAITING_MAX:
            self._log.write(f"Too many mails wait for the SMTP server {self.settings.server}, dropped: {mail.subject}")
            return
        date = time.strftime("%a, %d %b %Y %H:%M:%S %z")
        task = asyncio.get_running_loop().create_task(self._send(mail, date))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, limit_s: float) -> None:
        """At the end: wait for what is on its way, but not for long."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=limit_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _send(self, mail: Mail, date: str) -> None:
        async with self._turn:
            names = await self._resolved()
            if not names.addresses:
                self._log.write(f"Invalid smtp server {self.settings.server} {self.settings.port}")
                return
            here = names.here or socket.gethostname()
            sender = self.settings.sender or f"{_user()}@{here}"
            message = letter(mail, self.settings, sender, self.settings.router_id or here, date)
            helo = self.settings.helo or names.here or "localhost"
            for address in names.addresses:
                dialogue = Dialogue(helo, sender, self.settings.recipients, message)
                if await self._connect(address, dialogue):
                    break

    async def _connect(self, address: str, dialogue: Dialogue) -> bool:
        """Hand it over; whether the server was there at all."""
        where = f"[{address}]:{self.settings.port}"
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                reader, writer = await asyncio.open_connection(address, self.settings.port)
        except TimeoutError:
            self._log.write(f"Timeout opening connection to remote SMTP server {where}.")
            return False
        except OSError as error:
            self._log.write(f"SMTP connection ERROR to {where}. ({os.strerror(error.errno or 0)})")
            return False
        self._log.write(f"Remote SMTP server {where} connected.", detail=True)
        try:
            await self._talk(reader, writer, dialogue, where)
        finally:
            writer.transport.abort()
        for command, code in dialogue.refusals:
            self._log.write(f"Error processing {command} cmd on SMTP server {where}. SMTP status code = {code}")
        if dialogue.sent:
            self._log.write("SMTP alert successfully sent.", detail=True)
        return True

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialogue: Dialogue, where: str
    ) -> None:
        try:
            while not dialogue.ended:
                async with asyncio.timeout(self.settings.timeout_s):
                    data = await reader.read(_PORTION)
                    if data:
                        writer.write(dialogue.receive(data))
                        await writer.drain()
                if not data:
                    if not dialogue.sent:
                        self._log.write(f"Remote SMTP server {where} has closed the connection.")
                    return
        except OSError as error:
            what = "Timeout reading data to" if isinstance(error, TimeoutError) else "Error reading data from"
            if not dialogue.sent:
                self._log.write(f"{what} remote SMTP server {where}.")

    # Names

    async def _resolved(self) -> _Names:
        """What the resolver says, asked once; after a failure with every mail."""
        if self._names and self._names.done() and not self._names.result().addresses:
            self._names = None
        if self._names is None:
            self._names = self._ask()
        return await asyncio.shield(self._names)

    def _ask(self) -> asyncio.Future[_Names]:
        """In a thread that nobody waits for at the end: a resolver may take half a minute to give up."""
        loop = asyncio.get_running_loop()
        names: asyncio.Future[_Names] = loop.create_future()

        def look_up() -> None:
            found = _Names(_addresses(self.settings.server), _here())
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_answer, names, found)

        threading.Thread(target=look_up, daemon=True).start()
        return names


def _answer(names: asyncio.Future[_Names], found: _Names) -> None:
    if not names.done():
        names.set_result(found)


def _addresses(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(each[4][0]) for each in found))
    except (OSError, UnicodeError):
        return []


def _here() -> str:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        return ""
    return found[0][3]


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
