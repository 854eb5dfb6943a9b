# SPDX-License-Identifier: Apache-2.0
"""Reads the values on a command line: numbers, addresses, ports, netmasks, as ipvsadm 1.31 takes them.

Every reader gives None for what it cannot read; the option says which message that earns.
"""

from __future__ import annotations

from typing import Protocol

from xlvs.model.address import Family, parse_dotted_quad, parse_ipv4, parse_ipv6
from xlvs.model.service import Protocol as TransportProtocol

_C_SPACE = " \t\n\v\f\r"
_LONGEST_NUMBER = 20
_INT_LIMIT = 1 << 31
_CACHE_LIMIT = 65536

PROTOCOL_NAMES = {
    TransportProtocol.TCP: "tcp",
    TransportProtocol.UDP: "udp",
    TransportProtocol.SCTP: "sctp",
}

# Family, packed address, port; the port is None where none was written.
Endpoint = tuple[Family, bytes, int | None]


class Resolver(Protocol):
    """Names of hosts and services, both ways; None where there is none (`xlvs.linux.resolver`)."""

    def host_address(self, name: str, family: int) -> bytes | None:
        """The address of a host in a family."""

    def host_name(self, address: bytes) -> str | None:
        """The name of a packed address."""

    def service_port(self, name: str, protocol: str) -> int | None:
        """The port of a service name for `tcp`, `udp` or `sctp`."""

    def service_name(self, port: int, protocol: str) -> str | None:
        """The service name of a port for `tcp`, `udp` or `sctp`."""


def read_number(text: str, lowest: int, highest: int) -> int | None:
    """A decimal number within bounds, read as `strtol` does: leading blanks, a sign and zeros are allowed."""
    if not text.isdecimal() or not text.isascii():
        text = text.lstrip(_C_SPACE)
        negative = text[:1] == "-"
        text = text[1:] if text[:1] in ("+", "-") else text
        if not text.isdecimal() or not text.isascii() or (negative and text.strip("0")):
            return None
    digits = text.lstrip("0")
    if len(digits) > _LONGEST_NUMBER:
        return None
    number = int(digits or "0")
    return number if lowest <= number <= highest else None


def read_leading_number(text: str) -> int:
    """A number as `atoi` reads it: what follows the digits is ignored, nothing readable is 0, overflow wraps."""
    text = text.lstrip(_C_SPACE)
    sign = -1 if text[:1] == "-" else 1
    text = text[1:] if text[:1] in ("+", "-") else text
    digits = ""
    for char in text:
        if not ("0" <= char <= "9"):
            break
        digits += char
    digits = digits.lstrip("0")
    wide = int(digits or "0") if len(digits) <= _LONGEST_NUMBER else 1 << 64
    clamped = max(-(1 << 63), min(sign * wide, (1 << 63) - 1))
    return (clamped + _INT_LIMIT) % (2 * _INT_LIMIT) - _INT_LIMIT


def read_ipv6_prefix(text: str) -> int | None:
    """A prefix length from 1 to 128."""
    length = read_leading_number(text)
    return length if 1 <= length <= 128 else None


def read_multicast_group(text: str) -> bytes | None:
    """The address of a multicast group; IPv6 if it has a colon."""
    if ":" in text:
        group = parse_ipv6(text)
        return group if group is not None and group[0] == 0xFF else None
    group = parse_dotted_quad(text)
    return group if group is not None and group[0] & 0xF0 == 0xE0 else None


class ValueReader:
    """Reads values that may hold names; endpoints without names are remembered, as input files repeat them."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._resolver_asked = False
        self._known: dict[tuple[str, TransportProtocol], Endpoint] = {}

    def read_endpoint(self, text: str, protocol: TransportProtocol) -> Endpoint | None:
        """`host[:port]` or `[IPv6][:port]`; a port may be a name of that protocol (of none if it is IP)."""
        endpoint = self._known.get((text, protocol))
        if endpoint is None:
            self._resolver_asked = False
            endpoint = self._read_endpoint(text, protocol)
            if endpoint is not None and not self._resolver_asked:
                if len(self._known) >= _CACHE_LIMIT:
                    self._known.clear()
                self._known[text, protocol] = endpoint
        return endpoint

    def _read_endpoint(self, text: str, protocol: TransportProtocol) -> Endpoint | None:
        if text[:1] == "[":
            return self._read_bracketed(text, protocol)
        # More than one colon can only be an IPv6 address without brackets, which leaves no room for a port.
        if text.count(":") > 1:
            address = parse_ipv6(text)
            return None if address is None else (Family.IPV6, address, None)
        host, colon, port = text.partition(":")
        return self._read_host_and_port(host, port if colon else None, protocol)

    def _read_host_and_port(self, host: str, port: str | None, protocol: TransportProtocol) -> Endpoint | None:
        # Digits alone would be an address for inet_aton; ipvsadm takes a forgotten host for the likelier mistake.
        if port is None and host.isdecimal():
            return None
        address = self.read_ipv4_host(host)
        if address is None:
            return None
        if port is None:
            return Family.IPV4, address, None
        number = self._read_port(port, protocol)
        return None if number is None else (Family.IPV4, address, number)

    def _read_bracketed(self, text: str, protocol: TransportProtocol) -> Endpoint | None:
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or rest[:1] != ":":
            return None
        port = self._read_port(rest[1:], protocol)
        if port is None:
            return None
        address = parse_ipv6(inside)
        if address is not None:
            return Family.IPV6, address, port
        # An IPv4 host in brackets is taken, but its port is lost.
        address = self.read_ipv4_host(inside)
        return None if address is None else (Family.IPV4, address, None)

    def read_ipv4_host(self, text: str) -> bytes | None:
        """An IPv4 address in any form of `inet_aton`, or a host name that has one."""
        address = parse_ipv4(text)
        if address is None and text:
            self._resolver_asked = True
            address = self._resolver.host_address(text, Family.IPV4)
        return address

    def _read_port(self, text: str, protocol: TransportProtocol) -> int | None:
        number = read_number(text, 0, 65535)
        if number is not None:
            return number
        name = PROTOCOL_NAMES.get(protocol)
        self._resolver_asked = True
        return self._resolver.service_port(text, name) if name and text else None
