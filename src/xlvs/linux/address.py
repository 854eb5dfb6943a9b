# SPDX-License-Identifier: Apache-2.0
"""Giving an interface an address and taking it away (rtnetlink(7))."""

import struct
from errno import EADDRNOTAVAIL, EEXIST, EPERM
from typing import Final

from xlvs.linux.netlink import NLM_F_CREATE, NLM_F_EXCL, RTM_DELADDR, RTM_NEWADDR, Route, attribute
from xlvs.model.address import family_of, format_address
from xlvs.model.errors import KernelError, PermissionDenied

_HEADER: Final = struct.Struct("=BBBBI")
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_F_NODAD: Final = 0x02


def add(ifindex: int, address: bytes) -> bool:
    """Give the interface a host address (/32, /128), usable at once; False when it had it."""
    return _change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, address, "adding", EEXIST)


def remove(ifindex: int, address: bytes) -> bool:
    """Take a host address away; False when it was not there."""
    return _change(RTM_DELADDR, 0, ifindex, address, "removing", EADDRNOTAVAIL)


def _change(kind: int, flags: int, ifindex: int, address: bytes, verb: str, harmless: int) -> bool:
    family = family_of(address)
    header = _HEADER.pack(family, len(address) * 8, _IFA_F_NODAD if len(address) == 16 else 0, 0, ifindex)
    operation = f"{verb} the address {format_address(address)}"
    try:
        with Route() as route:
            route.change(kind, flags, header + attribute(_IFA_LOCAL, address) + attribute(_IFA_ADDRESS, address))
    except KernelError as error:
        if error.errno == harmless:
            return False
        if error.errno == EPERM:
            raise PermissionDenied(operation) from None
        raise KernelError(operation, error.errno) from None
    return True
