# SPDX-License-Identifier: Apache-2.0
"""Devices with a hardware address of their own on top of another one: macvlan in private mode."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Final

from xlvs.linux.netlink import NLM_F_CREATE, NLM_F_EXCL, RTM_NEWLINK, attribute

if TYPE_CHECKING:
    from xlvs.linux.netlink import Route

_LINK: Final = struct.Struct("=BxHiII")
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_LINK, _IFLA_LINKINFO = 1, 3, 5, 18
_INFO_KIND, _INFO_DATA, _MODE = 1, 2, 1
_PRIVATE: Final = 1


def make(route: Route, name: str, base: int, hardware: bytes) -> None:
    """A device called `name` on the one numbered `base`, down.

    Raises KernelError: EEXIST, EOPNOTSUPP (no macvlan in this kernel).
    """
    kind = attribute(_INFO_KIND, b"macvlan") + attribute(_INFO_DATA, attribute(_MODE, _u32(_PRIVATE)))
    payload = (
        _LINK.pack(0, 0, 0, 0, 0)
        + attribute(_IFLA_IFNAME, name.encode() + b"\0")
        + attribute(_IFLA_LINK, _u32(base))
        + attribute(_IFLA_ADDRESS, hardware)
        + attribute(_IFLA_LINKINFO, kind)
    )
    route.change(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, payload, f"making the device {name}")


def _u32(number: int) -> bytes:
    return number.to_bytes(4, sys.byteorder)
