# SPDX-License-Identifier: Apache-2.0
"""Local addresses of full NAT in words: what `xlvs laddr` reads and prints. Pure."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlvs.model.address import Family, format_address, parse_dotted_quad, parse_ipv6
from xlvs.model.difference import service_name
from xlvs.model.local_address import LAST_PORT
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.model.local_address import LocalAddressView
    from xlvs.model.service import ServiceKey

_OPTIONS: Final = {Protocol.TCP: "-t", Protocol.UDP: "-u", Protocol.SCTP: "--sctp-service"}
_MARK_MAX: Final = 0xFFFFFFFF
_HEADINGS: Final = ("service", "local address", "ports", "connections")


class Row(NamedTuple):
    """One local address of a service."""

    key: ServiceKey
    address: str
    ports: str
    connections: int

    def command(self) -> str:
        """What makes it anew, whether the host has the address by then or not."""
        return f"xlvs laddr add {service_option(self.key)} --ports {self.ports} --routed {self.address}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        first, _, last = self.ports.partition("-")
        return {
            "service": service_name(self.key),
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
    cells = [(service_name(row.key), row.address, row.ports, str(row.connections)) for row in found]
    if not cells:
        yield "no service has local addresses (`xlvs laddr add --help`)"
        return
    cells.insert(0, _HEADINGS)
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def service_option(key: ServiceKey) -> str:
    """A service as options of ours and of ipvsadm."""
    if key.fwmark:
        return f"-f {key.fwmark}" + (" -6" if key.family is Family.IPV6 else "")
    return f"{_OPTIONS[key.protocol]} {_written(key)}"


def _written(key: ServiceKey) -> str:
    address = format_address(key.address)
    return f"[{address}]:{key.port}" if key.family is Family.IPV6 else f"{address}:{key.port}"


def endpoint(text: str) -> tuple[Family, bytes, int]:
    """``10.0.0.1:80`` or ``[2001:db8::1]:80``."""
    host, colon, port = text.rpartition(":")
    bracketed = host[:1] == "[" and host[-1:] == "]"
    address = parse_ipv6(host[1:-1]) if bracketed else parse_dotted_quad(host)
    if not colon or address is None or not port.isdecimal() or int(port) > LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is not ADDRESS:PORT, as 10.0.0.1:80 or [2001:db8::1]:80")
    return (Family.IPV6 if bracketed else Family.IPV4), address, int(port)


def mark(text: str) -> int:
    """A firewall mark."""
    if not text.isdecimal() or not 1 <= int(text) <= _MARK_MAX:
        raise ArgumentTypeError(f"{text!r} is not a mark (1 to {_MARK_MAX})")
    return int(text)


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
