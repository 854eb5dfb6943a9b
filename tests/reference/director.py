# SPDX-License-Identifier: Apache-2.0
"""The reference director: what becomes of each packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reference import states
from tests.reference.connections import Connection, End
from tests.reference.destinations import LiveDestination
from tests.reference.outcome import Outcome, Reason, Verdict, translated, untouched
from tests.reference.packet import Packet
from tests.reference.scheduler import Request
from tests.reference.settings import REUSE_FIN_WAIT
from tests.reference.tables import LiveService, Tables
from tests.reference.tcp_states import RST, SYN
from tests.reference.templates import FTP_PORT, Template, template_key
from tests.reference.views import View
from xlvs.model.address import Family, unspecified
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, mark_service_key

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from tests.reference.destinations import Counts

UNPRIVILEGED_PORT = 1024


class Director(Tables):
    """A director, to which packets are given one by one.

    `now` and every other time is a tick number, which never falls; there are `ticks_per_second`. `capacity` is how
    many connections and templates fit, None for any number. `own_addresses` are those of the host, None for all: only
    by mark can a packet for others be balanced. Persistence engines are refused with ValueError, as are schedulers and
    forwarding methods that the model lacks.
    """

    def __init__(
        self,
        now: int = 0,
        *,
        ticks_per_second: int = 1000,
        capacity: int | None = None,
        own_addresses: Container[bytes] | None = None,
    ) -> None:
        super().__init__(now, ticks_per_second=ticks_per_second, capacity=capacity)
        self.own_addresses = own_addresses
        # How many packets drop_packet still lets begin something, with the one that it drops.
        self.until_drop = 0
        # What full NAT may go on with, in every service, and which of the free ones a connection gets.
        self.pairs: Sequence[End] = ()
        self.choose_pair: Callable[[Connection], End | None] = lambda _: None

    def packet(
        self,
        source: End,
        destination: End,
        protocol: Protocol,
        tcp_flags: int = 0,
        *,
        now: int,
        chunks: bytes = b"",
        ttl: int = 64,
        length: int = 40,
        mark: int = 0,
    ) -> Outcome:
        """What becomes of a packet that arrives at tick `now`; `length` is its IP length, `mark` its firewall mark."""
        self.advance(now)
        packet = Packet(source, destination, protocol, tcp_flags, chunks, ttl, length, mark)
        # The kernel hooks into a family's packets only while that family has services.
        if not any(key.family is packet.family for key in self._services):
            return untouched(Verdict.PASS, packet)
        connection = self._connections.of_server((protocol, destination, source))
        if connection is not None:
            return self._reply(packet, connection)
        return self._request(packet)

    def _reply(self, packet: Packet, connection: Connection) -> Outcome:
        """A packet from a destination: the virtual end becomes its source, deleted destination or not.

        Those of direct routing and tunnels have it already, and are only noticed as the host forwards them.
        """
        if packet.protocol is Protocol.TCP:
            connection.told = not packet.tcp_flags & SYN
        if packet.ttl <= 1:
            return untouched(Verdict.PASS, packet)  # the host's forwarding tells the destination, untranslated
        self._step(packet, connection, View.SERVER)
        for counts in self._counts_of(connection):
            counts.outpkts += 1
            counts.outbytes += packet.length
        if not connection.translates:
            return untouched(Verdict.PASS, packet, connection)
        return translated(connection)

    def _request(self, packet: Packet) -> Outcome:
        """A packet from a client, or none of ours."""
        connection = self._connections.of_client((packet.protocol, packet.source, packet.destination))
        if connection is None or self._starts_again(packet, connection):
            return self._schedule(packet, connection)
        if not connection.destination.available:
            if self.settings.expire_nodest_conn:
                return self._schedule(packet, connection)
            return untouched(Verdict.DROP_DESTINATION_GONE, packet)
        return self._forward(packet, connection)

    def _starts_again(self, packet: Packet, connection: Connection) -> bool:
        """A first packet that makes its old connection give way to a new one."""
        if not states.is_first(packet):
            return False
        if self.settings.expire_nodest_conn and connection.destination.weight == 0:
            return connection.method is not ForwardingMethod.BYPASS
        mode = self.settings.conn_reuse_mode
        if connection.control or not mode:
            return False
        if connection.state == "FIN_WAIT":
            return bool(mode & REUSE_FIN_WAIT) and not connection.answers_pass
        return connection.state in {"TIME_WAIT", "CLOSE", "CLOSED"}

    def _schedule(self, packet: Packet, old: Connection | None) -> Outcome:
        """Begin a connection, if the packet may. An old one still counts while the destination is chosen."""
        outcome = self._begin(packet)
        if old is not None and self._connections.of_client(old.forward_key) is old:
            self._connections.remove(old)
        return outcome

    def _begin(self, packet: Packet) -> Outcome:
        service = self._service_of(packet)
        if service is None or not states.may_begin(packet, self.settings):
            return untouched(Verdict.PASS, packet)
        if self._drops():
            return untouched(Verdict.DROP_DEFENCE, packet)
        template = None
        if service.configured.is_persistent:
            template = self._template(packet, service)
            chosen = template.destination if template else None
        else:
            chosen = self._choose(packet, service)
        if chosen is None:
            return self._leave(packet, service)
        if self._is_full():
            return untouched(Verdict.DROP_TABLE_FULL, packet)
        connection = self._connection(packet, service, chosen, template)
        if connection.method is ForwardingMethod.FULL_NAT:
            connection.local = self._pair(connection)
            if connection.local is None:
                return untouched(Verdict.DROP_NO_LOCAL_PORT, packet)
        return self._start(packet, service, connection)

    def _pair(self, connection: Connection) -> End | None:
        """A local address and port that no other connection has with this destination; which is not the model's choice."""
        family = len(connection.server[0])
        free = [each for each in self.pairs if len(each[0]) == family and self.is_free(connection, each)]
        chosen = self.choose_pair(connection)
        assert chosen in free if free else chosen is None, (chosen, free)
        return chosen

    def is_free(self, connection: Connection, pair: End) -> bool:
        """Whether no connection of the protocol has a pair with the same destination."""
        return self._connections.of_server((connection.protocol, pair, connection.server)) is None

    def _drops(self) -> bool:
        """With drop_packet, whether it is this packet's turn among those that would begin a connection."""
        rate = self.settings.drop_rate
        if not rate:
            return False
        self.until_drop -= 1
        if self.until_drop > 0:
            return False
        self.until_drop = rate
        return True

    def _is_full(self) -> bool:
        return self.capacity is not None and len(self._connections) + len(self._templates) >= self.capacity

    def _start(self, packet: Packet, service: LiveService, connection: Connection) -> Outcome:
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
        """No destination: refused, but beside an FTP service other ports are the host's own business.

        What a mark chose may be for another host, in whose name nobody can refuse: with cache_bypass it goes there.
        """
        if service.configured.key.port == FTP_PORT and packet.destination[1] != FTP_PORT:
            return untouched(Verdict.PASS, packet)
        elsewhere = self.own_addresses is not None and packet.destination[0] not in self.own_addresses
        if service.configured.key.fwmark and elsewhere:
            if self.settings.cache_bypass:
                return self._start(packet, service, self._bypass(packet))
            if packet.family is Family.IPV4:
                return untouched(Verdict.DROP_NO_DESTINATION, packet)
        return untouched(Verdict.ANSWERED, packet, reason=Reason.NO_DESTINATION)

    def _bypass(self, packet: Packet) -> Connection:
        """A connection past all destinations, to where its packets were sent."""
        nobody = unspecified(packet.family), 0
        method = ForwardingMethod.BYPASS
        destination = LiveDestination(Destination(DestinationKey(packet.family, *nobody), method))
        expires = self.now + self._timeout(packet.protocol, "NONE")
        return Connection(
            packet.protocol, packet.source, packet.destination, nobody, destination, "NONE", expires, method=method
        )

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
            self.now + self._timeout(packet.protocol, "NONE"),
            template,
            chosen.configured.forwarding,
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

    def _forward(self, packet: Packet, connection: Connection) -> Outcome:
        """A packet of a connection. It counts and moves the state even where its TTL ends here."""
        for counts in self._counts_of(connection):
            counts.inpkts += 1
            counts.inbytes += packet.length
        self._step(packet, connection, View.CLIENT if connection.answers_pass else View.CLIENT_ALONE)
        method, configured = connection.method, connection.destination.configured
        if packet.ttl <= 1:
            if method is ForwardingMethod.BYPASS:
                return untouched(Verdict.DROP_TTL, packet, connection)
            return untouched(Verdict.ANSWERED, packet, connection, Reason.TTL_EXCEEDED)
        told = packet.protocol is not Protocol.TCP or packet.tcp_flags & (SYN | RST) or connection.told
        return Outcome(
            Verdict.FORWARD,
            *(connection.local or packet.source),
            *(connection.server if connection.translates else packet.destination),
            state=connection.state,
            expires=connection.expires,
            method=method,
            server=packet.destination[0] if method is ForwardingMethod.BYPASS else configured.key.address,
            tunnel=configured.tunnel if method is ForwardingMethod.TUNNEL else None,
            tells=method is ForwardingMethod.FULL_NAT and not told,
        )

    def _step(self, packet: Packet, connection: Connection, view: View) -> None:
        """State and timer of a connection after a packet."""
        state = states.next_state(connection.state, packet, view, self.settings)
        established = state == "ESTABLISHED" != connection.state
        if connection.control and (established or (state == states.UDP_STATE and view is View.SERVER)):
            connection.control.assured = True
        if view is View.SERVER and states.is_told(packet):
            connection.answers_pass = True
        seconds = states.timeout_s(packet.protocol, state, self._timeouts_of(connection.destination))
        connection.enter(state, self.now + seconds * self.ticks_per_second)

    def _service_of(self, packet: Packet) -> LiveService | None:
        """The mark's service first, then that of protocol, address and port, FTP's for its data, that of port 0."""
        if packet.mark:
            marked = self._services.get(mark_service_key(packet.mark, packet.family))
            if marked is not None:
                return marked
        address, port = packet.destination
        ports = [port, 0]
        may_be_data = port == states.ACTIVE_FTP_DATA_PORT or port >= UNPRIVILEGED_PORT
        if packet.protocol is Protocol.TCP and may_be_data:
            ports.insert(1, FTP_PORT)
        keys = [ServiceKey(packet.protocol, packet.family, address, each) for each in ports]
        return next((self._services[key] for key in keys if key in self._services), None)

    def _counts_of(self, connection: Connection) -> Iterable[Counts]:
        """Who counts a packet: its destination and that one's service, nobody once the destination is deleted."""
        destination = connection.destination
        if not destination.available or connection.method is ForwardingMethod.BYPASS:
            return ()
        service = next(live for live in self._services.values() if destination in live.destinations)
        return destination.counts, service.counts

    def _timeout(self, protocol: Protocol, state: str) -> int:
        """Ticks that a connection lives in a state without packets."""
        return states.timeout_s(protocol, state, self._timeouts) * self.ticks_per_second
