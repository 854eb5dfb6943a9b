# SPDX-License-Identifier: Apache-2.0
"""The listing of the connection table, made to run to millions of rows."""

from __future__ import annotations

from socket import inet_ntoa
from typing import TYPE_CHECKING

from xlvs.model.address import format_address
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.ipvsadm.names import Namer
    from xlvs.model.connection import ConnectionRow

_TITLE = "pro expire state       source             virtual            destination"
_KNOWN_LIMIT = 262144

# Virtual address and port, server's address and port, protocol.
_Ends = tuple[bytes, int, bytes, int, int]


def list_connections(rows: Iterable[ConnectionRow], namer: Namer, *, with_engine: bool = False) -> Iterator[str]:
    """Titles and one line per connection; `with_engine` adds the persistence engine's columns where there is data."""
    yield "IPVS connection entries"
    yield f"{_TITLE}        pe name          pe_data" if with_engine else _TITLE
    known_ends, beginnings = _KnownEnds(namer), _Beginnings()
    protocols = {int(protocol): protocol for protocol in Protocol}
    numeric, write_end = namer.is_numeric, _numeric_end if namer.is_numeric else namer.endpoint
    for number, client, client_port, virtual, virtual_port, server, server_port, state, expires_s, engine, data in rows:
        if numeric and len(client) == 4:  # nearly all of them: no call for each
            source = f"{inet_ntoa(client)}:{client_port}"
        else:
            source = write_end(client, client_port, protocols[number])
        ends = known_ends[virtual, virtual_port, server, server_port, number]
        line = f"{beginnings[number, expires_s, state]} {source:<18} {ends}"
        yield _with_engine(line, ends, engine, data) if with_engine and engine else line


def _numeric_end(address: bytes, port: int, _protocol: Protocol) -> str:
    """Clients seldom come twice, so they are written without remembering."""
    return f"{inet_ntoa(address)}:{port}" if len(address) == 4 else f"[{format_address(address)}]:{port}"


def _with_engine(line: str, ends: str, engine: str, data: bytes) -> str:
    server = ends.rpartition(" ")[2]
    padding = " " * (16 - len(server))
    return f"{line}{padding} {engine:<18} {data.decode(errors='surrogateescape')}"


class _KnownEnds(dict[_Ends, str]):
    """The written virtual and server ends, of which few serve many clients."""

    def __init__(self, namer: Namer) -> None:
        super().__init__()
        self._namer = namer

    def __missing__(self, ends: _Ends) -> str:
        virtual, virtual_port, server, server_port, number = ends
        protocol = Protocol(number)
        virtual_end = self._namer.endpoint(virtual, virtual_port, protocol)
        text = f"{virtual_end:<18} {self._namer.endpoint(server, server_port, protocol)}"
        if len(self) < _KNOWN_LIMIT:
            self[ends] = text
        return text


class _Beginnings(dict[tuple[int, int, str], str]):
    """The beginnings of lines, of which there are few: protocol, minutes and seconds to expiry, state."""

    def __missing__(self, beginning: tuple[int, int, str]) -> str:
        number, expires_s, state = beginning
        minutes, seconds = divmod(expires_s, 60)
        clock = f"{minutes:02}:{seconds:02}"
        text = self[beginning] = f"{Protocol(number).name:<3} {clock:<6} {state:<11}"
        return text
