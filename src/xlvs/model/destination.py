# SPDX-License-Identifier: Apache-2.0
"""Destinations: one real server's address and port inside a virtual service."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from xlvs.model.address import Family


class ForwardingMethod(IntEnum):
    """How packets reach the destination, with the kernel's numbers; full NAT is ours."""

    MASQUERADE = 0
    LOCAL = 1
    TUNNEL = 2
    DIRECT_ROUTE = 3
    BYPASS = 4
    FULL_NAT = 5


# Those that may change the port.
TRANSLATING = frozenset((ForwardingMethod.MASQUERADE, ForwardingMethod.FULL_NAT))

# As listings and views call them.
METHOD_NAMES = {
    ForwardingMethod.MASQUERADE: "Masq",
    ForwardingMethod.LOCAL: "Local",
    ForwardingMethod.TUNNEL: "Tunnel",
    ForwardingMethod.DIRECT_ROUTE: "Route",
    ForwardingMethod.BYPASS: "Bypass",
    ForwardingMethod.FULL_NAT: "FullNat",
}


class TunnelType(IntEnum):
    """Encapsulation of the tunnel method, with the kernel's numbers."""

    IPIP = 0
    GUE = 1
    GRE = 2


TUNNEL_FLAG_NO_CHECKSUM = 0
TUNNEL_FLAG_CHECKSUM = 1
TUNNEL_FLAG_REMOTE_CHECKSUM = 2


class Tunnel(NamedTuple):
    """Encapsulation: type, UDP port (GUE only) and one of the `TUNNEL_FLAG_` values."""

    type: TunnelType = TunnelType.IPIP
    port: int = 0
    flags: int = TUNNEL_FLAG_NO_CHECKSUM


PLAIN_TUNNEL = Tunnel()


class DestinationKey(NamedTuple):
    """What identifies a destination inside its service: address and port, nothing else."""

    family: Family
    address: bytes
    port: int


class Destination(NamedTuple):
    """A destination as configured. Weight 0 is quiesced; a threshold of 0 is none."""

    key: DestinationKey
    forwarding: ForwardingMethod = ForwardingMethod.DIRECT_ROUTE
    weight: int = 1
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel: Tunnel = PLAIN_TUNNEL
