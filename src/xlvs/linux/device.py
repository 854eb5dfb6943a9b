# SPDX-License-Identifier: Apache-2.0
"""Making and removing a pair of veth devices, and a table of routes that leads into one of them."""

from __future__ import annotations

import struct
import sys
from errno import EAFNOSUPPORT, ENODEV
from pathlib import Path
from typing import Final

from xlvs.linux.netlink import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    RTM_DELLINK,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    Route,
    attribute,
    attributes,
    u32,
)
from xlvs.model.errors import KernelError

_LINK: Final = struct.Struct("=BxHiII")
_ADDRESS: Final = struct.Struct("=BBBBI")
_ROUTE: Final = struct.Struct("=BBBBBBBBI")
_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_TXQLEN = 3, 4, 18, 13
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFF_UP, _IFF_NOARP = 1, 0x80
_RTA_OIF, _RTA_PRIORITY, _RTA_TABLE = 4, 6, 15
_IFA_LOCAL: Final = 2
_SCOPE_LINK, _SCOPE_HOST = 253, 254
_UNICAST: Final = 1
_METRIC: Final = 1024  # as ip-route(8) gives IPv6 routes
_SYSCTL: Final = Path("/proc/sys/net")


def make_pair(route: Route, name: str, peer: str, mtu: int) -> None:
    """Two veth devices that ask for no neighbours, both down. KernelError EEXIST, EOPNOTSUPP (no veth)."""
    end = _LINK.pack(0, 0, 0, _IFF_NOARP, _IFF_NOARP) + _names(peer, mtu)
    kind = attribute(_INFO_KIND, b"veth") + attribute(_INFO_DATA, attribute(_VETH_PEER, end))
    payload = _LINK.pack(0, 0, 0, _IFF_NOARP, _IFF_NOARP) + _names(name, mtu) + attribute(_IFLA_LINKINFO, kind)
    route.change(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, payload, f"making the device {name}")


def set_up(route: Route, ifindex: int) -> None:
    """Bring a device up."""
    route.change(RTM_NEWLINK, 0, _LINK.pack(0, 0, ifindex, _IFF_UP, _IFF_UP), "bringing a device up")


def set_down(route: Route, ifindex: int) -> None:
    """Take a device down."""
    route.change(RTM_NEWLINK, 0, _LINK.pack(0, 0, ifindex, 0, _IFF_UP), "taking a device down")


def delete(route: Route, ifindex: int) -> None:
    """Delete a device, and the other end of a pair with it; one that is gone is no error."""
    try:
        route.change(RTM_DELLINK, 0, _LINK.pack(0, 0, ifindex, 0, 0), "deleting a device")
    except KernelError as error:
        if error.errno != ENODEV:
            raise


def route_all(route: Route, family: int, ifindex: int, table: int, protocol: int) -> None:
    """Have `table` lead everything to a device; another default route there is replaced."""
    header = _ROUTE.pack(family, 0, 0, 0, 0, protocol, _SCOPE_LINK if family == 2 else 0, _UNICAST, 0)
    payload = header + attribute(_RTA_TABLE, _u32(table)) + attribute(_RTA_OIF, _u32(ifindex))
    route.change(
        RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, payload + attribute(_RTA_PRIORITY, _u32(_METRIC)), "adding a route"
    )


def give_address(route: Route, ifindex: int, address: bytes) -> None:
    """Give a device an IPv4 address that only the host itself uses; one that is there is no error."""
    payload = _ADDRESS.pack(2, 32, 0, _SCOPE_HOST, ifindex) + attribute(_IFA_LOCAL, address)
    route.change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, payload, "giving a device an address")


def routes_all(route: Route, family: int, ifindex: int, table: int) -> bool:
    """Whether `table` leads everything to a device."""
    header = _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
    try:
        found = list(route.dump(RTM_GETROUTE, header + attribute(_RTA_TABLE, _u32(table))))
    except KernelError as error:
        if error.errno != EAFNOSUPPORT:
            raise
        return False
    for payload in found:
        if payload[:2] != bytes((family, 0)):
            continue
        parts = attributes(payload[_ROUTE.size :])
        if u32(parts.get(_RTA_TABLE)) == table and u32(parts.get(_RTA_OIF)) == ifindex:
            return True
    return False


def set_switch(name: str, value: int) -> bool:
    """Write a number below /proc/sys/net, of the current network namespace; False where that is not possible."""
    try:
        (_SYSCTL / name).write_text(str(value), encoding="ascii")
    except OSError:
        return False
    return True


def switch(name: str) -> int | None:
    """A number below /proc/sys/net; None when the host has none of that name."""
    try:
        return int((_SYSCTL / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _names(name: str, mtu: int) -> bytes:
    return (
        attribute(_IFLA_IFNAME, name.encode() + b"\0")
        + attribute(_IFLA_MTU, _u32(mtu))
        + attribute(_IFLA_TXQLEN, _u32(1000))
    )


def _u32(number: int) -> bytes:
    return number.to_bytes(4, sys.byteorder)
