# SPDX-License-Identifier: Apache-2.0
"""Local addresses of full NAT: what connections of a service go on with towards their destinations."""

from __future__ import annotations

from typing import NamedTuple

from xlvs.model.service import ServiceKey

FIRST_PORT = 1024  # lower ones are those of well-known services
LAST_PORT = 65535


class LocalAddress(NamedTuple):
    """An address of the director's with the ports that a service's connections may use, from `first` to `last`."""

    service: ServiceKey
    address: bytes
    first: int = FIRST_PORT
    last: int = LAST_PORT

    @property
    def ports(self) -> int:
        """How many connections for one destination it has room for, in each protocol."""
        return self.last - self.first + 1


class LocalAddressView(NamedTuple):
    """One as configured, and how many connections it has."""

    configured: LocalAddress
    connections: int


def ports_beside(ephemeral_first: int) -> tuple[int, int]:
    """The ports to use where nobody says which: those below the ones that the host takes for its own connections.

    `ephemeral_first` is the lower end of net.ipv4.ip_local_port_range. Where that leaves too few, all of them.
    """
    return (FIRST_PORT, ephemeral_first - 1) if ephemeral_first > 2 * FIRST_PORT else (FIRST_PORT, LAST_PORT)
