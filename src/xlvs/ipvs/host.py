# SPDX-License-Identifier: Apache-2.0
"""What the tables must know of the host: its addresses, for the rule that a destination is unicast or local; ports."""

from __future__ import annotations

from xlvs.ipvs.rules import HostAddresses
from xlvs.linux.interface import addresses

_UNPRIVILEGED_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
_ACCEPT_LOCAL = "/proc/sys/net/ipv4/conf/all/accept_local"


def unprivileged_port() -> int:
    """The first port of the current network namespace that any user may bind to; FTP's data go to these."""
    return _number(_UNPRIVILEGED_PORT, 1024)


def accept_local() -> int:
    """1: IPv4 packets from outside that bear an address of this host are not dropped."""
    return _number(_ACCEPT_LOCAL, 0)


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
