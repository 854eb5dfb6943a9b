# SPDX-License-Identifier: Apache-2.0
"""static_ipaddress, static_routes and static_rules: there as long as the daemon runs, whoever is master."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from xlvs.keepalived.routers import virtual_addresses, virtual_routes
from xlvs.keepalived.routers.mending import Mender

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.routers.links import Links
    from xlvs.keepalived.routers.vrrp_plan import Plan, VirtualAddress
    from xlvs.linux.netlink import Route


T = TypeVar("T")


class StaticParts:
    """Those of a plan, on this host."""

    def __init__(self, route: Route, links: Links, log: Log, mended: Callable[[], None]) -> None:
        self._route = route
        self._links = links
        self._log = log
        self._mended = mended
        self._mender = Mender(self._put_back)
        self._addresses: tuple[VirtualAddress, ...] = ()
        self._routes: tuple[tuple[str, ...], ...] = ()
        self._rules: tuple[tuple[str, ...], ...] = ()
        self._lost_routes: list[tuple[str, ...]] = []

    def use(self, plan: Plan) -> None:
        """Those of this plan; what was there before and stays is not touched."""
        addresses, routes, rules = plan.static_addresses, plan.static_routes, plan.static_rules
        virtual_routes.release(_without(self._routes, routes), _without(self._rules, rules))
        virtual_addresses.release(self._route, self._links, "", _without(self._addresses, addresses))
        errors = virtual_addresses.claim(self._route, self._links, "", _without(addresses, self._addresses))
        errors += virtual_routes.claim(_without(routes, self._routes), _without(rules, self._rules))
        self._addresses, self._routes, self._rules = addresses, routes, rules
        for each in errors:
            self._log.write(each)
        if addresses:
            self._links.reread()  # `lacks` is asked before the kernel's messages are read

    def release(self) -> None:
        """All of them go."""
        self._mender.cancel()
        virtual_routes.release(self._routes, self._rules)
        virtual_addresses.release(self._route, self._links, "", self._addresses)

    def close(self) -> None:
        """They stay, and nobody looks after them any more."""
        self._mender.cancel()

    def look(self) -> None:
        """Addresses went, or interfaces came."""
        if self._missing(self._addresses):
            self._mender.wake()

    def routes_lost(self, destinations: Collection[str] | None) -> None:
        """Routes to these went; None: any may have gone."""
        lost = [
            each for each in self._routes if destinations is None or virtual_routes.destination(each) in destinations
        ]
        self._lost_routes += _without(tuple(lost), tuple(self._lost_routes))
        if lost:
            self._mender.wake()

    def lacks(self, addresses: Sequence[VirtualAddress]) -> bool:
        """Whether one of these is missing and cannot be put back."""
        return bool(self._missing(addresses)) and not self._mender.pending

    def _missing(self, addresses: Sequence[VirtualAddress]) -> list[VirtualAddress]:
        return [each for each in addresses if not virtual_addresses.has(self._links, each.interface, each.address)]

    def _put_back(self) -> None:
        missing = [each for each in self._missing(self._addresses) if each.interface in self._links.by_name]
        for each in missing:
            shown = f"{virtual_addresses.text(each.address)}/{each.prefix} dev {each.interface}"
            self._log.write(f"Restoring deleted static address {shown}")
        virtual_addresses.claim(self._route, self._links, "", missing)
        lost, self._lost_routes = self._lost_routes, []
        for route in lost:
            self._log.write(f"Restoring deleted static route {' '.join(route)}")
        # The kernel took along the routes that were by way of the addresses.
        virtual_routes.claim(self._routes if missing else lost, ())
        if missing:
            self._links.reread()
        self._mended()


def _without(those: tuple[T, ...], others: tuple[T, ...]) -> list[T]:
    return [each for each in those if each not in others]
