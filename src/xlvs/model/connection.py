# SPDX-License-Identifier: Apache-2.0
"""Connections as they are listed."""

from __future__ import annotations

from typing import NamedTuple

from xlvs.model.address import Family
from xlvs.model.service import Protocol

# Protocol number, client address, client port, virtual address, virtual port, destination address, destination port,
# state name, seconds to expiry, persistence engine, its data. A plain tuple, because listings run to millions.
ConnectionRow = tuple[int, bytes, int, bytes, int, bytes, int, str, int, str, bytes]


class Connection(NamedTuple):
    """One entry of the connection table; a persistence template is one with client port 0.

    `family` is that of client and virtual address, `destination_family` may differ (tunnels). `origin` is LOCAL or
    SYNC. `state` is the kernel's name of the state.
    """

    protocol: Protocol
    family: Family
    client_address: bytes
    client_port: int
    virtual_address: bytes
    virtual_port: int
    destination_family: Family
    destination_address: bytes
    destination_port: int
    state: str
    expires_s: int
    pe_name: str = ""
    pe_data: bytes = b""
    origin: str = "LOCAL"

    def row(self) -> ConnectionRow:
        """The entry as the plain tuple that listings use."""
        return (
            int(self.protocol),
            self.client_address,
            self.client_port,
            self.virtual_address,
            self.virtual_port,
            self.destination_address,
            self.destination_port,
            self.state,
            self.expires_s,
            self.pe_name,
            self.pe_data,
        )
