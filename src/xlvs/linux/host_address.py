# SPDX-License-Identifier: Apache-2.0
"""Putting addresses on interfaces and taking them off, thousands at once."""

from __future__ import annotations

import struct
import sys
from errno import EADDRNOTAVAIL, ENODEV
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.linux.netlink import NLM_F_CREATE, NLM_F_REPLACE, RTM_DELADDR, RTM_NEWADDR, attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.linux.netlink import Route

NO_DUPLICATE_CHECK: Final = 0x02
HOME: Final = 0x10
MANAGE_TEMPORARY: Final = 0x100
NO_PREFIX_ROUTE: Final = 0x200
MULTICAST_JOIN: Final = 0x400
FOREVER: Final = 0xFFFFFFFF

_HEADER: Final = struct.Struct("=BBBBI")
_IFA_ADDRESS, _IFA_LOCAL, _IFA_LABEL, _IFA_BROADCAST, _IFA_CACHEINFO, _IFA_FLAGS = 1, 2, 3, 4, 6, 8
_GONE: Final = (EADDRNOTAVAIL, ENODEV)


class HostAddress(NamedTuple):
    """An address as it stands on an interface; `address`, `broadcast` and `peer` are packed, b"" where there is none.

    `preferred_s`: seconds, FOREVER, or 0 for an address that is not chosen as a source.
    """

    ifindex: int
    address: bytes
    prefix: int
    scope: int = 0
    label: str = ""
    broadcast: bytes = b""
    peer: bytes = b""
    peer_prefix: int = 0
    flags: int = 0
    preferred_s: int = FOREVER


def add(route: Route, addresses: Sequence[HostAddress]) -> dict[int, int]:
    """Add them; one that is there is made as told. {index: errno} of those that failed."""
    return route.change_many(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, [_payload(each) for each in addresses])


def remove(route: Route, addresses: Sequence[HostAddress]) -> dict[int, int]:
    """Remove them; one that is gone is no error.

    The last one first: the first of a subnet is the kernel's primary, which it would replace a thousand times.
    """
    last = len(addresses) - 1
    failed = route.change_many(RTM_DELADDR, 0, [_payload(each, whole=False) for each in reversed(addresses)])
    return {last - index: errno for index, errno in failed.items() if errno not in _GONE}


def _payload(each: HostAddress, *, whole: bool = True) -> bytes:
    family = 2 if len(each.address) == 4 else 10
    prefix = each.peer_prefix if each.peer else each.prefix
    data = _HEADER.pack(family, prefix, each.flags & 0xFF, each.scope, each.ifindex)
    data += attribute(_IFA_LOCAL, each.address) + attribute(_IFA_ADDRESS, each.peer or each.address)
    if each.label:
        data += attribute(_IFA_LABEL, each.label.encode() + b"\0")
    if not whole:
        return data
    if each.broadcast:
        data += attribute(_IFA_BROADCAST, each.broadcast)
    if each.flags > 0xFF:
        data += attribute(_IFA_FLAGS, each.flags.to_bytes(4, sys.byteorder))
    if each.preferred_s != FOREVER:
        data += attribute(_IFA_CACHEINFO, struct.pack("=4I", each.preferred_s, FOREVER, 0, 0))
    return data
