# SPDX-License-Identifier: Apache-2.0
"""The reference director: services, destinations and connections, and what becomes of each packet."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from tests.reference.connections import Connection, ConnectionTable, End
from tests.reference.destinations import Counts, LiveDestination
from tests.reference.outcome import Outcome, Reason, Verdict
from tests.reference.scheduler import Request, Scheduler
from tests.reference.schedulers import SCHEDULERS
from tests.reference.tcp_states import FIXED_TIMEOUTS_S, RST, SYN, UDP_STATE, next_state
from tests.reference.templates import EXTENSION_S, FTP_PORT, Template, TemplateTable, template_key
from xlvs.model.address import Family, family_of
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import DestinationExists, NoSuchDestination, NoSuchService, ServiceExists, ServiceNotDefined
from xlvs.model.service import Protocol, ServiceKey, VirtualService, mark_service_key
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.model.destination import Destination, DestinationKey

# A deleted destination without connections is remembered this long for its counters. The kernel looks only once
# a minute, so there it is one minute more at times.
REMEMBERED_S = 120

ACTIVE_FTP_DATA_PORT = 20
UNPRIVILEGED_PORT = 1024


@dataclass(slots=True)
class Settings:
    """The switches below net.ipv4.vs that the model knows, with the kernel's defaults."""

    conn_reuse_mode: int = 1
    expire_nodest_conn: int = 0
    expire_quiescent_template: int = 0
    sloppy_tcp: int = 0
    lblc_expiration: int = 86400
    lblcr_expiration: int = 86400


@dataclass(frozen=True, slots=True)
class Packet:
    """What the director looks at. `source` and `destination` are ends: packed address and port."""

    source: End
    destination: End
    protocol: Protocol
    tcp_flags: int
    ttl: int
    length: int
    mark: int

    @property
    def family(self) -> Family:
        """Family of both addresses."""
        return family_of(self.destination[0])


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


