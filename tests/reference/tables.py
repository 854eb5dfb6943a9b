# SPDX-License-Identifier: Apache-2.0
"""What the reference director knows: services, destinations, connections, templates; and how time ends them."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from tests.reference.connections import Connection, ConnectionTable
from tests.reference.destinations import Counts, LiveDestination
from tests.reference.schedulers import SCHEDULERS
from tests.reference.settings import Settings
from tests.reference.templates import EXTENSION_S, Template, TemplateTable
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import (
    DestinationExists,
    FullNatOnePacket,
    NoSuchDestination,
    NoSuchService,
    ServiceExists,
    ServiceNotDefined,
)
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.reference.scheduler import Scheduler
    from xlvs.model.destination import Destination, DestinationKey
    from xlvs.model.service import Protocol, ServiceKey, VirtualService

# A deleted destination without connections is remembered this long for its counters. The kernel looks only once
# a minute, so there it is one minute more at times.
REMEMBERED_S = 120

METHODS = (
    ForwardingMethod.MASQUERADE,
    ForwardingMethod.DIRECT_ROUTE,
    ForwardingMethod.TUNNEL,
    ForwardingMethod.FULL_NAT,
)


@dataclass(slots=True, eq=False)
class LiveService:
    """A service, its destinations newest first, and the scheduler that walks them."""

    configured: VirtualService
    now: InitVar[int]
    destinations: list[LiveDestination] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    scheduler: Scheduler = field(init=False)

    def __post_init__(self, now: int) -> None:
        self.start_scheduler(now)

    def start_scheduler(self, now: int) -> None:
        """Begin, at tick `now`, with a scheduler that knows of nothing before."""
        self.scheduler = SCHEDULERS[self.configured.scheduler](self.destinations)
        self.scheduler.began = now

    def place_of(self, key: DestinationKey) -> int | None:
        """Place in the list of the destination with this key."""
        for place, destination in enumerate(self.destinations):
            if destination.configured.key == key:
                return place
        return None


@dataclass(slots=True)
class _Remembered:
    """A deleted destination; `idle_since` is the tick from which it had no connections, None while it has."""

    service: LiveService
    destination: LiveDestination
    idle_since: int | None = None


class Tables:
    """Everything that outlives a packet.

    `now` and every other time is a tick number, which never falls; there are `ticks_per_second`. `capacity` is how
    many connections and templates fit, None for any number. Persistence engines are refused with ValueError, as are
    schedulers and forwarding methods that the model lacks.
    """

    def __init__(self, now: int = 0, *, ticks_per_second: int = 1000, capacity: int | None = None) -> None:
        self.now = now
        self.ticks_per_second = ticks_per_second
        self.capacity = capacity
        self.settings = Settings()
        self._timeouts = Timeouts()
        self._own_timeouts: dict[ServiceKey, Timeouts] = {}
        self._services: dict[ServiceKey, LiveService] = {}
        self._remembered: dict[tuple[ServiceKey, DestinationKey], _Remembered] = {}
        self._connections = ConnectionTable()
        self._templates = TemplateTable()

    # configuring

    def add_service(self, service: VirtualService) -> None:
        """Add a service without destinations. ServiceExists."""
        _refuse_what_the_model_lacks(service)
        if service.key in self._services:
            raise ServiceExists
        self._services[service.key] = LiveService(service, self.now)

    def update_service(self, service: VirtualService) -> None:
        """Replace what is configured; only another scheduler begins anew. NoSuchService."""
        _refuse_what_the_model_lacks(service)
        live = self._services.get(service.key)
        if live is None:
            raise NoSuchService
        _refuse_one_packet(service, [each.configured for each in live.destinations])
        before, live.configured = live.configured, service
        if before.scheduler != service.scheduler:
            live.start_scheduler(self.now)

    def delete_service(self, key: ServiceKey) -> None:
        """Delete a service and its destinations; connections stay. NoSuchService."""
        live = self._services.pop(key, None)
        if live is None:
            raise NoSuchService
        self._own_timeouts.pop(key, None)
        for destination in live.destinations:
            self._remember(live, destination)
        self._end_lost()

    def flush(self) -> None:
        """Delete all services."""
        for key in list(self._services):
            self.delete_service(key)

    def add_destination(self, service: ServiceKey, destination: Destination) -> None:
        """Put a destination at the head of the list, one that is remembered with all it had.

        ServiceNotDefined, DestinationExists.
        """
        if destination.forwarding not in METHODS:
            raise ValueError(f"the model has no {destination.forwarding.name}")
        live = self._defined(service)
        _refuse_one_packet(live.configured, [destination])
        if live.place_of(destination.key) is not None:
            raise DestinationExists
        remembered = self._remembered.pop((service, destination.key), None)
        if remembered is None:
            added = LiveDestination(destination, family=service.family)
        else:
            added = remembered.destination
            added.available = True
            added.configure(destination)
            added.last_weight = destination.weight
            if remembered.service is not live:
                added.counts = Counts()  # the service was deleted and added again too
        live.destinations.insert(0, added)
        live.scheduler.added()

    def update_destination(self, service: ServiceKey, destination: Destination) -> None:
        """Replace what is configured of a destination, in place. ServiceNotDefined, NoSuchDestination."""
        live = self._defined(service)
        _refuse_one_packet(live.configured, [destination])
        place = live.place_of(destination.key)
        if place is None:
            raise NoSuchDestination
        live.destinations[place].configure(destination)
        live.scheduler.edited()

    def delete_destination(self, service: ServiceKey, key: DestinationKey) -> None:
        """Delete a destination; its connections stay. ServiceNotDefined, NoSuchDestination."""
        live = self._defined(service)
        place = live.place_of(key)
        if place is None:
            raise NoSuchDestination
        deleted = live.destinations.pop(place)
        self._remember(live, deleted)
        live.scheduler.deleted(place, deleted)
        self._end_lost()

    def _end_lost(self) -> None:
        """With expire_nodest_conn a deletion ends the connections of all deleted destinations."""
        if not self.settings.expire_nodest_conn:
            return
        for connection in list(self.connections()):
            if not connection.destination.available and connection.method is not ForwardingMethod.BYPASS:
                self._connections.remove(connection)
        for template in list(self.templates()):
            if not template.destination.available and not template.connections:
                self._templates.remove(template)

    def set_own_timeouts(self, key: ServiceKey, timeouts: Timeouts) -> None:
        """Give a service timeouts of its own, 0: as all; running timers are not touched. NoSuchService."""
        if key not in self._services:
            raise NoSuchService
        self._own_timeouts[key] = timeouts

    def finish(self, protocol: Protocol) -> None:
        """End the connections of a protocol, silently."""
        for connection in [each for each in self._connections if each.protocol is protocol]:
            self._connections.remove(connection)

    def _timeouts_of(self, destination: LiveDestination) -> Timeouts:
        """Of the destination's service, also when it is deleted there: then of one with the same key."""
        keys = [key for key, live in self._services.items() if destination in live.destinations]
        keys += [key for (key, _), each in self._remembered.items() if each.destination is destination]
        own = self._own_timeouts.get(keys[0], Timeouts(0, 0, 0)) if keys else Timeouts(0, 0, 0)
        return Timeouts(*(mine or of_all for mine, of_all in zip(own, self._timeouts, strict=True)))

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Set timeouts, 0 keeps the old value; running timers are not touched."""
        old = self._timeouts
        self._timeouts = Timeouts(
            timeouts.tcp_s or old.tcp_s,
            timeouts.tcp_fin_s or old.tcp_fin_s,
            timeouts.udp_s or old.udp_s,
        )

    # looking

    def advance(self, now: int) -> None:
        """Let time pass: end what has run out."""
        if now < self.now:
            raise ValueError(f"time does not run back from {self.now} to {now}")
        self.now = now
        self._expire()
        self._forget()

    def _expire(self) -> None:
        """End what has run out by now, in the order of the timers: gone at the very tick `expires`.

        A template that has connections then gets its extension. At the same tick the connections go first.
        """
        timers: list[tuple[int, bool, int, Connection | Template]] = []
        for number, one in enumerate((*self._connections, *self._templates)):
            timers.append((one.expires, isinstance(one, Template), number, one))
        timers = [timer for timer in timers if timer[0] <= self.now]
        heapify(timers)
        while timers:
            _, _, number, one = heappop(timers)
            if isinstance(one, Connection):
                self._connections.remove(one)
            elif not one.connections:
                self._templates.remove(one)
            else:
                one.timeout = EXTENSION_S * self.ticks_per_second
                one.expires += one.timeout
                if one.expires <= self.now:
                    heappush(timers, (one.expires, True, number, one))

    def destinations(self, service: ServiceKey) -> list[LiveDestination]:
        """Destinations of a service, newest first. ServiceNotDefined."""
        return list(self._defined(service).destinations)

    def counts(self, service: ServiceKey) -> Counts:
        """Counters of a service. ServiceNotDefined."""
        return self._defined(service).counts

    def connections(self) -> Iterator[Connection]:
        """All live connections."""
        return iter(self._connections)

    def templates(self) -> Iterator[Template]:
        """All templates, outdated ones too."""
        return iter(self._templates)

    def _defined(self, key: ServiceKey) -> LiveService:
        live = self._services.get(key)
        if live is None:
            raise ServiceNotDefined
        return live

    def _remember(self, service: LiveService, destination: LiveDestination) -> None:
        destination.available = False
        key = service.configured.key, destination.configured.key
        self._remembered[key] = _Remembered(service, destination)
        self._forget()

    def _forget(self) -> None:
        """Forget deleted destinations that have been without connections for long enough."""
        for key, remembered in list(self._remembered.items()):
            held = remembered.service.scheduler.holds(remembered.destination)
            if remembered.destination.connections or remembered.destination.persistent or held:
                remembered.idle_since = None
            elif remembered.idle_since is None:
                remembered.idle_since = self.now
            elif self.now - remembered.idle_since >= REMEMBERED_S * self.ticks_per_second:
                del self._remembered[key]


def _refuse_one_packet(service: VirtualService, destinations: Iterable[Destination]) -> None:
    """An answer of full NAT finds its client by the connection, of which a datagram by itself has none."""
    if service.one_packet and any(each.forwarding is ForwardingMethod.FULL_NAT for each in destinations):
        raise FullNatOnePacket


def _refuse_what_the_model_lacks(service: VirtualService) -> None:
    if service.scheduler not in SCHEDULERS:
        raise ValueError(f"the model has no scheduler {service.scheduler}")
    if service.persistence_engine:
        raise ValueError("the model has no persistence engine")
