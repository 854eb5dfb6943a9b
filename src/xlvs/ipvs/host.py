# SPDX-License-Identifier: Apache-2.0
"""What the tables must know of the host: its addresses, for the rule that a destination is unicast or local; ports."""

from __future__ import annotations

from functools import cached_property

from xlvs.ipvs.rules import HostAddresses
from xlvs.linux import source_address
from xlvs.linux.interface import addresses

_UNPRIVILEGED_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
_ACCEPT_LOCAL = "/proc/sys/net/ipv4/conf/all/accept_local"


class Host:
    """The host at one time: what was asked is remembered, so that many edits made together ask once."""

    def __init__(self) -> None:
        self._sources: dict[bytes, bytes] = {}

    @cached_property
    def unprivileged_port(self) -> int:
        """The first port of the current network namespace that any user may bind to; FTP's data go to these."""
        return _number(_UNPRIVILEGED_PORT, 1024)

    @cached_property
    def accept_local(self) -> int:
        """1: IPv4 packets from outside that bear an address of this host are not dropped."""
        return _number(_ACCEPT_LOCAL, 0)

    def source_towards(self, address: bytes) -> bytes:
        """The source that the routing table chooses for packets to an address; zeros without a route."""
        found = self._sources.get(address)
        if found is None:
            found = self._sources[address] = source_address.towards(address)
        return found


def _number(path: str, otherwise: int) -> int:
    try:
        with open(path, encoding="ascii") as text:
            return int(text.read())
    except (OSError, ValueError):
        return otherwise


def host_addresses() -> HostAddresses:
    """Addresses of the current network namespace, and the broadcast addresses of its IPv4 networks."""
    local: set[bytes] = set()
    broadcast: set[bytes] = set()
    for each in addresses():
        local.add(each.address)
        if each.family == 2 and each.prefix < 31:
            host_part = (1 << (32 - each.prefix)) - 1
            network = int.from_bytes(each.address, "big") & ~host_part
            broadcast.update((network.to_bytes(4, "big"), (network | host_part).to_bytes(4, "big")))
    return HostAddresses(frozenset(local), frozenset(broadcast))
