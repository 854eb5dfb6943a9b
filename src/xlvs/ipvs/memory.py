# SPDX-License-Identifier: Apache-2.0
"""Tables in memory: a complete fake of the director's tables, with the kernel's rules and order.

It passes the same contract as the pinned tables and stands in for them in tests and dry runs.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlvs.ipvs import rules
from xlvs.model.errors import (
    DaemonRunning,
    DestinationExists,
    NoDaemon,
    NoSuchDestination,
    NoSuchDevice,
    NoSuchService,
    ServiceExists,
    ServiceNotDefined,
)
from xlvs.model.settings import Timeouts
from xlvs.model.statistics import NO_COUNTERS, NO_RATES, Counters, Rates, Totals
from xlvs.model.sysctl import SYSCTLS, Values, format_values, parse_values, sysctl_of
from xlvs.model.views import DestinationView, ServiceView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from xlvs.model.connection import Connection, ConnectionRow
    from xlvs.model.destination import Destination, DestinationKey
    from xlvs.model.service import ServiceKey, VirtualService
    from xlvs.model.settings import DaemonRole, SyncDaemon

DEFAULT_SIZE = 4096


@dataclass(slots=True)
class _Destination:
    configured: Destination
    active: int = 0
    inactive: int = 0
    persistent: int = 0
    counters: Counters = NO_COUNTERS
    rates: Rates = NO_RATES

    def zero(self) -> None:
        self.counters, self.rates = NO_COUNTERS, NO_RATES

    def view(self) -> DestinationView:
        return DestinationView(self.configured, self.active, self.inactive, self.persistent, self.counters, self.rates)


@dataclass(slots=True)
class _Service:
    configured: VirtualService
    counters: Counters = NO_COUNTERS
    rates: Rates = NO_RATES
    # In the order of adding, so newest last; shown reversed.
    destinations: dict[DestinationKey, _Destination] = field(default_factory=dict)

    def zero(self) -> None:
        self.counters, self.rates = NO_COUNTERS, NO_RATES
        for destination in self.destinations.values():
            destination.zero()

    def view(self) -> ServiceView:
        newest_first = [destination.view() for destination in reversed(self.destinations.values())]
        return ServiceView(self.configured, self.counters, self.rates, newest_first)


def _no_host_addresses() -> rules.HostAddresses:
    return rules.NO_HOST_ADDRESSES


class MemoryTables:
    """`IpvsTables` in memory. `interface_mtu` maps the interfaces that daemons may use to their MTU."""

    def __init__(
        self,
        *,
        size: int = DEFAULT_SIZE,
        host_addresses: Callable[[], rules.HostAddresses] = _no_host_addresses,
        interface_mtu: dict[str, int] | None = None,
        cpus: int = 1,
    ) -> None:
        self._size = size
        self._host_addresses = host_addresses
        self._interface_mtu = {"lo": 65536} if interface_mtu is None else interface_mtu
        self._services: dict[ServiceKey, _Service] = {}
        # Deleted destinations, each with the service that it belonged to. The kernel forgets one some two minutes
        # after its last connection; nothing that is done in memory takes so long.
        self._deleted: dict[tuple[ServiceKey, DestinationKey], tuple[_Service, _Destination]] = {}
        self._timeouts = Timeouts()
        self._connections: list[Connection] = []
        self._daemons: dict[DaemonRole, SyncDaemon] = {}
        self._totals = Totals(NO_COUNTERS, NO_RATES, (NO_COUNTERS,) * cpus)
        self._sysctls: dict[str, Values] = {name: setting.default for name, setting in SYSCTLS.items()}

    def batch(self) -> AbstractContextManager[None]:
        """See `IpvsTables`. Nobody else edits tables in memory."""
        return nullcontext()

    # Services

    def add_service(self, service: VirtualService) -> None:
        """See `IpvsTables`."""
        if service.key in self._services:
            raise ServiceExists
        rules.check_service(service)
        self._services[service.key] = _Service(service)

    def update_service(self, service: VirtualService) -> None:
        """See `IpvsTables`."""
        entry = self._find(service.key)
        rules.check_service(service)
        rules.check_full_nat(service, (each.configured.forwarding for each in entry.destinations.values()))
        entry.configured = service

    def delete_service(self, key: ServiceKey) -> None:
        """See `IpvsTables`."""
        entry = self._find(key)
        for destination in list(entry.destinations):
            self._remove_destination(entry, destination)
        del self._services[key]

    def services(self) -> Iterator[ServiceView]:
        """See `IpvsTables`."""
        return iter([entry.view() for entry in self._services.values()])

    def service(self, key: ServiceKey) -> ServiceView:
        """See `IpvsTables`."""
        return self._find(key).view()

    def zero(self, key: ServiceKey | None) -> None:
        """See `IpvsTables`."""
        if key is not None:
            self._find(key).zero()
            return
        for entry in self._services.values():
            entry.zero()
        self._totals = self._totals._replace(counters=NO_COUNTERS, rates=NO_RATES)

    def flush(self) -> None:
        """See `IpvsTables`."""
        for key in list(self._services):
            self.delete_service(key)

    def _find(self, key: ServiceKey) -> _Service:
        entry = self._services.get(key)
        if entry is None:
            raise NoSuchService
        return entry

    # Destinations

    def add_destination(self, service: ServiceKey, destination: Destination) -> None:
        """See `IpvsTables`."""
        entry = self._find_for_destination(service)
        rules.check_destination(service.family, destination, daemon_runs=bool(self._daemons))
        rules.check_full_nat(entry.configured, [destination.forwarding])
        if destination.key in entry.destinations:
            raise DestinationExists
        former_service, returning = self._deleted.pop((service, destination.key), (None, None))
        if returning is None:
            rules.check_new_destination_address(destination.key.address, self._host_addresses)
            returning = _Destination(destination)
        elif former_service is not entry:
            returning.zero()
        returning.configured = destination
        entry.destinations[destination.key] = returning

    def update_destination(self, service: ServiceKey, destination: Destination) -> None:
        """See `IpvsTables`."""
        entry = self._find_for_destination(service)
        rules.check_destination(service.family, destination, daemon_runs=bool(self._daemons))
        rules.check_full_nat(entry.configured, [destination.forwarding])
        present = entry.destinations.get(destination.key)
        if present is None:
            raise NoSuchDestination
        present.configured = destination

    def delete_destination(self, service: ServiceKey, destination: DestinationKey) -> None:
        """See `IpvsTables`."""
        entry = self._find_for_destination(service)
        if destination not in entry.destinations:
            raise NoSuchDestination
        self._remove_destination(entry, destination)

    def _find_for_destination(self, key: ServiceKey) -> _Service:
        entry = self._services.get(key)
        if entry is None:
            raise ServiceNotDefined
        return entry

    def _remove_destination(self, entry: _Service, key: DestinationKey) -> None:
        self._deleted[entry.configured.key, key] = entry, entry.destinations.pop(key)

    # Connections, timeouts, statistics

    def connections(self) -> Iterator[Connection]:
        """See `IpvsTables`."""
        return iter(list(self._connections))

    def connection_rows(self) -> Iterable[ConnectionRow]:
        """See `IpvsTables`."""
        return [connection.row() for connection in self._connections]

    def timeouts(self) -> Timeouts:
        """See `IpvsTables`."""
        return self._timeouts

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """See `IpvsTables`."""
        self._timeouts = rules.merge_timeouts(self._timeouts, timeouts)

    def size(self) -> int:
        """See `IpvsTables`."""
        return self._size

    def totals(self) -> Totals:
        """See `IpvsTables`."""
        return self._totals

    # Synchronisation daemons

    def daemons(self) -> list[SyncDaemon]:
        """See `IpvsTables`."""
        roles: tuple[DaemonRole, ...] = ("master", "backup")
        return [self._daemons[role] for role in roles if role in self._daemons]

    def start_daemon(self, daemon: SyncDaemon) -> None:
        """See `IpvsTables`."""
        rules.check_daemon(daemon, mixed_families=self._has_mixed_families())
        mtu = self._interface_mtu.get(daemon.interface)
        if mtu is None:
            raise NoSuchDevice
        if daemon.role in self._daemons:
            raise DaemonRunning
        self._daemons[daemon.role] = rules.daemon_in_force(daemon, mtu)

    def stop_daemon(self, role: DaemonRole) -> None:
        """See `IpvsTables`."""
        if role not in self._daemons:
            raise NoDaemon
        del self._daemons[role]

    def _has_mixed_families(self) -> bool:
        return any(
            destination.family != key.family
            for key, entry in self._services.items()
            for destination in entry.destinations
        )

    # Settings

    def sysctl_names(self) -> list[str]:
        """See `IpvsTables`."""
        return sorted(self._sysctls)

    def sysctl(self, name: str) -> str:
        """See `IpvsTables`."""
        sysctl_of(name)
        return format_values(self._sysctls[name])

    def set_sysctl(self, name: str, value: str) -> None:
        """See `IpvsTables`."""
        sysctl_of(name)
        self._sysctls[name] = parse_values(name, value, self._sysctls[name])

    # What traffic would do

    def put_connections(self, connections: Iterable[Connection]) -> None:
        """Replace the connection table; counts of destinations are set apart, by `observe_destination`."""
        self._connections = list(connections)

    def observe_service(self, key: ServiceKey, counters: Counters, rates: Rates = NO_RATES) -> None:
        """Set what traffic made of a service."""
        entry = self._find(key)
        entry.counters, entry.rates = counters, rates

    def observe_destination(self, key: ServiceKey, view: DestinationView) -> None:
        """Set what traffic made of a destination: the view's connections, counters and rates."""
        entry = self._find(key).destinations[view.destination.key]
        entry.active, entry.inactive, entry.persistent = view.active, view.inactive, view.persistent
        entry.counters, entry.rates = view.counters, view.rates

    def observe_totals(self, totals: Totals) -> None:
        """Set what traffic made of the director."""
        self._totals = totals
