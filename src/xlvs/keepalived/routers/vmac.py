# SPDX-License-Identifier: Apache-2.0
"""use_vmac: a device that has the router's hardware address (RFC 9568 7.3), so that it moves with the addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.linux import host_address, macvlan
from xlvs.linux.device import delete, set_switch, set_up, switch
from xlvs.linux.host_address import NO_DUPLICATE_CHECK, HostAddress

if TYPE_CHECKING:
    from xlvs.keepalived.routers.links import Link, Links
    from xlvs.keepalived.routers.vrrp_plan import Instance
    from xlvs.linux.netlink import Route

_OWN: Final = {"arp_ignore": 1, "accept_local": 1, "rp_filter": 0, "promote_secondaries": 1}
_BASE: Final = {"arp_ignore": 1, "arp_filter": 1}
_LINK_SCOPE: Final = 253
_NO_ADDRESSES: Final = 1


class Vmacs:
    """The devices made here, and what the devices below them were set to before."""

    def __init__(self, route: Route, links: Links) -> None:
        self._route = route
        self._links = links
        self._users: dict[str, list[str]] = {}
        self._before: dict[str, dict[str, int]] = {}

    def make(self, plan: Instance) -> list[str]:
        """The devices of a router, up, and the names of the new ones.

        Those that an earlier run left are made anew, and those that went, with their interface or by somebody else.
        Raises KernelError.
        """
        made = []
        for name, interface in plan.devices:
            base = self._links.by_name.get(interface)
            if base and (name not in self._users.get(interface, []) or name not in self._links.by_name):
                self._make(name, base, plan)
                made.append(name)
        return made

    def _make(self, device: str, base: Link, plan: Instance) -> None:
        self._delete(device)
        macvlan.make(self._route, device, base.ifindex, hardware(plan))
        self._links.reread()
        for name, value in _OWN.items():
            set_switch(f"ipv4/conf/{device}/{name}", value)
        set_switch(f"ipv6/conf/{device}/addr_gen_mode", _NO_ADDRESSES)
        made = self._links.by_name[device]
        set_up(self._route, made.ifindex)
        source = base.source(6, frozenset())
        if plan.family == 6 and source and device == plan.vmac:
            own = HostAddress(made.ifindex, source, 64, _LINK_SCOPE, flags=NO_DUPLICATE_CHECK, preferred_s=0)
            host_address.add(self._route, [own])
        self._links.reread()
        self._quieten(base.name)
        users = self._users.setdefault(base.name, [])
        users += [device] if device not in users else []

    def remove(self, plan: Instance) -> None:
        """The devices of a router; the one below is set as before when it was the last."""
        for device, interface in plan.devices:
            users = self._users.get(interface, [])
            if device not in users:
                continue
            users.remove(device)
            self._delete(device)
            if not users:
                for name, value in self._before.pop(interface, {}).items():
                    set_switch(f"ipv4/conf/{interface}/{name}", value)

    def _delete(self, name: str) -> None:
        known = self._links.by_name.get(name)
        if known:
            delete(self._route, known.ifindex)

    def _quieten(self, interface: str) -> None:
        """The device below would answer for the addresses with its own hardware address."""
        if interface in self._before:
            return
        found = {name: switch(f"ipv4/conf/{interface}/{name}") for name in _BASE}
        self._before[interface] = {name: value for name, value in found.items() if value is not None}
        for name, value in _BASE.items():
            set_switch(f"ipv4/conf/{interface}/{name}", value)


def hardware(plan: Instance) -> bytes:
    """00:00:5e:00:01:VRID, 02 for IPv6; or what is configured, of which five bytes get the VRID after them."""
    given = bytes.fromhex(plan.vmac_address.replace(":", ""))
    if given:
        return given if len(given) == 6 else given + bytes((plan.router.vrid,))
    return bytes((0, 0, 0x5E, 0, 2 if plan.family == 6 else 1, plan.router.vrid))
