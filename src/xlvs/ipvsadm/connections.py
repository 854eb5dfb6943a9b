# SPDX-License-Identifier: Apache-2.0
"""The listing of the connection table, made to run to millions of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.ipvsadm.names import Namer
    from xlvs.model.connection import ConnectionRow

_TITLE = "pro expire state       source             virtual            destination"
_CACHE_LIMIT = 262144


def list_connections(rows: Iterable[ConnectionRow], namer: Namer, *, with_engine: bool = False) -> Iterator[str]:
    """Titles and one line per connection; `with_engine` adds the persistence engine's columns where there is data."""
    yield "IPVS connection entries"
    yield f"{_TITLE}        pe name          pe_data" if with_engine else _TITLE
    ends, expiries = _Ends(namer), _Expiries()
    protocols = {int(protocol): f"{protocol.name:<3}" for protocol in Protocol}
    for number, client, client_port, virtual, virtual_port, server, server_port, state, expires_s, engine, data in rows:
        line = (
            f"{protocols[number]} {expiries[expires_s]} {state:<11} {ends[client, client_port, number]:<18} "
            f"{ends[virtual, virtual_port, number]:<18} {ends[server, server_port, number]}"
        )
        if with_engine and engine:
            line = _with_engine(line, ends[server, server_port, number], engine, data)
        yield line


def _with_engine(line: str, server: str, engine: str, data: bytes) -> str:
    padding = " " * (16 - len(server))
    return f"{line}{padding} {engine:<18} {data.decode(errors='surrogateescape')}"


class _Ends(dict[tuple[bytes, int, int], str]):
    """Written ends of connections: few virtual and server ends occur again and again."""

    def __init__(self, namer: Namer) -> None:
        super().__init__()
        self._namer = namer

    def __missing__(self, end: tuple[bytes, int, int]) -> str:
        address, port, protocol = end
        text = self._namer.endpoint(address, port, Protocol(protocol))
        if len(self) < _CACHE_LIMIT:
            self[end] = text
        return text


class _Expiries(dict[int, str]):
    """Written times to expiry, minutes and seconds."""

    def __missing__(self, expires_s: int) -> str:
        minutes, seconds = divmod(expires_s, 60)
        clock = f"{minutes:02}:{seconds:02}"
        text = self[expires_s] = f"{clock:<6}"
        return text
