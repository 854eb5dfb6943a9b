# SPDX-License-Identifier: Apache-2.0
"""The director's own addresses, for the rule that a destination is unicast or local."""

from __future__ import annotations

from xlvs.ipvs.rules import HostAddresses
from xlvs.linux.interface import addresses


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
