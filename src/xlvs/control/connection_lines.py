# SPDX-License-Identifier: Apache-2.0
"""Connections in lines: a table for people, plain lines and JSON for programs. Pure, and made for a million of them."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING, Final

from xlvs.control.connection_words import endpoint
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
    names, end = {number: f"{name:<4}" for number, name in _NAMES.items()}, endpoint
    for number, client, cport, virtual, vport, server, sport, state, expires_s, engine, data in rows:
        ends = known[virtual, vport, server, sport]
        minutes, seconds = divmod(expires_s, 60)
        line = f"{names[number]} {end(client, cport):<21} {ends} {state:<11} {minutes:>4}:{seconds:02}"
        yield f"{line} {engine} {data.decode(errors='backslashreplace')}" if engine else line


def plain(rows: Iterable[ConnectionRow]) -> Iterator[str]:
    """Words with blanks between: protocol, client, service, server, state, seconds to expiry."""
    known = _Known(lambda virtual, vport, server, sport: f"{endpoint(virtual, vport)} {endpoint(server, sport)}")
    names, end = _NAMES, endpoint
    for number, client, cport, virtual, vport, server, sport, state, expires_s, _, _ in rows:
        yield f"{names[number]} {end(client, cport)} {known[virtual, vport, server, sport]} {state} {expires_s}"


def json_lines(rows: Iterable[ConnectionRow]) -> Iterator[str]:
    """One document, an array with a connection a line, so that it can be read while it is written."""
    known = _Known(_json_ends)
    from xlvs.model.address import format_address

    names, written, before = _NAMES, format_address, "["
    for number, client, cport, virtual, vport, server, sport, state, expires_s, engine, data in rows:
        more = f', "pe": {dumps(engine)}, "pe_data": {dumps(data.decode(errors="backslashreplace"))}' if engine else ""
        kind = ', "template": true' if not cport and state in {"NONE", "ASSURED"} else ""
        yield (
            f'{before}\n{{"protocol": "{names[number]}", "client": "{written(client)}", "client_port": {cport}, '
            f'{known[virtual, vport, server, sport]}, "state": "{state}", "expires_s": {expires_s}{kind}{more}}}'
        )
        before = ","
    yield "[]" if before == "[" else "\n]"


def _json_ends(virtual: bytes, vport: int, server: bytes, sport: int) -> str:
    from xlvs.model.address import format_address

    return (
        f'"virtual": "{format_address(virtual)}", "virtual_port": {vport}, '
        f'"server": "{format_address(server)}", "server_port": {sport}'
    )


class _Known(dict[tuple[bytes, int, bytes, int], str]):
    """What was written of virtual and server ends, of which few serve many clients."""

    def __init__(self, write: Callable[[bytes, int, bytes, int], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, ends: tuple[bytes, int, bytes, int]) -> str:
        text = self._write(*ends)
        if len(self) < _KNOWN_LIMIT:
            self[ends] = text
        return text
