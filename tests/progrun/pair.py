# SPDX-License-Identifier: Apache-2.0
"""The programs and the reference model side by side: everything is done to both, and they must not differ."""

from __future__ import annotations

import struct
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.progrun.director import FROM_SERVER, INNER, OUTER, TO_CLIENT, TO_SERVER, Director
from tests.progrun.icmp import answer
from tests.progrun.packets import SCTP, End, Packet, end, option
from tests.progrun.tunnel import Free, tunnelled
from tests.reference import Director as Reference
from tests.reference import Outcome, Reason, Verdict
from xlvs.ipvs import layout, local_addresses, policies, running, sysctls
from xlvs.ipvs.observed import pack_service_key
from xlvs.ipvs.selection import Act, Selection
from xlvs.model.address import Family
from xlvs.model.connection_filter import ConnectionFilter
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import TableError
from xlvs.model.local_address import LocalAddress
from xlvs.model.policy import ServicePolicy
from xlvs.model.service import Protocol, ServiceKey, VirtualService
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.progrun.director import Arrival
    from tests.reference.connections import Connection
    from xlvs.model.destination import Destination

# Verdicts of the model, and the programs' that mean the same. More ICMP errors than a second allows are dropped.
SAME = {
    Verdict.PASS: {"PASS", "STACK"},
    Verdict.FORWARD: {"FORWARD"},
    Verdict.REPLY: {"REPLY"},
    Verdict.ANSWERED: {"ANSWERED", "DROP_ICMP_LIMIT"},
    Verdict.DROP_DESTINATION_GONE: {"DROP_DESTINATION_GONE"},
    Verdict.DROP_NO_DESTINATION: {"DROP_NO_DESTINATION"},
    Verdict.DROP_TABLE_FULL: {"DROP_TABLE_FULL"},
    Verdict.DROP_DEFENCE: {"DROP_DEFENCE"},
    Verdict.DROP_TTL: {"DROP_TTL"},
    Verdict.DROP_NO_LOCAL_PORT: {"DROP_NO_LOCAL_PORT"},
}
# ICMP type and code by reason and family.
KINDS = {
    (Reason.NO_DESTINATION, True): (3, 3),
    (Reason.NO_DESTINATION, False): (1, 4),
    (Reason.TTL_EXCEEDED, True): (11, 0),
    (Reason.TTL_EXCEEDED, False): (3, 0),
}
# The director's own addresses towards the servers, by the length of an address: the sources of outer packets.
OWN = {4: end("10.2.0.1:0")[0], 16: end("[2001:db8:2::1]:0")[0]}
# What moves drop_packet's rate; the clock does it once a second.
DEFENCES = {"am_droprate", "drop_packet", "secure_tcp"}
CLOCKWORK_DROP_COUNTER = 44
# What full NAT may go on with, in every service: so few that they run out.
LOCALS = {Family.IPV4: end("10.2.0.7:0")[0], Family.IPV6: end("[2001:db8:2::7]:0")[0]}
LOCAL_PORTS = (40000, 40002)


class Seen(NamedTuple):
    """A connection or template as both can tell it; its remaining ticks are compared apart."""

    protocol: int
    client: End
    virtual: End
    server: End
    state: str
    timeout: int = 0  # of a template: seconds
    connections: int = 0  # of a template
    control: tuple[End, End] | None = None  # ends of its template: the client's and the virtual one
    local: End | None = None  # of full NAT


