# SPDX-License-Identifier: Apache-2.0
"""What every implementation of the tables offers, in memory or pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from xlvs.model.connection import Connection, ConnectionRow
    from xlvs.model.destination import Destination, DestinationKey
    from xlvs.model.service import ServiceKey, VirtualService
    from xlvs.model.settings import DaemonRole, SyncDaemon, Timeouts
    from xlvs.model.statistics import Totals
    from xlvs.model.views import ServiceView


class IpvsTables(Protocol):
    """The director's tables. Every method that changes something either does all of it or raises and does nothing.

    Errors are those of `xlvs.model.errors`; the checks are in `xlvs.ipvs.rules`.
    """

    def batch(self) -> AbstractContextManager[None]:
        """Keep others from editing over many changes, which makes them faster; each is whole by itself as ever."""

    def add_service(self, service: VirtualService) -> None:
        """Add a service. ServiceExists, NoSuchScheduler, InvalidArgument, TableFull."""

    def update_service(self, service: VirtualService) -> None:
        """Replace everything configured of a service. NoSuchService, NoSuchScheduler, InvalidArgument."""

    def delete_service(self, key: ServiceKey) -> None:
        """Delete a service and its destinations. NoSuchService."""

    def add_destination(self, service: ServiceKey, destination: Destination) -> None:
        """Put a destination at the head of the service's list.

        ServiceNotDefined, DestinationExists, InvalidArgument, OutOfRange, TableFull. One that was deleted lately
        comes back with its connections and, if the service is still the same, its counters.
        """

    def update_destination(self, service: ServiceKey, destination: Destination) -> None:
        """Replace everything configured of a destination, in place.

        ServiceNotDefined, NoSuchDestination, InvalidArgument, OutOfRange.
        """

    def delete_destination(self, service: ServiceKey, destination: DestinationKey) -> None:
        """Delete a destination; its connections stay in the table. ServiceNotDefined, NoSuchDestination."""

    def services(self) -> Iterator[ServiceView]:
        """All services in table order, destinations newest first."""

    def service(self, key: ServiceKey) -> ServiceView:
        """One service. NoSuchService."""

    def zero(self, key: ServiceKey | None) -> None:
        """Zero the counters of a service and its destinations, or (None) of everything. NoSuchService."""

    def flush(self) -> None:
        """Delete all services. Timeouts and settings stay."""

    def timeouts(self) -> Timeouts:
        """Timeouts in force."""

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Set timeouts; 0 keeps the old value."""

    def connections(self) -> Iterator[Connection]:
        """The connection table, templates included, in no particular order."""

    def connection_rows(self) -> Iterable[ConnectionRow]:
        """The same as plain tuples, for long listings."""

    def daemons(self) -> list[SyncDaemon]:
        """Running synchronisation daemons, master first."""

    def start_daemon(self, daemon: SyncDaemon) -> None:
        """Start a daemon. DaemonRunning, NoSuchDevice, InvalidArgument, NotSupported."""

    def stop_daemon(self, role: DaemonRole) -> None:
        """Stop a daemon. NoDaemon."""

    def size(self) -> int:
        """Size of the connection table, shown in the title of listings."""

    def totals(self) -> Totals:
        """Statistics of the whole director."""

    def sysctl_names(self) -> list[str]:
        """Names of the settings below net.ipv4.vs, sorted."""

    def sysctl(self, name: str) -> str:
        """A setting as its file shows it, without newline. NoSuchSetting."""

    def set_sysctl(self, name: str, value: str) -> None:
        """Set a setting. NoSuchSetting, InvalidArgument."""
