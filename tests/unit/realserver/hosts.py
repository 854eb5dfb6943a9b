# SPDX-License-Identifier: Apache-2.0
"""A host that is not there: lo and two cards, with addresses and settings as a test wants them."""

from __future__ import annotations

from ipaddress import ip_interface

from xlvs.linux.interface import ARPHRD_ETHER, ARPHRD_LOOPBACK, Interface, InterfaceAddress
from xlvs.realserver.host import Host

NAMES = ("lo", "eth0", "eth1")


def card(number: int, *, mtu: int = 1500, up: bool = True, master: int = 0) -> Interface:
    """lo, eth0 or eth1."""
    loopback = number == 1
    hardware = ARPHRD_LOOPBACK if loopback else ARPHRD_ETHER
    mac = bytes(6) if loopback else bytes((2, 0, 0, 0, 0, number))
    return Interface(number, NAMES[number - 1], up, loopback, hardware, "", mtu, mac, master, 0, "", "", 0)


def host(
    *addresses: str, cards: tuple[Interface, ...] = (), settings: dict[str, int] | None = None, **more: int
) -> Host:
    """Addresses as ``eth0 10.0.0.2/24``, settings as ``eth0__rp_filter=1``, or as a whole."""
    found = []
    for text in addresses:
        name, _, address = text.partition(" ")
        packed = ip_interface(address)
        found.append(
            InterfaceAddress(
                NAMES.index(name) + 1, 2 if packed.version == 4 else 10, packed.ip.packed, packed.network.prefixlen
            )
        )
    sysctls = {f"ipv4/conf/{name.replace('__', '/')}": value for name, value in {**(settings or {}), **more}.items()}
    return Host(cards or tuple(card(number) for number in (1, 2, 3)), tuple(found), sysctls)
