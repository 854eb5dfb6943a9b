# SPDX-License-Identifier: Apache-2.0
"""Interfaces of this host as the routers see them: kept up to date from rtnetlink's messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlvs.linux import interface, watch
from xlvs.linux.netlink import RTM_GETLINK, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINK_REQUEST = bytes(16)
_LINK_LOCAL = b"\xfe\x80"


@dataclass(slots=True)
class Link:
    """An interface with its addresses."""

    name: str
    ifindex: int
    hardware: bytes
    mtu: int
    running: bool
    loopback: bool = False
    carries: bool = False
    """As the kernel says it; `running` follows after the interface's delay."""
    ipv4: dict[bytes, int] = field(default_factory=dict)
    """Address to prefix length, in the kernel's order."""
    ipv6: dict[bytes, int] = field(default_factory=dict)

    def source(self, family: int, not_these: frozenset[bytes]) -> bytes:
        """The primary address of a family, the link-local one of IPv6; b"" without."""
        own = [each for each in (self.ipv4 if family == 4 else self.ipv6) if each not in not_these]
        if family == 6:
            own = [each for each in own if each[:2] == _LINK_LOCAL]
        return own[0] if own else b""


class Links:
    """All of them, by name."""

    def __init__(self) -> None:
        self._watch = watch.Watch()
        self.by_name: dict[str, Link] = {}
        self.patient: frozenset[str] = frozenset()
        """Interfaces whose `running` somebody else sets, in time (interface_up_down_delays)."""
        self._by_index: dict[int, Link] = {}
        self.reread()

    def close(self) -> None:
        """Hear nothing more."""
        self._watch.close()

    def fileno(self) -> int:
        """Readable when `changes` has something."""
        return self._watch.fileno()

    def reread(self) -> None:
        """Ask the kernel for everything."""
        self.by_name, self._by_index = {}, {}
        with Route() as route:
            for payload in route.dump(RTM_GETLINK, _LINK_REQUEST):
                self._take_link(interface.parse_interface(payload), running=watch.running(payload))
        for address in interface.addresses():
            self._take_address(watch.AddressChange(address, gone=False))

    def by_index(self, ifindex: int) -> Link | None:
        """The interface of a number."""
        return self._by_index.get(ifindex)

    def changes(self) -> Iterator[watch.Change]:
        """What happened, already taken into account here."""
        for change in self._watch.changes():
            if isinstance(change, watch.LinkChange):
                if change.gone:
                    self.by_name.pop(change.interface.name, None)
                    self._by_index.pop(change.interface.ifindex, None)
                else:
                    self._take_link(change.interface, running=change.running)
            elif isinstance(change, watch.AddressChange):
                self._take_address(change)
            else:
                self.reread()
            yield change

    def _take_link(self, found: interface.Interface, *, running: bool) -> None:
        known = self.by_index(found.ifindex)
        if known and known.name != found.name:
            self.by_name.pop(known.name, None)
            known.name = found.name
            self.by_name[found.name] = known
        if known:
            known.hardware, known.mtu, known.carries = found.address, found.mtu, running
            if known.name not in self.patient:
                known.running = running
        else:
            link = Link(found.name, found.ifindex, found.address, found.mtu, running, found.loopback, running)
            self.by_name[found.name] = self._by_index[found.ifindex] = link

    def _take_address(self, change: watch.AddressChange) -> None:
        link = self.by_index(change.address.ifindex)
        if link is None:
            return
        table = link.ipv4 if change.address.family == 2 else link.ipv6
        if change.gone:
            table.pop(change.address.address, None)
        else:
            table[change.address.address] = change.address.prefix
