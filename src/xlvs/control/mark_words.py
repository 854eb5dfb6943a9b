# SPDX-License-Identifier: Apache-2.0
"""Marks by address and port in words: what `xlvs mark` reads and prints. Pure."""

from __future__ import annotations

from argparse import ArgumentTypeError
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlvs.model.address import Family, format_address, parse_dotted_quad, parse_ipv6
from xlvs.model.mark_range import LAST_PORT
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.model.mark_range import MarkRange

_PROTOCOLS: Final = {each.name.lower(): each for each in (Protocol.TCP, Protocol.UDP, Protocol.SCTP)}
_MARK_MAX: Final = 0xFFFFFFFF
_HEADINGS: Final = ("mark", "virtual address", "protocol", "ports")


class Row(NamedTuple):
    """All ports of one address and protocol that have a mark."""

    mark: int
    vip: str
    protocol: str
    ports: tuple[str, ...]

    def command(self) -> str:
        """What makes it anew."""
        return (
            f"xlvs mark add --vip {self.vip} --proto {self.protocol} --ports {','.join(self.ports)} --mark {self.mark}"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"mark": self.mark, "vip": self.vip, "proto": self.protocol, "ports": list(self.ports)}


def rows(ranges: Sequence[MarkRange]) -> list[Row]:
    """Ranges by mark, address and protocol."""
    ordered = sorted(ranges, key=lambda each: (each.mark, each))
    return [
        Row(mark, format_address(address), protocol.name.lower(), tuple(span(each.first, each.last) for each in group))
        for (mark, (_, address, protocol)), group in groupby(ordered, key=lambda each: (each.mark, each.place))
    ]


def table(found: Sequence[Row]) -> Iterator[str]:
    """Rows under headings; one line when there are none."""
    if not found:
        yield "no marks are given here (`xlvs mark add --help`); those of netfilter are not listed"
        return
    cells = [_HEADINGS, *((str(row.mark), row.vip, row.protocol, ",".join(row.ports)) for row in found)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def span(first: int, last: int) -> str:
    """A range of ports as it is written."""
    if (first, last) == (0, LAST_PORT):
        return "all"
    return str(first) if first == last else f"{first}-{last}"


def addresses(text: str) -> list[tuple[Family, bytes]]:
    """Addresses with commas between."""
    found = []
    for word in text.split(","):
        address = parse_ipv6(word.strip("[]")) if ":" in word else parse_dotted_quad(word)
        if address is None:
            raise ArgumentTypeError(f"{word!r} is not an IPv4 or IPv6 address")
        found.append((Family.IPV4 if len(address) == 4 else Family.IPV6, address))
    return found


def protocols(text: str) -> list[Protocol]:
    """Protocols with commas between."""
    words = [word.strip().lower() for word in text.split(",")]
    for word in words:
        if word not in _PROTOCOLS:
            raise ArgumentTypeError(f"{word!r} is not a protocol with ports (tcp, udp, sctp)")
    return [_PROTOCOLS[word] for word in words]


def ports(text: str) -> list[tuple[int, int]]:
    """Ports and ranges with commas between, or `all`."""
    if text == "all":
        return [(0, LAST_PORT)]
    found = []
    for word in text.split(","):
        first, dash, last = word.strip().partition("-")
        numbers = (_number(first), _number(last if dash else first))
        if None in numbers:
            raise ArgumentTypeError(f"{word!r} is not a port or a range of ports (1 to {LAST_PORT})")
        begin, end = (each or 0 for each in numbers)
        if begin > end:
            raise ArgumentTypeError(f"{word!r} is empty: the lower port comes first")
        found.append((begin, end))
    return found


def mark(text: str) -> int:
    """A mark as netfilter's tools take it: decimal, or 0x and hexadecimal."""
    try:
        number = int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        number = 0
    if not 1 <= number <= _MARK_MAX:
        raise ArgumentTypeError(f"{text!r} is not a mark (1 to {_MARK_MAX}, or 0x...)")
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text) <= LAST_PORT else None