class Director:
    """A director whose virtual addresses are all its own, with NAT destinations.

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
        before, live.configured = live.configured, service
        if before.scheduler != service.scheduler:
            live.start_scheduler(self.now)

    def delete_service(self, key: ServiceKey) -> None:
        """Delete a service and its destinations; connections stay. NoSuchService."""
        live = self._services.pop(key, None)
        if live is None:
            raise NoSuchService
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
        if destination.forwarding is not ForwardingMethod.MASQUERADE:
            raise ValueError(f"the model has no {destination.forwarding.name}")
        live = self._defined(service)
        if live.place_of(destination.key) is not None:
            raise DestinationExists
        remembered = self._remembered.pop((service, destination.key), None)
        if remembered is None:
            added = LiveDestination(destination)
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
            if not connection.destination.available:
                self._connections.remove(connection)
        for template in list(self.templates()):
            if not template.destination.available and not template.connections:
                self._templates.remove(template)

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

    # packets

    def packet(
        self,
        source: End,
        destination: End,
        protocol: Protocol,
        tcp_flags: int = 0,
        *,
        now: int,
        ttl: int = 64,
        length: int = 40,
        mark: int = 0,
    ) -> Outcome:
        """What becomes of a packet that arrives at tick `now`; `length` is its IP length, `mark` its firewall mark."""
        self.advance(now)
        packet = Packet(source, destination, protocol, tcp_flags, ttl, length, mark)
        # The kernel hooks into a family's packets only while that family has services.
        if not any(key.family is packet.family for key in self._services):
            return _outcome(Verdict.PASS, packet)
        connection = self._connections.of_server((protocol, destination, source))
        if connection is not None:
            return self._reply(packet, connection)
        return self._request(packet)

    def _reply(self, packet: Packet, connection: Connection) -> Outcome:
        """A packet from a destination: the virtual end becomes its source, deleted destination or not."""
        if packet.ttl <= 1:
            return _outcome(Verdict.PASS, packet)  # the host's forwarding tells the destination, untranslated
        self._step(packet, connection, from_server=True)
        for counts in self._counts_of(connection):
            counts.outpkts += 1
            counts.outbytes += packet.length
        return _outcome(Verdict.REPLY, packet, connection, source=connection.virtual)

    def _request(self, packet: Packet) -> Outcome:
        """A packet from a client, or none of ours."""
        connection = self._connections.of_client((packet.protocol, packet.source, packet.destination))
        if connection is None or self._starts_again(packet, connection):
            return self._schedule(packet, connection)
        if not connection.destination.available:
            if self.settings.expire_nodest_conn:
                return self._schedule(packet, connection)
            return _outcome(Verdict.DROP_DESTINATION_GONE, packet)
        return self._forward(packet, connection)

    def _starts_again(self, packet: Packet, connection: Connection) -> bool:
        """A SYN that makes its old connection give way to a new one."""
        if packet.protocol is not Protocol.TCP or not packet.tcp_flags & SYN:
            return False
        if self.settings.expire_nodest_conn and connection.destination.weight == 0:
            return True
        if connection.control:
            return False
        return self.settings.conn_reuse_mode != 0 and connection.state in {"TIME_WAIT", "CLOSE"}

    def _schedule(self, packet: Packet, old: Connection | None) -> Outcome:
        """Begin a connection, if the packet may. An old one still counts while the destination is chosen."""
        outcome = self._begin(packet)
        if old is not None and self._connections.of_client(old.forward_key) is old:
            self._connections.remove(old)
        return outcome

    def _begin(self, packet: Packet) -> Outcome:
        service = self._service_of(packet)
        if service is None or not self._may_begin(packet):
            return _outcome(Verdict.PASS, packet)
        template = None
        if service.configured.is_persistent:
            template = self._template(packet, service)
            chosen = template.destination if template else None
        else:
            chosen = self._choose(packet, service)
        if chosen is None:
            return self._leave(packet, service)
        if self.capacity is not None and len(self._connections) + len(self._templates) >= self.capacity:
            return _outcome(Verdict.DROP_TABLE_FULL, packet)
        connection = self._connection(packet, service, chosen, template)
        for counts in self._counts_of(connection):
            counts.conns += 1
        if service.configured.one_packet and packet.protocol is Protocol.UDP:
            return self._single(packet, connection)
        self._connections.add(connection)
        return self._forward(packet, connection)

    def _choose(self, packet: Packet, service: LiveService) -> LiveDestination | None:
        """The scheduler's choice. Only a persistent service has further ports than its own."""
        if not service.configured.key.fwmark and packet.destination[1] != service.configured.key.port:
            return None
        return service.scheduler.choose(self._question(packet, service))

    def _leave(self, packet: Packet, service: LiveService) -> Outcome:
        """No destination: refused, but beside an FTP service other ports are the host's own business."""
        if service.configured.key.port == FTP_PORT and packet.destination[1] != FTP_PORT:
            return _outcome(Verdict.PASS, packet)
        return _outcome(Verdict.ANSWERED, packet, reason=Reason.NO_DESTINATION)

    def _connection(
        self, packet: Packet, service: LiveService, chosen: LiveDestination, template: Template | None
    ) -> Connection:
        """A new connection; of further ports of a persistent service the port stays."""
        key, port = chosen.configured.key, packet.destination[1]
        mapped = template is None or port == service.configured.key.port
        return Connection(
            packet.protocol,
            packet.source,
            packet.destination,
            (key.address, key.port or port if mapped else port),
            chosen,
            "NONE",
            self.now + self._timeout("NONE"),
            template,
        )

    def _single(self, packet: Packet, connection: Connection) -> Outcome:
        """A datagram of a one-packet service: its connection is over with it."""
        connection.destination.bind()
        outcome = self._forward(packet, connection)
        connection.destination.unbind(active=False)
        return outcome

    def _template(self, packet: Packet, service: LiveService) -> Template | None:
        """The client's template, or a new one; its time begins again. None where there is no destination."""
        configured = service.configured
        key = template_key(configured, packet.protocol, packet.source[0], packet.destination)
        template = self._templates.of_client(key)
        if template is not None and not self._may_use(template):
            self._templates.outdate(template)
            template = None
        if template is None:
            chosen = service.scheduler.choose(self._question(packet, service))
            if chosen is None:
                return None
            own = packet.destination[1] == configured.key.port != FTP_PORT
            server = chosen.configured.key.address, chosen.configured.key.port if own else 0
            timeout = configured.persistence_timeout_s * self.ticks_per_second
            template = Template(*key, server, chosen, timeout)
            self._templates.add(template)
        template.expires = self.now + template.timeout
        return template

    def _may_use(self, template: Template) -> bool:
        """Not when its destination is deleted or, with the setting, quiesced. A full one may be used."""
        destination = template.destination
        if not destination.available:
            return False
        return destination.weight > 0 or not self.settings.expire_quiescent_template

    def _question(self, packet: Packet, service: LiveService) -> Request:
        """What a scheduler is told of a packet."""
        replicated = service.configured.scheduler == "lblcr"
        seconds = self.settings.lblcr_expiration if replicated else self.settings.lblc_expiration
        return Request(
            *packet.source,
            packet.destination[0],
            service.configured.scheduler_flags,
            self.now,
            self.ticks_per_second,
            seconds * self.ticks_per_second,
        )

    def _may_begin(self, packet: Packet) -> bool:
        if packet.source[1] == ACTIVE_FTP_DATA_PORT:
            return False
        if packet.protocol is not Protocol.TCP:
            return True
        return not packet.tcp_flags & RST and bool(packet.tcp_flags & SYN or self.settings.sloppy_tcp)

    def _forward(self, packet: Packet, connection: Connection) -> Outcome:
        """A packet of a connection. It counts and moves the state even where its TTL ends here."""
        for counts in self._counts_of(connection):
            counts.inpkts += 1
            counts.inbytes += packet.length
        self._step(packet, connection, from_server=False)
        if packet.ttl <= 1:
            return _outcome(Verdict.ANSWERED, packet, connection, reason=Reason.TTL_EXCEEDED)
        return _outcome(Verdict.FORWARD, packet, connection, destination=connection.server)

    def _step(self, packet: Packet, connection: Connection, *, from_server: bool) -> None:
        """State and timer of a connection after a packet."""
        if packet.protocol is Protocol.TCP:
            state = next_state(connection.state, packet.tcp_flags, from_server=from_server)
        else:
            state = UDP_STATE
        established = state == "ESTABLISHED" != connection.state
        if connection.control and (established or (state == UDP_STATE and from_server)):
            connection.control.assured = True
        connection.enter(state, self.now + self._timeout(state))

    def _service_of(self, packet: Packet) -> LiveService | None:
        """The mark's service first, then that of protocol, address and port, FTP's for its data, that of port 0."""
        if packet.mark:
            marked = self._services.get(mark_service_key(packet.mark, packet.family))
            if marked is not None:
                return marked
        address, port = packet.destination
        ports = [port, 0]
        if packet.protocol is Protocol.TCP and (port == ACTIVE_FTP_DATA_PORT or port >= UNPRIVILEGED_PORT):
            ports.insert(1, FTP_PORT)
        keys = [ServiceKey(packet.protocol, packet.family, address, each) for each in ports]
        return next((self._services[key] for key in keys if key in self._services), None)

    def _counts_of(self, connection: Connection) -> Iterable[Counts]:
        """Who counts a packet: its destination and that one's service, nobody once the destination is deleted."""
        destination = connection.destination
        if not destination.available:
            return ()
        service = next(live for live in self._services.values() if destination in live.destinations)
        return destination.counts, service.counts

    def _timeout(self, state: str) -> int:
        """Ticks that a connection lives in a state without packets."""
        configured = {
            "ESTABLISHED": self._timeouts.tcp_s,
            "FIN_WAIT": self._timeouts.tcp_fin_s,
            UDP_STATE: self._timeouts.udp_s,
        }
        return (configured | FIXED_TIMEOUTS_S)[state] * self.ticks_per_second

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


def _refuse_what_the_model_lacks(service: VirtualService) -> None:
    if service.scheduler not in SCHEDULERS:
        raise ValueError(f"the model has no scheduler {service.scheduler}")
    if service.persistence_engine:
        raise ValueError("the model has no persistence engine")


def _outcome(
    verdict: Verdict,
    packet: Packet,
    connection: Connection | None = None,
    *,
    source: End | None = None,
    destination: End | None = None,
    reason: Reason = Reason.NONE,
) -> Outcome:
    return Outcome(
        verdict,
        *(source or packet.source),
        *(destination or packet.destination),
        state=connection.state if connection else None,
        expires=connection.expires if connection else None,
        reason=reason,
    )
