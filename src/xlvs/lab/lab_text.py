# SPDX-License-Identifier: Apache-2.0
"""A lab as the text of a TOML file that `lab_file` reads back as the same values. No I/O here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xlvs.lab.topology import HttpServer, Interface, Node, Topology

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_HEAD: Final = "# A lab: `xlvs lab up FILE` builds it, xlvs-lab(5) says what may stand here.\n"
_WIDTH: Final = 110
_HTTP: Final = 80


def write(topology: Topology) -> str:
    """The text of a topology."""
    lines = [f"name = {_text(topology.name)}", f"summary = {_text(topology.summary)}"]
    if topology.hosts:
        lines += ["", "[hosts]", *_hosts(topology.hosts)]
    for node in topology.nodes:
        servers = [server for server in topology.servers if server.node == node.name]
        lines += ["", f"[nodes.{node.name}]", *_node(node, servers)]
    return _HEAD + "\n".join(lines) + "\n"


def _node(node: Node, servers: Sequence[HttpServer]) -> Iterator[str]:
    for interface in node.interfaces:
        yield f"interfaces.{_key(interface.name)} = {_interface(interface)}"
    if node.routes:
        yield f"routes = {_list(map(_text, node.routes))}"
    if node.sysctls:
        yield f"sysctls = {_inline((_key(key), _setting(value)) for key, value in node.sysctls)}"
    if servers:
        yield f"http = {_list(_server(each) for each in servers)}"
    if node.setup:
        yield f"setup = {_list(map(_text, node.setup))}"
    if node.own_run:
        yield "own_run = true"
    for name, text in node.files:
        yield f"files.{_key(name)} = {_long_text(text)}"


def _interface(interface: Interface) -> str:
    fields = [("segment", _text(interface.segment))]
    if interface.addresses:
        fields.append(("addresses", f"[{', '.join(map(_text, interface.addresses))}]"))
    return _inline(fields)


def _server(server: HttpServer) -> str:
    fields = [("port", str(server.port))] if server.port != _HTTP else []
    fields.append(("page", _text(server.page)))
    if server.pages:
        fields.append(("pages", _inline((_key(path), _text(page)) for path, page in server.pages)))
    if server.tls:
        fields.append(("tls", "true"))
    return _inline(fields)


def _hosts(hosts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A name with several addresses is one key."""
    by_name: dict[str, list[str]] = {}
    for address, name in hosts:
        by_name.setdefault(name, []).append(address)
    for name, addresses in by_name.items():
        yield f"{_key(name)} = {_text(addresses[0]) if len(addresses) == 1 else _list(map(_text, addresses))}"


def _setting(value: str) -> str:
    return value if value.isdecimal() and str(int(value)) == value else _text(value)


def _inline(fields: Iterable[tuple[str, str]]) -> str:
    return "{ " + ", ".join(f"{key} = {value}" for key, value in fields) + " }"


def _list(values: Iterable[str]) -> str:
    values = list(values)
    short = f"[{', '.join(values)}]"
    if len(short) <= _WIDTH:
        return short
    return "[\n" + "".join(f"    {value},\n" for value in values) + "]"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return '"' + "".join(_escaped(each) for each in text).replace("\n", "\\n").replace('"', '\\"') + '"'


def _long_text(text: str) -> str:
    """Over several lines, as it is read best."""
    if "\n" not in text:
        return _text(text)
    inner = "".join(_escaped(each) for each in text)
    # The first newline after the quotes is not part of the text; nowhere in it may three quotes follow one another.
    return '"""\n' + re.sub(r'"(?="|\Z)', r'\\"', inner) + '"""'


def _escaped(character: str) -> str:
    """TOML forbids control characters but newline and tab, the former in a text of one line."""
    if character == "\\":
        return "\\\\"
    control = ord(character) < 0x20 or ord(character) == 0x7F
    return f"\\u{ord(character):04x}" if control and character not in "\n\t" else character
