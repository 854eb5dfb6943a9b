# SPDX-License-Identifier: Apache-2.0
"""A lab as a TOML file: text in, values out, and every mistake with its key and what is allowed there. No I/O here.

The format is that of xlvs-lab(5); `lab_text` writes it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING, Any, Final

from xlvs.lab.errors import LabFileError
from xlvs.lab.file_reader import Reader
from xlvs.lab.topology import HttpServer, Interface, Node, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEYS: Final = ("name", "summary", "nodes", "hosts", "play")
NODE_KEYS: Final = ("interfaces", "routes", "sysctls", "http", "setup", "own_run", "files")
INTERFACE_KEYS: Final = ("segment", "addresses")
HTTP_KEYS: Final = ("port", "page", "pages", "tls")
STEP_KEYS: Final = ("say", "node", "run", "expect", "within")
_INTERFACE: Final = 'eth0 = { segment = "lan" }'
_SYSCTL: Final = re.compile(r"net(\.[A-Za-z0-9_-]+)+")
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_HTTP: Final = 80
_HIGHEST_PORT: Final = 65535
_LONGEST_WAIT_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a play: what its output has to contain, and for how many seconds it may be tried again."""

    node: str
    run: str
    say: str = ""
    expect: tuple[str, ...] = ()
    within_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LabFile:
    """What a file says."""

    topology: Topology
    play: tuple[Step, ...] = ()


def read(text: str, source: str, name: str = "") -> LabFile:
    """The lab of a file's text. `source` is what messages call the file, `name` what the lab is called unless it says.

    Raises LabFileError with all mistakes, one per line.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise LabFileError([f"{source}: lists or tables stand in one another too deeply"]) from None
    except ValueError as error:  # besides TOML's own, a number of more digits than Python reads
        told = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a number is too long"
        raise LabFileError([f"{source}: this is no TOML: {told}"]) from None
    reader = Reader(source)
    found = _lab(reader, document, name)
    if reader.complaints or found is None:
        raise LabFileError(reader.complaints)
    return found


def _lab(reader: Reader, document: dict[str, Any], name: str) -> LabFile | None:
    known = reader.keys(document, "", KEYS)
    tables = reader.table(document.get("nodes", {}), "nodes", "[nodes.client]")
    if known and not tables:
        reader.complain("nodes", "a lab has one node at least", f"write [nodes.client] and interfaces.{_INTERFACE}")
    nodes = tuple(_node(reader, each, table) for each, table in tables.items())
    servers = tuple(server for each, table in tables.items() for server in _servers(reader, each, table))
    hosts = tuple(_hosts(reader, document.get("hosts", {})))
    called = reader.text(document, "name", "", name)
    summary = reader.text(document, "summary", "", "")
    steps = [_step(reader, n, step) for n, step in enumerate(reader.tables(document, "play", ""), start=1)]
    if reader.complaints:
        return None
    try:
        topology = Topology(called, summary, nodes, hosts, servers)
    except ValueError as error:
        reader.complain("", str(error))
        return None
    for number, step in enumerate(steps, start=1):
        reader.known(step.node, f"play[{number}].node", topology.namespace_names())
    return LabFile(topology, tuple(steps))


def _node(reader: Reader, name: str, value: object) -> Node:
    path = f"nodes.{name}"
    table = reader.table(value, path, f"interfaces.{_INTERFACE}")
    reader.keys(table, path, NODE_KEYS)
    interfaces = reader.table(table.get("interfaces", {}), f"{path}.interfaces", _INTERFACE)
    files = tuple(_files(reader, f"{path}.files", table.get("files", {})))
    own_run = reader.flag(table, "own_run", path)
    setup = reader.texts(table, "setup", path, '["ipvsadm -A -t 192.168.20.129:80 -s rr"]')
    if files and not own_run:
        reader.complain(f"{path}.files", "files lie in a /run of the node's own", "add own_run = true")
    return Node(
        name,
        tuple(_interface(reader, f"{path}.interfaces", each, fields) for each, fields in interfaces.items()),
        reader.lines(table, "routes", path, '["default via 192.168.20.254"]'),
        tuple(_sysctls(reader, f"{path}.sysctls", table.get("sysctls", {}))),
        own_run,
        files,
        tuple(reader.command(each, f"{path}.setup") for each in setup),
    )


def _interface(reader: Reader, path: str, name: str, value: object) -> Interface:
    path = f"{path}.{name}"
    table = reader.table(value, path, '{ segment = "lan", addresses = ["192.168.20.1/24"] }')
    known = reader.keys(table, path, INTERFACE_KEYS)
    segment = reader.text(table, "segment", path, "")
    if known and "segment" not in table:
        reader.complain(
            path, "the segment is missing", 'write segment = "lan": interfaces of one segment are connected'
        )
    addresses = reader.texts(table, "addresses", path, '["192.168.20.1/24"]')
    for address in addresses:
        reader.valid(address, f"{path}.addresses", _with_length, "an address with its length, as 192.168.20.1/24")
    return Interface(name, segment, addresses)


def _with_length(text: str) -> None:
    if "/" not in text:
        raise ValueError
    ip_interface(text)


def _sysctls(reader: Reader, path: str, value: object) -> Iterator[tuple[str, str]]:
    for key, setting in _flat(reader.table(value, path, '{ "net.ipv4.ip_forward" = 1 }')):
        if not _SYSCTL.fullmatch(key):
            reader.complain(path, f"{key!r} is no setting of a network", "those begin with net. as net.ipv4.ip_forward")
        elif isinstance(setting, str | int) and not isinstance(setting, bool):
            yield key, str(setting)
        else:
            reader.complain(f"{path}.{key}", "a number or a text is wanted", f'write "{key}" = 1')


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Without quotes TOML takes the dots of a setting for those of nested tables."""
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _files(reader: Reader, path: str, value: object) -> Iterator[tuple[str, str]]:
    for name, text in reader.table(value, path, '{ "keepalived.conf" = "..." }').items():
        if not _FILE.fullmatch(name):
            reader.complain(path, f"{name!r} is no plain file name")
        elif not isinstance(text, str):
            reader.complain(f"{path}.{name}", "a text is wanted: what the file holds")
        else:
            yield name, text