class Pair:
    """A director without services or connections, and a model of it."""

    def __init__(self, director: Director) -> None:
        director.clear()
        self.director = director
        self.store = director.store
        self.second = director.ticks_per_second
        # No virtual address is the host's here: without a mark nobody asks.
        self.model = Reference(0, ticks_per_second=self.second, own_addresses=())
        self.services: dict[ServiceKey, VirtualService] = {}
        self.set_timeouts(Timeouts())
        for field in fields(self.model.settings):
            self.set(field.name, getattr(self.model.settings, field.name))
        self.model.until_drop = self._drop_counter()
        self.model.pairs = [
            (address, port) for address in LOCALS.values() for port in range(LOCAL_PORTS[0], LOCAL_PORTS[1] + 1)
        ]
        self.model.choose_pair = self._local_of
        for view in list(local_addresses.present(self.store)):
            local_addresses.delete(self.store, view.configured.service, view.configured.address)

    def _drop_counter(self) -> int:
        """How many packets drop_packet still lets begin something, with the one that it drops: that outlives tests."""
        clockwork = self.store.map("clockworks").lookup(bytes(4))
        assert clockwork is not None
        (counter,) = struct.unpack_from("<i", clockwork, CLOCKWORK_DROP_COUNTER)
        return int(counter)

    # Configuring

    def _both(self, on_tables: Callable[[], None], on_model: Callable[[], None]) -> bool:
        """Do it to both; they refuse the same. True if it was done."""
        errors: list[type[TableError] | None] = []
        for change in (on_tables, on_model):
            try:
                change()
                errors.append(None)
            except TableError as error:
                errors.append(type(error))
        assert errors[0] is errors[1], errors
        self.compare_counts()
        return errors[0] is None

    def add_service(self, service: VirtualService) -> None:
        """`-A`."""
        tables = self.director.tables
        if self._both(lambda: tables.add_service(service), lambda: self.model.add_service(service)):
            self.services[service.key] = service
            listed = {view.configured.service for view in local_addresses.present(self.store)}
            if service.key not in listed:
                own = LocalAddress(service.key, LOCALS[service.key.family], *LOCAL_PORTS)
                local_addresses.add(self.store, own)

    def update_service(self, service: VirtualService) -> None:
        """`-E`."""
        tables = self.director.tables
        if self._both(lambda: tables.update_service(service), lambda: self.model.update_service(service)):
            self.services[service.key] = service

    def delete_service(self, key: ServiceKey) -> None:
        """`-D`."""
        tables = self.director.tables
        self.services.pop(key, None)
        self._both(lambda: tables.delete_service(key), lambda: self.model.delete_service(key))

    def add_destination(self, key: ServiceKey, destination: Destination) -> None:
        """`-a`."""
        tables = self.director.tables
        self._both(
            lambda: tables.add_destination(key, destination), lambda: self.model.add_destination(key, destination)
        )

    def update_destination(self, key: ServiceKey, destination: Destination) -> None:
        """`-e`."""
        tables = self.director.tables
        self._both(
            lambda: tables.update_destination(key, destination),
            lambda: self.model.update_destination(key, destination),
        )

    def delete_destination(self, key: ServiceKey, destination: Destination) -> None:
        """`-d`."""
        tables, end = self.director.tables, destination.key
        self._both(lambda: tables.delete_destination(key, end), lambda: self.model.delete_destination(key, end))

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """`--set`."""
        self.director.tables.set_timeouts(timeouts)
        self.model.set_timeouts(timeouts)

    def set_own_timeouts(self, key: ServiceKey, timeouts: Timeouts) -> None:
        """`xlvs service set`."""
        policy = ServicePolicy(*timeouts)
        self._both(
            lambda: policies.write(self.store, pack_service_key(key), policy),
            lambda: self.model.set_own_timeouts(key, timeouts),
        )

    def finish(self, protocol: Protocol) -> None:
        """`xlvs connections kill --silent`."""
        self.director.hold()
        with Selection(self.store, ConnectionFilter(protocol=protocol)) as selection:
            selection.end(Act.DISCARD)
        self.model.finish(protocol)
        self.compare_connections()
        self.compare_counts()

    def set(self, name: str, value: int) -> None:
        """A switch below net.ipv4.vs."""
        sysctls.write(self.store, name, str(value))
        if name in DEFENCES:
            running.defend(self.store.directory)
        setattr(self.model.settings, name, value)

    # Time and packets

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.director.pass_time(seconds * self.second)
        self.model.advance(self.model.now + seconds * self.second)
        self.compare_connections()
        self.compare_counts()

    def send(self, packet: Packet, *, from_server: bool, xdp_first: bool, mark: int = 0) -> Outcome:
        """Give both a packet, which netfilter marks; what XDP hands up must be as it was, and goes to tc."""
        self.director.hold()
        # First the programs: which pair full NAT takes is theirs to choose.
        verdict, after = self._run(packet, INNER if from_server else OUTER, mark, xdp_first=xdp_first)
        expected = self.model.packet(
            packet.source,
            packet.destination,
            Protocol(packet.protocol),
            packet.flags if packet.protocol == Protocol.TCP else 0,
            now=self.model.now,
            chunks=packet.data if packet.protocol == SCTP else b"",
            ttl=packet.ttl,
            length=len(packet.ip()),
            mark=mark,
        )
        assert verdict in SAME[expected.verdict], (verdict, expected)
        if verdict != "DROP_ICMP_LIMIT":
            assert after.hex() == self.expected_frame(packet, expected, after).hex(), expected
        self.compare_connections()
        self.compare_counts()
        return expected

    def _run(self, packet: Packet, arrival: Arrival, mark: int, *, xdp_first: bool) -> tuple[str, bytes]:
        """The verdict that ends a packet's way through the programs, and its frame then."""
        frame = packet.frame()
        if xdp_first:
            verdict, _, after = self.director.xdp(frame, arrival)
            if verdict not in ("HAND_UP", "PASS", "STACK"):
                return verdict, after
            assert after == frame
        verdict, _, after = self.director.tc(frame, arrival)
        if verdict != "PASS" or arrival is INNER or not self.has_marks(packet.ipv4):
            return verdict, after
        assert after == frame
        # The host's stack, whose rules lead it to the mark device.
        verdict, _, after = self.director.tc(replace(packet, ttl=packet.ttl - 1).frame(), replace(arrival, mark=mark))
        return ("PASS" if verdict == "BACK" else verdict), after

    def has_marks(self, ipv4: bool) -> bool:
        """Whether packets of a family take the detour."""
        family = Family.IPV4 if ipv4 else Family.IPV6
        return any(key.fwmark and key.family is family for key in self.services)

    def expected_frame(self, packet: Packet, outcome: Outcome, after: bytes) -> bytes:
        """The frame that the model's outcome means; what a director may choose is taken from the frame that left."""
        if outcome.verdict is Verdict.FORWARD:
            if outcome.tunnel is not None and outcome.server is not None:
                inner, source = replace(packet, ttl=packet.ttl - 1).ip(), OWN[len(outcome.server)]
                return tunnelled(inner, outcome.tunnel, source, outcome.server, TO_SERVER, Free.of(after))
            to = outcome.destination, outcome.destination_port
            way = TO_CLIENT if outcome.method is ForwardingMethod.BYPASS else TO_SERVER
            if outcome.tells:
                packet = replace(packet, tcp_options=option(packet.source))
            return packet.sent(source=(outcome.source, outcome.source_port), destination=to, macs=way).frame()
        if outcome.verdict is Verdict.REPLY:
            back = outcome.source, outcome.source_port
            to = outcome.destination, outcome.destination_port
            return packet.sent(source=back, destination=to, macs=TO_CLIENT).frame()
        if outcome.verdict is Verdict.ANSWERED:
            return answer(packet, KINDS[outcome.reason, packet.ipv4])
        return packet.frame()

    # Comparing

    def compare_connections(self) -> None:
        """The same connections; the programs' timers began up to as many ticks later as really went by meanwhile."""
        held = self.director._held
        late = self.director.now() - held & 0xFFFFFFFF
        real, model = self._connections(), self._expected_connections()
        assert real.keys() == model.keys(), real.keys() ^ model.keys()
        words, step = self.store.array("conns").words, layout.CONN_SIZE >> 2
        for seen, entries in real.items():
            assert len(entries) == len(model[seen]), seen
            for (expires, number), expected in zip(sorted(entries), sorted(model[seen]), strict=True):
                left = expires - expected
                assert 0 <= left <= late, (seen, left, late)
                words[number * step + 10] = held + expected & 0xFFFFFFFF

    def _expected_connections(self) -> dict[Seen, list[int]]:
        """Ticks to expiry by connection. Outdated templates may look alike."""
        found: dict[Seen, list[int]] = {}
        for one in self.model.connections():
            control = ((one.control.client, 0), one.control.virtual) if one.control else None
            seen = Seen(one.protocol, one.client, one.virtual, one.server, one.state, control=control, local=one.local)
            found.setdefault(seen, []).append(one.expires - self.model.now)
        for each in self.model.templates():
            timeout = each.timeout // self.second
            protocol = each.protocol | layout.PROTOCOL_TEMPLATE
            seen = Seen(
                protocol, (each.client, 0), each.virtual, each.server, each.state, timeout, each.connections, None
            )
            found.setdefault(seen, []).append(each.expires - self.model.now)
        return found

    def _connections(self) -> dict[Seen, list[tuple[int, int]]]:
        """Ticks to expiry and number by connection, of those that look-ups find, and of templates."""
        memory = self.store.array("conns").memory
        found: dict[Seen, list[tuple[int, int]]] = {}
        for number in range(1, self.director.conn_high() + 1):
            base = number * layout.CONN_SIZE
            if memory[base + 45] != layout.CONN_LIVE or self._is_companion(base):
                continue
            left = int.from_bytes(memory[base + 40 : base + 44], "little") - self.director._held & 0xFFFFFFFF
            if 0 < left < 0x80000000:
                found.setdefault(self._seen(base), []).append((left, number))
        return found

    def _seen(self, base: int) -> Seen:
        memory = self.store.array("conns").memory
        client, virtual, cport, vport, dport, protocol, method, _, state, _, _, dest, control = layout.CONN.unpack_from(
            memory, base
        )
        family = Family.IPV4 if client[:12] == bytes(10) + b"\xff\xff" else Family.IPV6
        ends = (
            protocol,
            (layout.narrow(client, family), cport),
            (layout.narrow(virtual, family), vport),
            (self._address(int.from_bytes(dest, "little"), family), dport),
        )
        if protocol & layout.PROTOCOL_TEMPLATE:
            connections, timeout = struct.unpack_from("<II", memory, base + 56)
            return Seen(*ends, layout.TEMPLATE_STATES[state], timeout // self.second, connections)
        template = int.from_bytes(control, "little") * layout.CONN_SIZE
        its = self._seen(template) if template else None
        local = self._pair_of(base) if method == ForwardingMethod.FULL_NAT else None
        return Seen(*ends, layout.STATE_NAMES[state], control=its and (its.client, its.virtual), local=local)

    def _is_companion(self, base: int) -> bool:
        bits = int.from_bytes(self.store.array("conns").memory[base + 46 : base + 48], "little")
        return bool(bits & layout.CONN_COMPANION)

    def _pair_of(self, base: int) -> End:
        """Full NAT's local end of a connection: the client's of its companion."""
        memory = self.store.array("conns").memory
        companion = int.from_bytes(memory[base + 60 : base + 64], "little") * layout.CONN_SIZE
        assert self._is_companion(companion)
        client, _, cport, *_ = layout.CONN.unpack_from(memory, companion)
        return layout.narrow(client, Family.IPV4 if client[:12] == bytes(10) + b"\xff\xff" else Family.IPV6), cport

    def _local_of(self, connection: Connection) -> End | None:
        """The pair that the programs gave a connection which the model is about to begin; None: it has none."""
        wanted = Seen(connection.protocol, connection.client, connection.virtual, connection.server, "")
        found = {
            seen.local
            for seen in self._connections()
            if seen[:4] == wanted[:4] and seen.local and self.model.is_free(connection, seen.local)
        }
        assert len(found) <= 1, found
        return found.pop() if found else None

    def _address(self, dest: int, family: Family) -> bytes:
        """Address of a destination, of its own family; of nobody, which bypasses have, in that of the connection."""
        memory, base = self.store.dests.memory, dest * layout.DEST_SIZE
        own = Family(memory[base + layout.DEST_FAMILY]) if dest else family
        return layout.narrow(memory[base : base + 16], own)

    def compare_counts(self) -> None:
        """The same destinations in the same order, with the same connections, full or not."""
        for key in self.services:
            number = self.store.find_service(pack_service_key(key))
            real = []
            for dest in self.store.listed(number):
                base = dest * layout.DEST_SIZE
                memory = self.store.dests.memory
                active, inactive, persistent, overloaded = layout.COUNTS.unpack_from(memory, base + layout.DEST_COUNTS)
                address = self._address(dest, key.family)
                real.append((address, active, inactive, persistent, bool(overloaded)))
            model = [
                (one.configured.key.address, one.active, one.inactive, one.persistent, one.overloaded)
                for one in self.model.destinations(key)
            ]
            assert real == model


def from_server(packet_source: End, client: End, **fields: Any) -> Packet:
    """A packet of a destination to a client."""
    return Packet(packet_source, client, macs=FROM_SERVER, **fields)
