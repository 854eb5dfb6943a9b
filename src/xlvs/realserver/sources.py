# SPDX-License-Identifier: Apache-2.0
"""Whose word about the client's address a real server behind full NAT takes: local addresses of directors. Pure."""

from __future__ import annotations

from typing import NamedTuple

from xlvs.model.address import format_address, parse_dotted_quad, parse_ipv6
from xlvs.model.errors import UsageError


class Source(NamedTuple):
    """All that begin with the first `prefix` bits of `address`."""

    address: bytes
    prefix: int


def read(text: str) -> list[Source]:
    """Addresses and networks with commas between. Raises UsageError."""
    found = []
    for word in text.split(","):
        host, slash, length = word.strip().partition("/")
        address = parse_ipv6(host.strip("[]")) if ":" in host else parse_dotted_quad(host)
        if address is None or (slash and not (length.isdecimal() and int(length) <= len(address) * 8)):
            raise UsageError(f"{word!r} is no address or network, as 192.168.10.5 or 2001:db8:10::/64")
        found.append(Source(address, int(length) if slash else len(address) * 8))
    return found


def shown(source: Source) -> str:
    """An address, with its prefix length if it is a network."""
    text = format_address(source.address)
    return text if source.prefix == len(source.address) * 8 else f"{text}/{source.prefix}"
