# SPDX-License-Identifier: Apache-2.0
"""The programs and the reference model side by side: everything is done to both, and they must not differ."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from tests.progrun.director import FROM_SERVER, INNER, OUTER, TO_CLIENT, TO_SERVER, Director
from tests.progrun.icmp import answer
from tests.progrun.packets import End, Packet
from tests.reference import Director as Reference
from tests.reference import Outcome, Reason, Verdict
from xlvs.ipvs import layout, sysctls
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.address import Family
from xlvs.model.errors import TableError
from xlvs.model.service import Protocol, ServiceKey, VirtualService
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.model.destination import Destination

# Verdicts of the model, and the programs' that mean the same. More ICMP errors than a second allows are dropped.
SAME = {
    Verdict.PASS: {"PASS", "STACK"},
    Verdict.FORWARD: {"FORWARD"},
    Verdict.REPLY: {"REPLY"},
    Verdict.ANSWERED: {"ANSWERED", "DROP_ICMP_LIMIT"},
    Verdict.DROP_DESTINATION_GONE: {"DROP_DESTINATION_GONE"},
    Verdict.DROP_TABLE_FULL: {"DROP_TABLE_FULL"},
}
# ICMP type and code by reason and family.
KINDS = {
    (Reason.NO_DESTINATION, True): (3, 3),
    (Reason.NO_DESTINATION, False): (1, 4),
    (Reason.TTL_EXCEEDED, True): (11, 0),
    (Reason.TTL_EXCEEDED, False): (3, 0),
}
DEFAULTS = {"conn_reuse_mode": 1, "expire_nodest_conn": 0, "expire_quiescent_template": 0, "sloppy_tcp": 0}


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


class Pair:
    """A director without services or connections, and a model of it."""

    def __init__(self, director: Director) -> None:
        director.clear()
        self.director = director
        self.store = director.store
        self.second = director.ticks_per_second
        self.model = Reference(0, ticks_per_second=self.second)
        self.services: dict[ServiceKey, VirtualService] = {}
        self.set_timeouts(Timeouts())
        for name, value in DEFAULTS.items():
            self.set(name, value)

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

    def set(self, name: str, value: int) -> None:
        """A switch below net.ipv4.vs."""
        sysctls.write(self.store, name, str(value))
        setattr(self.model.settings, name, value)

    # Time and packets

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.director.pass_time(seconds * self.second)
        self.model.advance(self.model.now + seconds * self.second)
        self.compare_connections()
        self.compare_counts()

    def send(self, packet: Packet, *, from_server: bool, xdp_first: bool) -> Outcome:
        """Give both a packet; what XDP hands up must be as it was, and goes to tc."""
        self.director.hold()
        arrival = INNER if from_server else OUTER
        frame = packet.frame()
        expected = self.model.packet(
            packet.source,
            packet.destination,
            Protocol(packet.protocol),
            packet.flags if packet.protocol == Protocol.TCP else 0,
            now=self.model.now,
            ttl=packet.ttl,
            length=len(frame) - 14,
        )
        verdict, after = "HAND_UP", frame
        if xdp_first:
            verdict, _, after = self.director.xdp(frame, arrival)
            if verdict in ("HAND_UP", "PASS", "STACK"):
                assert after == frame
                verdict = "HAND_UP"
        if verdict == "HAND_UP":
            verdict, _, after = self.director.tc(frame, arrival)
        assert verdict in SAME[expected.verdict], (verdict, expected)
        if verdict != "DROP_ICMP_LIMIT":
            assert after.hex() == self.expected_frame(packet, expected).hex(), expected
        self.compare_connections()
        self.compare_counts()
        return expected

    def expected_frame(self, packet: Packet, outcome: Outcome) -> bytes:
        """The frame that the model's outcome means."""
        if outcome.verdict is Verdict.FORWARD:
            end = outcome.destination, outcome.destination_port
            return packet.sent(destination=end, macs=TO_SERVER).frame()
        if outcome.verdict is Verdict.REPLY:
            end = outcome.source, outcome.source_port
            return packet.sent(source=end, macs=TO_CLIENT).frame()
        if outcome.verdict is Verdict.ANSWERED:
            return answer(packet, KINDS[outcome.reason, packet.ipv4])
        return packet.frame()

    # Comparing

    def compare_connections(self) -> None:
        """The same connections; the programs' timers began up to as many ticks later as really went by meanwhile."""
        held = self.director._held
        late = self.director.now() - held & 0xFFFFFFFF
        real, model = self._connections(), self._expected_connections()
        assert real.keys() == model.keys()
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
            seen = Seen(one.protocol, one.client, one.virtual, one.server, one.state, control=control)
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
            if memory[base + 45] != layout.CONN_LIVE:
                continue
            left = int.from_bytes(memory[base + 40 : base + 44], "little") - self.director._held & 0xFFFFFFFF
            if 0 < left < 0x80000000:
                found.setdefault(self._seen(base), []).append((left, number))
        return found

    def _seen(self, base: int) -> Seen:
        memory = self.store.array("conns").memory
        client, virtual, cport, vport, dport, protocol, _, _, state, _, _, dest, control = layout.CONN.unpack_from(
            memory, base
        )
        family = Family.IPV4 if client[:12] == bytes(10) + b"\xff\xff" else Family.IPV6
        place = int.from_bytes(dest, "little") * layout.DEST_SIZE
        ends = (
            protocol,
            (layout.narrow(client, family), cport),
            (layout.narrow(virtual, family), vport),
            (layout.narrow(self.store.dests.memory[place : place + 16], family), dport),
        )
        if protocol & layout.PROTOCOL_TEMPLATE:
            connections, timeout = struct.unpack_from("<II", memory, base + 56)
            return Seen(*ends, layout.TEMPLATE_STATES[state], timeout // self.second, connections)
        template = int.from_bytes(control, "little") * layout.CONN_SIZE
        its = self._seen(template) if template else None
        return Seen(*ends, layout.STATE_NAMES[state], control=its and (its.client, its.virtual))

    def compare_counts(self) -> None:
        """The same destinations in the same order, with the same connections, full or not."""
        for key in self.services:
            number = self.store.find_service(pack_service_key(key))
            real = []
            for dest in self.store.listed(number):
                base = dest * layout.DEST_SIZE
                memory = self.store.dests.memory
                active, inactive, persistent, overloaded = layout.COUNTS.unpack_from(memory, base + layout.DEST_COUNTS)
                address = layout.narrow(memory[base : base + 16], key.family)
                real.append((address, active, inactive, persistent, bool(overloaded)))
            model = [
                (one.configured.key.address, one.active, one.inactive, one.persistent, one.overloaded)
                for one in self.model.destinations(key)
            ]
            assert real == model


def from_server(packet_source: End, client: End, **fields: object) -> Packet:
    """A packet of a destination to a client."""
    return Packet(packet_source, client, macs=FROM_SERVER, **fields)  # type: ignore[arg-type]
