# SPDX-License-Identifier: Apache-2.0
"""The addresses of a router as they go on this host's interfaces."""

from __future__ import annotations

import socket
from errno import ENODEV
from os import strerror
from typing import TYPE_CHECKING, Final

from xlvs.linux import host_address
from xlvs.linux.host_address import FOREVER, NO_DUPLICATE_CHECK, HostAddress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.keepalived.routers.links import Links
    from xlvs.keepalived.routers.vrrp_plan import VirtualAddress
    from xlvs.linux.netlink import Route

_NO_SUCH_INTERFACE: Final = "no interface {} for {}"


def claim(route: Route, links: Links, interface: str, addresses: Sequence[VirtualAddress]) -> list[str]:
    """Put them on; what went wrong, in words."""
    found, errors = _resolve(links, interface, addresses)
    failed = host_address.add(route, found)
    return errors + [f"cannot add {text(found[index].address)}: {strerror(errno)}" for index, errno in failed.items()]


def release(route: Route, links: Links, interface: str, addresses: Sequence[VirtualAddress]) -> list[str]:
    """Take them off; what went wrong, in words."""
    found, errors = _resolve(links, interface, addresses)
    del errors  # where there is no interface there is no address
    failed = host_address.remove(route, found)
    return [
        f"cannot remove {text(found[index].address)}: {strerror(errno)}"
        for index, errno in failed.items()
        if errno != ENODEV
    ]


def has(links: Links, interface: str, address: bytes) -> bool:
    """Whether an interface has an address."""
    link = links.by_name.get(interface)
    return bool(link and address in (link.ipv4 if len(address) == 4 else link.ipv6))


def text(packed: bytes) -> str:
    """An address as people write it."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def by_interface(interface: str, addresses: Iterable[VirtualAddress]) -> dict[str, list[bytes]]:
    """Addresses by the interface they are on."""
    found: dict[str, list[bytes]] = {}
    for each in addresses:
        found.setdefault(each.interface or interface, []).append(each.address)
    return found


def _resolve(links: Links, interface: str, addresses: Sequence[VirtualAddress]) -> tuple[list[HostAddress], list[str]]:
    found, errors = [], []
    for each in addresses:
        name = each.interface or interface
        link = links.by_name.get(name)
        if link is None:
            errors.append(_NO_SUCH_INTERFACE.format(name, text(each.address)))
        else:
            found.append(_host_address(link.ifindex, each))
    return found, errors


def _host_address(ifindex: int, each: VirtualAddress) -> HostAddress:
    """An IPv6 address is not chosen as a source and not checked for duplicates, as a router moves it on purpose."""
    ipv6 = len(each.address) == 16
    usual_s = 0 if ipv6 else FOREVER
    return HostAddress(
        ifindex,
        each.address,
        each.prefix,
        each.scope,
        each.label,
        each.broadcast,
        each.peer,
        each.peer_prefix,
        each.flags | (NO_DUPLICATE_CHECK if ipv6 else 0),
        usual_s if each.preferred_s is None else each.preferred_s,
    )
