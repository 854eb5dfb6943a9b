# SPDX-License-Identifier: Apache-2.0
"""Writes addresses, ports and services, by number or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvsadm.values import PROTOCOL_NAMES
from xlvs.model.address import Family, format_address

if TYPE_CHECKING:
    from xlvs.ipvsadm.values import Resolver
    from xlvs.model.service import Protocol, ServiceKey


class Namer:
    """Writes numbers only (`resolver` None), or names where the host has them, asked for once each."""

    def __init__(self, resolver: Resolver | None) -> None:
        self._resolver = resolver
        self._hosts: dict[bytes, str] = {}
        self._ports: dict[tuple[int, Protocol], str] = {}

    @property
    def is_numeric(self) -> bool:
        """Whether names are left alone."""
        return self._resolver is None

    def endpoint(self, address: bytes, port: int, protocol: Protocol) -> str:
        """`host:port`, IPv6 in brackets."""
        return f"{self.host(address)}:{self.port(port, protocol)}"

    def host(self, address: bytes) -> str:
        """The host, IPv6 in brackets."""
        text = self._hosts.get(address)
        if text is None:
            name = self._resolver.host_name(address) if self._resolver else None
            text = name or format_address(address)
            text = text if len(address) == 4 else f"[{text}]"
            self._hosts[address] = text
        return text

    def port(self, port: int, protocol: Protocol) -> str:
        """The port; a protocol without service names has only numbers."""
        if self._resolver is None:
            return str(port)
        text = self._ports.get((port, protocol))
        if text is None:
            protocol_name = PROTOCOL_NAMES.get(protocol)
            name = self._resolver.service_name(port, protocol_name) if protocol_name else None
            text = self._ports[port, protocol] = name or str(port)
        return text

    def service(self, key: ServiceKey) -> str:
        """`PROT host:port`, or `FWM  mark`, as listings begin a service's line."""
        if key.fwmark:
            return f"FWM  {signed_mark(key.fwmark)}{' IPv6' if key.family is Family.IPV6 else ''}"
        return f"{key.protocol.name:<4} {self.endpoint(key.address, key.port, key.protocol)}"


def signed_mark(mark: int) -> int:
    """A mark as the original prints it: as a signed number of 32 bits."""
    return mark - (1 << 32) if mark >= 1 << 31 else mark
