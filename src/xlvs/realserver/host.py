# SPDX-License-Identifier: Apache-2.0
"""What the host has now: interfaces, addresses, and the settings that decide about ARP and the way in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xlvs.linux.interface import ARPHRD_ETHER, Interface, InterfaceAddress, addresses, interfaces
from xlvs.model.errors import PermissionDenied, UsageError, XlvsError

SETTINGS: Final = ("arp_ignore", "arp_announce", "rp_filter")
_PROC: Final = Path("/proc/sys/net")


@dataclass(frozen=True, slots=True)
class Host:
    """Facts, taken once. `sysctls` maps keys like ``ipv4/conf/eth0/arp_ignore`` to numbers."""

    interfaces: tuple[Interface, ...]
    addresses: tuple[InterfaceAddress, ...]
    sysctls: dict[str, int]

    @property
    def loopback(self) -> Interface:
        """The interface lo. Raises XlvsError where there is none."""
        for each in self.interfaces:
            if each.loopback:
                return each
        raise XlvsError("this network namespace has no loopback interface")

    def effective(self, interface: str, setting: str) -> int:
        """What the kernel acts on: the greater of the setting for all and that of the interface (ip-sysctl)."""
        return max(self.setting("all", setting), self.setting(interface, setting))

    def setting(self, interface: str, setting: str) -> int:
        """One value, 0 where it is not there."""
        return self.sysctls.get(key(interface, setting), 0)

    def holders(self, address: bytes) -> list[str]:
        """The names of the interfaces that have an address."""
        names = {each.ifindex: each.name for each in self.interfaces}
        return [names.get(each.ifindex, "?") for each in self.addresses if each.address == address]

    def listening(self, chosen: tuple[str, ...]) -> list[Interface]:
        """The interfaces at which requests come in: those chosen, or every Ethernet one that is no part of another."""
        if chosen:
            return [each for each in self.interfaces if each.name in chosen]
        return [
            each for each in self.interfaces if each.hardware == ARPHRD_ETHER and not each.loopback and not each.master
        ]


def look() -> Host:
    """The facts of the current network namespace."""
    found = interfaces()
    names = ["all", *(each.name for each in found)]
    sysctls = {key(name, setting): value for name in names for setting in SETTINGS if (value := _number(name, setting))}
    return Host(tuple(found), tuple(addresses()), sysctls)


def key(interface: str, setting: str) -> str:
    """The path of an IPv4 setting of an interface below /proc/sys/net."""
    return f"ipv4/conf/{interface}/{setting}"


def shown(sysctl: str) -> str:
    """A key as sysctl(8) takes it: a dot in an interface's name becomes a slash."""
    return "net." + ".".join(part.replace(".", "/") for part in sysctl.split("/"))


def read(sysctl: str) -> str | None:
    """A setting's text; None when its interface is gone."""
    try:
        return (_PROC / sysctl).read_text().strip()
    except OSError:
        return None


def write(sysctl: str, value: str) -> None:
    """Set it. Raises PermissionDenied, XlvsError."""
    try:
        (_PROC / sysctl).write_text(value)
    except PermissionError:
        raise PermissionDenied(f"setting {shown(sysctl)}") from None
    except OSError as error:
        raise XlvsError(f"cannot set {shown(sysctl)} to {value}: {error.strerror}") from None


def require(host: Host, names: tuple[str, ...]) -> None:
    """Raise UsageError for a name that is no interface's."""
    present = {each.name for each in host.interfaces}
    for name in names:
        if name not in present:
            raise UsageError(f"there is no interface {name} (there are: {', '.join(sorted(present))})")


def _number(interface: str, setting: str) -> int:
    text = read(key(interface, setting))
    return int(text) if text and text.lstrip("-").isdigit() else 0