def _servers(reader: Reader, node: str, value: object) -> Iterator[HttpServer]:
    table = value if isinstance(value, dict) else {}
    for number, fields in enumerate(reader.tables(table, "http", f"nodes.{node}"), start=1):
        path = f"nodes.{node}.http[{number}]"
        reader.keys(fields, path, HTTP_KEYS)
        port = int(reader.number(fields, "port", path, _HTTP, (1, _HIGHEST_PORT)))
        pages = reader.table(fields.get("pages", {}), f"{path}.pages", '{ "/path" = "text" }')
        for place, page in pages.items():
            if not place.startswith("/") or not isinstance(page, str):
                reader.complain(f"{path}.pages", f"{place!r}: a path and its page are wanted", '{ "/path" = "text" }')
        page = reader.text(fields, "page", path, f"{node}\n")
        yield HttpServer(node, page, port, tuple(pages.items()), reader.flag(fields, "tls", path))


def _hosts(reader: Reader, value: object) -> Iterator[tuple[str, str]]:
    for name, given in reader.table(value, "hosts", 'www = "192.168.20.129"').items():
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            reader.complain("hosts", f"{name!r} is not a host's name")
        for address in given if isinstance(given, list) else [given]:
            text = address if isinstance(address, str) else ""
            if reader.valid(text, f"hosts.{name}", ip_address, "an address is wanted, as 192.168.20.129"):
                yield text, name


def _step(reader: Reader, number: int, table: dict[str, Any]) -> Step:
    path = f"play[{number}]"
    known = reader.keys(table, path, STEP_KEYS)
    for key in ("node", "run"):
        if known and key not in table:
            reader.complain(path, f"{key} is missing", 'write node = "client" and run = "xlvs lab get 192.168.20.129"')
    given = table.get("expect", [])
    expected = {"expect": [given] if isinstance(given, str) else given}
    return Step(
        reader.text(table, "node", path, ""),
        reader.command(reader.text(table, "run", path, ""), f"{path}.run"),
        reader.text(table, "say", path, ""),
        reader.texts(expected, "expect", path, '"192.168.10.133"'),
        reader.number(table, "within", path, 0.0, (0.0, _LONGEST_WAIT_S)),
    )
