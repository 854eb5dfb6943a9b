# SPDX-License-Identifier: Apache-2.0
"""Local addresses of full NAT in words: what `xlvs laddr` reads and prints. Pure."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlvs.control.connection_words import service_text
from xlvs.model.address import format_address, parse_dotted_quad, parse_ipv6
from xlvs.model.local_address import LAST_PORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.model.local_address import LocalAddressView
    from xlvs.model.service import ServiceKey

_HEADINGS: Final = ("service", "local address", "ports", "connections")


class Row(NamedTuple):
    """One local address of a service."""

    key: ServiceKey
    address: str
    ports: str
    connections: int

    def command(self) -> str:
        """What makes it anew, whether the host has the address by then or not."""
        return f"xlvs laddr add {service_text(self.key)} --ports {self.ports} --routed {self.address}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        first, _, last = self.ports.partition("-")
        return {
            "service": service_text(self.key),
            "address": self.address,
            "first_port": int(first),
            "last_port": int(last),
            "connections": self.connections,
        }


def rows(views: Iterable[LocalAddressView]) -> list[Row]:
    """Local addresses by service, each service's in the order of their turns."""
    found = [
        Row(
            view.configured.service,
            format_address(view.configured.address),
            f"{view.configured.first}-{view.configured.last}",
            view.connections,
        )
        for view in views
    ]
    return sorted(found, key=lambda row: row.key)


def table(found: Iterable[Row]) -> Iterator[str]:
    """Rows under headings; one line when there are none."""
    cells = [(service_text(row.key), row.address, row.ports, str(row.connections)) for row in found]
    if not cells:
        yield "no service has local addresses (`xlvs laddr add --help`)"
        return
    cells.insert(0, _HEADINGS)
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def address(text: str) -> bytes:
    """An IPv4 or IPv6 address of one host, which packets on a wire may come from."""
    found = parse_ipv6(text.strip("[]")) if ":" in text else parse_dotted_quad(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not an IPv4 or IPv6 address")
    first = found[0]
    if first in (0, 127) or first >= 224 if len(found) == 4 else first == 255 or not any(found[:15]):
        raise ArgumentTypeError(f"{text!r} is no address that real servers could answer to")
    return found


def ports(text: str) -> tuple[int, int]:
    """A range of ports: ``1024-65535``, or one."""
    first, dash, last = text.partition("-")
    numbers = [int(word) if word.isdecimal() else 0 for word in (first, last if dash else first)]
    if not 1 <= numbers[0] <= numbers[1] <= LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is not a range of ports, as 1024-{LAST_PORT}")
    return numbers[0], numbers[1]
