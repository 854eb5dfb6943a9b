# SPDX-License-Identifier: Apache-2.0
"""A subagent on the event loop: connects to the master agent, answers it, sends traps, and comes back after a break."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import XlvsError
from xlvs.snmp.agentx import (
    Malformed,
    Pdu,
    Type,
    answer,
    notify_pdu,
    open_pdu,
    refusal,
    register_pdu,
    response_error,
    take,
)
from xlvs.snmp.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.keepalived.daemon.log import Log
    from xlvs.snmp.objects import Column, Oid, Value

DEFAULT_SOCKET: Final = "unix:/var/agentx/master"
PAUSE_S: Final = 15.0
_PORT: Final = 705
_PORTION: Final = 65536
_SHUTDOWN: Final = 5
_KEPT_S: Final = 1.0


class SnmpAgent:
    """`subtrees` are what is registered. A master that is not there is tried again and again; it delays nothing."""

    def __init__(self, socket: str, name: str, subtrees: Sequence[Oid], columns: Iterable[Column], log: Log) -> None:
        self._socket = socket or DEFAULT_SOCKET
        self._name = name
        self._subtrees = subtrees
        self._objects = Objects(columns)
        self._log = log
        self._writer: asyncio.StreamWriter | None = None
        self._session = 0
        self._packet = 0
        self._task = asyncio.get_running_loop().create_task(self._live())
        self._is_reported = False
        self._forgets: asyncio.TimerHandle | None = None

    def trap(self, trap: Oid, bindings: Iterable[tuple[Oid, Value]]) -> None:
        """Send a trap; without a session it is lost."""
        if self._writer and self._session:
            self._send(self._writer, notify_pdu(self._session, self._next(), trap, bindings))

    def close(self) -> None:
        """End the session."""
        if self._writer and self._session:
            shutdown = bytes((_SHUTDOWN, 0, 0, 0))
            self._send(self._writer, Pdu(Type.CLOSE, session=self._session, packet=self._next(), payload=shutdown))
        self._task.cancel()

    def _keep_rows(self) -> None:
        """For the questions of a moment, so that a walk over thousands of servers holds up nothing else."""
        if self._forgets is None or self._forgets.when() <= asyncio.get_running_loop().time():
            self._objects.forget()
            self._objects.keep()
            self._forgets = asyncio.get_running_loop().call_later(_KEPT_S, self._objects.forget)

    def _next(self) -> int:
        self._packet += 1
        return self._packet

    def _send(self, writer: asyncio.StreamWriter, pdu: Pdu) -> None:
        writer.write(pdu.encode())

    async def _live(self) -> None:
        while True:
            try:
                await self._serve()
            except (OSError, ValueError, OverflowError, Malformed) as error:  # no host name, no port
                if not self._is_reported:
                    self._log.write(
                        f"SNMP: no master agent at {self._socket}: {str(error) or 'it ended'}; trying again"
                    )
                self._is_reported = True
            finally:
                self._session = 0
                if self._writer:
                    self._writer.close()
                self._writer = None
            await asyncio.sleep(PAUSE_S)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        kind, _, place = self._socket.partition(":")
        if kind == "unix" or self._socket.startswith("/"):
            return await asyncio.open_unix_connection(place if kind == "unix" else self._socket)
        host, _, port = place.rpartition(":") if kind in {"tcp", "tcp6"} else self._socket.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port) if port.isdigit() else _PORT)

    async def _serve(self) -> None:
        reader, writer = await self._connected()
        self._writer = writer
        self._send(writer, open_pdu(self._next(), self._name))
        held = b""
        while data := await reader.read(_PORTION):
            held += data
            while taken := take(held):
                pdu, held = taken
                self._hear(pdu, writer)
            await writer.drain()

    def _hear(self, pdu: Pdu, writer: asyncio.StreamWriter) -> None:
        if pdu.type == Type.RESPONSE and not self._session:
            if error := response_error(pdu):
                raise Malformed(f"the session is refused, error {error}")
            self._session = pdu.session
            self._is_reported = False
            self._log.write(f"SNMP: connected to the master agent at {self._socket}")
            for subtree in self._subtrees:
                self._send(writer, register_pdu(self._session, self._next(), subtree))
            return
        self._keep_rows()
        try:
            response = answer(pdu, self._objects)
        except XlvsError as error:
            self._log.write(f"SNMP: a question cannot be answered: {error.message}")
            response = refusal(pdu)
        if response:
            self._send(writer, response)
