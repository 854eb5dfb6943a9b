# SPDX-License-Identifier: Apache-2.0
"""Connections in lines: a table for people, plain lines and JSON for programs, made for a million of them.

Clients seldom come twice and are written anew each time; of virtual and server ends, and of what follows them, there
are few.
"""

from __future__ import annotations

from json import dumps
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import TYPE_CHECKING, Final

from xlvs.control.connection_words import endpoint
from xlvs.model.address import format_address
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xlvs.model.connection import ConnectionRow

TITLE: Final = (
    f"{'pro':<4} {'client':<21} {'service':<21} {'server':<21} {'state':<11} {'expires':>7}"  # widths of IPv4
)
_KNOWN_LIMIT: Final = 262144
_NAMES: Final = {int(each): each.name.lower() for each in Protocol}


def table(rows: Iterable[ConnectionRow]) -> Iterator[str]:
    """Under a title; IPv6 is wider than its column."""
    yield TITLE
    known = _Known(
        lambda virtual, vport, server, sport: f"{endpoint(virtual, vport):<21} {endpoint(server, sport):<21}"
    )
    names, ends = {number: f"{name:<4}" for number, name in _NAMES.items()}, _Ends()
    for number, client, cport, virtual, vport, server, sport, state, expires_s, engine, data in rows:
        source = f"{inet_ntoa(client)}:{cport}" if len(client) == 4 else endpoint(client, cport)
        line = f"{names[number]} {source:<21} {known[virtual, vport, server, sport]} {ends[state, expires_s]}"
        yield f"{line} {engine} {_text(data)}" if engine else line


def plain(rows: Iterable[ConnectionRow]) -> Iterator[str]:
    """Words with blanks between: protocol, client, service, server, state, seconds to expiry."""
    known = _Known(lambda virtual, vport, server, sport: f"{endpoint(virtual, vport)} {endpoint(server, sport)}")
    names = _NAMES
    for number, client, cport, virtual, vport, server, sport, state, expires_s, _, _ in rows:
        source = f"{inet_ntoa(client)}:{cport}" if len(client) == 4 else endpoint(client, cport)
        yield f"{names[number]} {source} {known[virtual, vport, server, sport]} {state} {expires_s}"


def json_lines(rows: Iterable[ConnectionRow]) -> Iterator[str]:
    """One document, an array with a connection a line, so that it can be read while it is written."""
    known, names, before = _Known(_json_ends), _NAMES, "["
    for number, client, cport, virtual, vport, server, sport, state, expires_s, engine, data in rows:
        source = inet_ntoa(client) if len(client) == 4 else inet_ntop(AF_INET6, client)
        more = f', "pe": {dumps(engine)}, "pe_data": {dumps(_text(data))}' if engine else ""
        kind = "" if cport or state not in {"NONE", "ASSURED"} else ', "template": true'
        yield (
            f'{before}\n{{"protocol": "{names[number]}", "client": "{source}", "client_port": {cport}, '
            f'{known[virtual, vport, server, sport]}, "state": "{state}", "expires_s": {expires_s}{kind}{more}}}'
        )
        before = ","
    yield "[]" if before == "[" else "\n]"


def _json_ends(virtual: bytes, vport: int, server: bytes, sport: int) -> str:
    return (
        f'"virtual": "{format_address(virtual)}", "virtual_port": {vport}, '
        f'"server": "{format_address(server)}", "server_port": {sport}'
    )


def _text(data: bytes) -> str:
    return data.decode(errors="backslashreplace")


class _Known(dict[tuple[bytes, int, bytes, int], str]):
    """What was written of virtual and server ends."""

    def __init__(self, write: Callable[[bytes, int, bytes, int], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, ends: tuple[bytes, int, bytes, int]) -> str:
        text = self._write(*ends)
        if len(self) < _KNOWN_LIMIT:
            self[ends] = text
        return text


class _Ends(dict[tuple[str, int], str]):
    """State, and minutes and seconds to expiry."""

    def __missing__(self, end: tuple[str, int]) -> str:
        state, expires_s = end
        minutes, seconds = divmod(expires_s, 60)
        text = self[end] = f"{state:<11} {minutes:>4}:{seconds:02}"
        return text
