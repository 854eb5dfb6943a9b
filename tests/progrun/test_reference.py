# SPDX-License-Identifier: Apache-2.0
"""Random tables and random traffic through the programs and the reference model: any difference is a bug in one of them.

`--hypothesis-profile long` looks for longer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.progrun.director import FROM_SERVER
from tests.progrun.packets import SCTP, TCP, UDP, End, Packet, end
from tests.progrun.pair import Pair
from tests.progrun.rules import service_key
from tests.progrun.tunnel import TUNNELS
from tests.reference import Verdict
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.ipvs import detour, layout
from xlvs.model.address import Family, family_of
from xlvs.model.destination import PLAIN_TUNNEL, Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService, mark_service_key
from xlvs.model.settings import Timeouts
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from xlvs.ipvs.store import Store

# Services share destinations, clients share ports: what can collide, does.
ADDRESSED = [
    (TCP, end("10.0.0.1:80")),
    (TCP, end("10.0.0.2:80")),
    (UDP, end("10.0.0.1:53")),
    (TCP, end("[2001:db8::1]:80")),
    (UDP, end("[2001:db8::1]:53")),
    (TCP, end("10.0.0.1:0")),
    (TCP, end("10.0.0.1:21")),
    (UDP, end("10.0.0.1:0")),
    (SCTP, end("10.0.0.1:80")),
    (SCTP, end("[2001:db8::1]:80")),
    (SCTP, end("10.0.0.1:0")),
]
MARKS = [(7, Family.IPV4), (7, Family.IPV6), (8, Family.IPV4)]
SERVICES = [
    *(service_key(virtual, protocol) for protocol, virtual in ADDRESSED),
    *(mark_service_key(*m) for m in MARKS),
]
# Where clients send to: the services, further ports of their addresses, and an address that no service has.
TARGETS = [service for service in ADDRESSED if service[1][1]] + [
    (TCP, end("10.0.0.1:81")),
    (TCP, end("10.0.0.1:20")),
    (TCP, end("10.0.0.1:5000")),
    (UDP, end("10.0.0.1:54")),
    (SCTP, end("10.0.0.1:81")),
    (TCP, end("10.0.0.3:80")),
    (UDP, end("10.0.0.3:0")),
    (TCP, end("[2001:db8::3]:80")),
]
# Persistence: seconds, and how much of a client's address counts in IPv4 and IPv6.
PERSISTENCE = [0, 0, 0, 5, 60, 120, 300]
NETMASKS = [(0xFFFFFFFF, 128), (0xFFFF0000, 32), (0x000000FF, 33), (0, 1)]
ADDRESSES4 = [end(f"10.2.{number}.100:0")[0] for number in range(1, 7)]
ADDRESSES6 = [end(f"[2001:db8:2:{number}::100]:0")[0] for number in range(1, 7)]
PORTS = [80, 8080]
CLIENTS4 = [end("10.1.8.5:0")[0], end("10.1.9.77:0")[0]]
CLIENTS6 = [end("[2001:db8:8::5]:0")[0], end("[2001:db8:9::77]:0")[0]]
CLIENT_PORTS = [1000, 1001, 20]
METHODS = [
    ForwardingMethod.MASQUERADE,
    ForwardingMethod.DIRECT_ROUTE,
    ForwardingMethod.TUNNEL,
    ForwardingMethod.FULL_NAT,
]
# All but twos, which chooses by chance.
SCHEDULERS = [row.name for row in registry.SCHEDULERS if row.name != "twos"]
# On either side of every timeout, and of their sums.
WAITS = [1, 2, 3, 4, 5, 6, 9, 10, 11, 30, 59, 60, 61, 62, 119, 120, 121, 150, 299, 300, 301, 899, 900, 901, 1799, 1801]

T = TypeVar("T")


def often(*weighted: tuple[int, st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """One of the strategies, each as often as its weight says: `one_of` takes one that is named twice as one."""
    return st.sampled_from([one for weight, one in weighted for _ in range(weight)]).flatmap(lambda chosen: chosen)


services = often((2, st.integers(0, len(ADDRESSED) - 1)), (1, st.integers(len(ADDRESSED), len(SERVICES) - 1)))
places = st.integers(0, 5)
weights = st.sampled_from([1, 1, 1, 0, 2, 3, 4, 5])
some_weight = st.integers(1, 5)
thresholds = st.sampled_from([(0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (2, 1), (3, 2), (4, 0)])
flags = st.one_of(
    st.sampled_from([SYN, SYN, SYN, ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, FIN]),
    st.integers(0, 63),
)
# SCTP: what opens and closes an association, anything; cut short, or with an ABORT behind.
CHUNKS = [bytes((kind, 0, 0, 4)) for kind in (1, 1, 1, 2, 10, 11, 0, 7, 8, 14, 6, 9)]
ABORTED = bytes((6, 0, 0, 4))
chunks = st.one_of(
    st.sampled_from(CHUNKS),
    st.sampled_from(CHUNKS),
    st.builds(lambda kind: bytes((kind, 0, 0, 4)), st.integers(0, 255)),
    st.builds(lambda first, length: (first + ABORTED)[:length], st.sampled_from(CHUNKS), st.integers(0, 8)),
    st.builds(lambda first: bytes((first[0], 0, 0, 6, 1, 2, 0, 0)) + ABORTED, st.sampled_from(CHUNKS)),
)
marks = st.sampled_from([0, 7, 7, 7, 8, 9])
ttls = st.sampled_from([*[64] * 12, 255, 2, 1, 0])
paths = st.booleans()


@dataclass(frozen=True)
class Content:
    """What a packet says to its protocol, whichever that will be."""

    flags: int
    chunks: bytes

    def packet(self, source: End, destination: End, protocol: int, **fields: Any) -> Packet:
        """A packet from end to end."""
        data = self.chunks if protocol == SCTP else b"q" * (source[1] & 3)
        return Packet(source, destination, protocol, self.flags, data=data, **fields)


OPENING = Content(SYN, CHUNKS[0])


@dataclass(frozen=True)
class Server:
    """Which destination of a service, and how it is configured; of the other family only behind a tunnel."""

    place: int
    port: int
    weight: int
    thresholds: tuple[int, int]
    method: ForwardingMethod
    tunnel: str
    mixed: bool

    def of(self, service: ServiceKey) -> Destination:
        """The destination of a service."""
        tunnels = self.method is ForwardingMethod.TUNNEL
        ipv4 = (service.family is Family.IPV4) is not (tunnels and self.mixed)
        address = (ADDRESSES4 if ipv4 else ADDRESSES6)[self.place]
        port = 0 if service.fwmark and self.port == 0 else PORTS[self.port]
        tunnel = TUNNELS[self.tunnel] if tunnels else PLAIN_TUNNEL
        key = DestinationKey(family_of(address), address, port)
        return Destination(key, self.method, self.weight, *self.thresholds, tunnel)


@dataclass(frozen=True)
class Kind:
    """How a service schedules; flags and one-packet scheduling only where they may be."""

    scheduler: str
    flags: int
    persistence_s: int
    netmask: tuple[int, int]
    one_packet: bool

    def of(self, key: ServiceKey) -> VirtualService:
        """The service."""
        return VirtualService(
            key,
            self.scheduler,
            self.flags if self.scheduler in ("sh", "mh") else 0,
            self.persistence_s,
            self.netmask[0] if key.family is Family.IPV4 else self.netmask[1],
            one_packet=self.one_packet and key.protocol in (Protocol.UDP, Protocol.IP),
        )


contents = st.builds(Content, flags, chunks)
methods = st.sampled_from([*METHODS, ForwardingMethod.MASQUERADE, ForwardingMethod.MASQUERADE])
servers = st.builds(
    Server,
    places,
    st.sampled_from([0, 0, 0, 1]),
    weights,
    thresholds,
    methods,
    st.sampled_from(list(TUNNELS)),
    st.booleans(),
)
kinds = st.builds(
    Kind,
    st.sampled_from(SCHEDULERS),
    st.sampled_from([0, 8, 16, 24]),
    st.sampled_from(PERSISTENCE),
    st.sampled_from(NETMASKS),
    st.booleans(),
)
# A service of the start can be used; but for one in four, so that there are those without destinations too.
usable = st.builds(replace, servers, weight=some_weight, thresholds=st.sampled_from([(0, 0), (0, 0), (4, 0)]))
lists = st.builds(lambda first, others: [*first, *others], st.lists(usable, max_size=1), st.lists(servers, max_size=5))
some_lists = st.builds(lambda first, others: [first, *others], usable, st.lists(servers, max_size=5))
setups = st.lists(
    st.tuples(services, kinds, often((3, some_lists), (1, lists))),
    min_size=1,
    max_size=4,
    unique_by=lambda setup: setup[0],
)

# The same beside a service of each protocol that can be used.
_EACH = [next(number for number, (one, _) in enumerate(ADDRESSED) if one == each) for each in (TCP, UDP, SCTP)]
covering = st.builds(
    lambda each, others: [*each, *(setup for setup in others if setup[0] not in _EACH)],
    st.tuples(*(st.tuples(st.just(number), kinds, some_lists) for number in _EACH)),
    setups,
)

clients = st.integers(0, 1)
client_ports = st.sampled_from([0, 0, 0, 0, 1, 1, 1, 2])


def tagged(name: str, *parts: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """A step: its name and its arguments."""
    return st.tuples(st.just(name), *parts)


# How well aimed (see Play.request), and at which of what there is.
aims = st.tuples(st.sampled_from([2, 2, 2, 1, 0]), st.integers(0, 50))
requests = tagged("request", aims, clients, client_ports, contents, ttls, marks, paths)
# Every second one on a connection whose destination is gone, where there is one.
follows = tagged("follow", st.integers(0, 30), st.booleans(), contents, ttls, marks, paths)
# Every second one on a connection by NAT, where there is one: only those are translated.
answers = tagged("answer", st.integers(0, 30), st.booleans(), contents, ttls, paths)
strays = tagged("stray", st.integers(0, len(ADDRESSED) - 1), places, clients, client_ports, contents, paths)
waits = tagged("wait", st.sampled_from(WAITS))
edits = often(
    (3, tagged("add", services, servers)),
    (4, tagged("edit", services, servers)),
    (3, tagged("delete", services, servers, contents)),
    (2, tagged("service", services, kinds)),
    (1, tagged("drop", services)),
    (1, tagged("switch", st.sampled_from(["expire_nodest_conn", "expire_quiescent_template"]), st.integers(0, 1))),
    (1, tagged("switch", st.sampled_from(["sloppy_tcp", "sloppy_sctp", "cache_bypass"]), st.integers(0, 1))),
    (1, tagged("switch", st.just("conn_reuse_mode"), st.integers(-1, 4))),
    (1, tagged("switch", st.sampled_from(["secure_tcp", "drop_packet"]), st.sampled_from([0, 3]))),
    (1, tagged("switch", st.just("am_droprate"), st.integers(-1, 4))),
    (1, tagged("switch", st.sampled_from(["lblc_expiration", "lblcr_expiration"]), st.sampled_from([0, 10, 60, 900]))),
    (1, tagged("timeouts", st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))),
    (1, tagged("own_timeouts", services, st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))),
    (1, tagged("finish", st.sampled_from([Protocol.TCP, Protocol.UDP, Protocol.SCTP]))),
)
steps = often((8, requests), (5, follows), (7, answers), (2, waits), (3, edits), (1, strays))
scripts = st.lists(steps, min_size=20, max_size=60)
bypasses = st.sampled_from([0, 0, 1])

Setup = list[tuple[int, Kind, list[Server]]]
Script = list[tuple[object, ...]]


# How many packets had a verdict, by protocol and by how they were sent on.
Seen = Counter[tuple[Verdict, Protocol, ForwardingMethod | None]]


class Play:
    """The steps, as what they do to a pair."""

    def __init__(self, pair: Pair, seen: Seen) -> None:
        self.pair = pair
        self.seen = seen

    def service(self, number: int, kind: Kind) -> None:
        """Add a service, or edit it."""
        service = kind.of(SERVICES[number])
        if service.key in self.pair.services:
            self.pair.update_service(service)
        else:
            self.pair.add_service(service)

    def drop(self, number: int) -> None:
        """Delete a service."""
        self.pair.delete_service(SERVICES[number])

    def add(self, number: int, server: Server) -> None:
        """Add a destination."""
        self.pair.add_destination(SERVICES[number], server.of(SERVICES[number]))

    def edit(self, number: int, server: Server) -> None:
        """Edit a destination, one that exists where its place says one."""
        key, configured = self.existing(number, server)
        self.pair.update_destination(key, configured)

    def delete(self, number: int, server: Server, content: Content) -> None:
        """Delete a destination, one with connections where there is one, and go on with one of those."""
        live = {id(one.destination) for one in self.pair.model.connections()}
        busy = [
            (key, one.configured)
            for key in self.pair.services
            for one in self.pair.model.destinations(key)
            if id(one) in live
        ]
        key, configured = busy[number % len(busy)] if busy and server.place else self.existing(number, server)
        self.pair.delete_destination(key, configured)
        if any(not one.destination.available for one in self.pair.model.connections()):
            self.follow(number, orphans=True, content=content, ttl=64, mark=0, xdp=bool(number & 1))

    def existing(self, number: int, server: Server) -> tuple[ServiceKey, Destination]:
        """A service and what is to be configured: of a destination that exists, but for one place in six."""
        found = [(key, one.configured.key) for key in self.pair.services for one in self.pair.model.destinations(key)]
        if not found or server.place == len(ADDRESSES4) - 1:
            return SERVICES[number], server.of(SERVICES[number])
        key, at = found[(number * 6 + server.place) % len(found)]
        configured = server.of(key)
        possible = configured.forwarding is ForwardingMethod.TUNNEL or at.family is key.family
        return key, configured._replace(key=at) if possible else configured

    def switch(self, name: str, value: int) -> None:
        """Change a setting."""
        self.pair.set(name, value)

    def timeouts(self, tcp: int, fin: int, udp: int) -> None:
        """Change timeouts, 0 to 400 seconds; running timers stay."""
        self.pair.set_timeouts(Timeouts(tcp * 20, fin * 20, udp * 20))

    def own_timeouts(self, number: int, tcp: int, fin: int, udp: int) -> None:
        """Change a service's own, 0 to 400 seconds."""
        self.pair.set_own_timeouts(SERVICES[number], Timeouts(tcp * 20, fin * 20, udp * 20))

    def finish(self, protocol: Protocol) -> None:
        """End the connections of a protocol."""
        self.pair.finish(protocol)

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.pair.wait(seconds)

    def client(self, ipv4: bool, which: int, port: int) -> End:
        """One of the clients' ends."""
        return (CLIENTS4 if ipv4 else CLIENTS6)[which], CLIENT_PORTS[port]

    def usable(self) -> list[ServiceKey]:
        """Services that would send a new connection somewhere; all but those by mark only with their own port."""
        found = []
        for key, service in self.pair.services.items():
            can = any(each.usable for each in self.pair.model.destinations(key))
            if key.fwmark:
                can = can or bool(self.pair.model.settings.cache_bypass)
            if can and (key.fwmark or key.port or service.is_persistent):
                found.append(key)
        return found

    def aimed(self, number: int) -> tuple[tuple[int, End], int] | None:
        """A target and a mark that lead to one of the usable services; None where there is none."""
        keys = self.usable()
        if not keys:
            return None
        number, which = divmod(number, len(keys))
        key = keys[which]
        targets = [one for one in TARGETS if leads_to(one, key)]
        return targets[number % len(targets)], key.fwmark

    def request(
        self, aim: tuple[int, int], who: int, port: int, content: Content, ttl: int, mark: int, xdp: bool
    ) -> None:
        """A packet of a client: aimed at what can be used, or not; of an aim above 1 it opens what is not open yet.

        The host's stack takes none with its last hop to the mark device.
        """
        how, number = aim
        (protocol, virtual), mark = (self.aimed(number) if how else None) or (TARGETS[number % len(TARGETS)], mark)
        ipv4 = len(virtual[0]) == 4
        if self.pair.has_marks(ipv4):
            ttl = max(ttl, 2)
        client = self.client(ipv4, who, port)
        known = {(one.protocol, one.client, one.virtual) for one in self.pair.model.connections()}
        if how > 1 and (protocol, client, virtual) not in known:
            content = OPENING
        self.send(content.packet(client, virtual, protocol, ttl=ttl), from_server=False, xdp=xdp, mark=mark)

    def follow(self, which: int, orphans: bool, content: Content, ttl: int, mark: int, xdp: bool) -> None:
        """A further packet of the client on one of the connections."""
        connections = list(self.pair.model.connections())
        if orphans:
            connections = [one for one in connections if not one.destination.available] or connections
        if not connections:
            return
        one = connections[which % len(connections)]
        ttl = max(ttl, 2) if self.pair.has_marks(len(one.client[0]) == 4) else ttl
        packet = content.packet(one.client, one.virtual, one.protocol, ttl=ttl)
        self.send(packet, from_server=False, xdp=xdp, mark=mark)

    def answer(self, which: int, translated: bool, content: Content, ttl: int, xdp: bool) -> None:
        """A packet of a destination on one of the connections, in its own name or in the virtual address's."""
        connections = list(self.pair.model.connections())
        if translated:
            connections = [one for one in connections if one.translates] or connections
        if not connections:
            return
        one = connections[which % len(connections)]
        source = one.server if one.translates else one.virtual
        packet = content.packet(source, one.local or one.client, one.protocol, ttl=ttl, macs=FROM_SERVER)
        self.send(packet, from_server=True, xdp=xdp)

    def stray(self, number: int, place: int, who: int, port: int, content: Content, xdp: bool) -> None:
        """A packet of a destination to a client, whether there is a connection or not."""
        protocol, virtual = ADDRESSED[number]
        ipv4 = len(virtual[0]) == 4
        source = (ADDRESSES4 if ipv4 else ADDRESSES6)[place], PORTS[0]
        packet = content.packet(source, self.client(ipv4, who, port), protocol, macs=FROM_SERVER)
        self.send(packet, from_server=True, xdp=xdp)

    def send(self, packet: Packet, *, from_server: bool, xdp: bool, mark: int = 0) -> None:
        """Give both a packet, and count what becomes of it."""
        outcome = self.pair.send(packet, from_server=from_server, xdp_first=xdp, mark=mark)
        self.seen[outcome.verdict, Protocol(packet.protocol), outcome.method] += 1


def leads_to(target: tuple[int, End], key: ServiceKey) -> bool:
    """Whether packets to a target can belong to a service, with its mark if it has one."""
    protocol, (address, port) = target
    if key.fwmark:
        return family_of(address) is key.family
    return (protocol, address) == (key.protocol, key.address) and key.port in (0, port)


@pytest.fixture(scope="module")
def prepared(loaded: Director) -> Iterator[Director]:
    """A director whose mark device stays, needed or not: to make it takes longer than a whole script does."""
    loaded.tables.add_service(VirtualService(SERVICES[-1]))
    device = loaded.store.setting(layout.SETTINGS_MARK_DEVICE)

    def sync(store: Store, adding: bytes | None = None) -> None:
        want = {family: bool(detour.wanted(store, family, adding)) for family in detour.FAMILIES}
        store.set_setting(layout.SETTINGS_MARK_DEVICE, device * any(want.values()))
        for family, needed in want.items():
            store.set_setting(layout.SETTINGS_MARKS[family], int(needed))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detour, "sync", sync)
        yield loaded


def share(seen: Seen, *values: object) -> float:
    """The share of the packets that have all the values, in percent."""
    return 100 * sum(number for key, number in seen.items() if set(values) <= set(key)) / seen.total()


def play(pair: Pair, seen: Seen, setup: Setup, bypass: int, script: Script) -> None:
    """Build the tables of a setup, then do the steps of a script; packets are added to what was seen."""
    play = Play(pair, seen)
    play.switch("cache_bypass", bypass)
    for number, kind, list_of_servers in setup:
        play.service(number, kind)
        for server in list_of_servers if not bypass or number < len(ADDRESSED) else ():
            play.add(number, server)
    for name, *arguments in script:
        getattr(play, str(name))(*arguments)


def test_programs_do_what_the_reference_does(prepared: Director) -> None:
    """Verdict, rewritten packet, connection table, counts and choices, after each step of scripts new in each run."""

    @settings(max_examples=4 * settings().max_examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(setup=setups, bypass=bypasses, script=scripts)
    def differ(setup: Setup, bypass: int, script: Script) -> None:
        play(Pair(prepared), Counter(), setup, bypass, script)

    differ()


def test_scripts_reach_every_outcome(prepared: Director) -> None:
    """Enough packets of every verdict, method and protocol: in scripts that are the same in each run, not by luck."""
    seen: Seen = Counter()

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(setup=covering, bypass=bypasses, script=scripts)
    def differ(setup: Setup, bypass: int, script: Script) -> None:
        play(Pair(prepared), seen, setup, bypass, script)

    differ()
    assert share(seen, Verdict.FORWARD) > 30, seen
    assert share(seen, Verdict.REPLY) > 8, seen
    assert share(seen, Verdict.ANSWERED) > 0.5, seen
    assert share(seen, Verdict.DROP_DESTINATION_GONE) > 0.2, seen
    for method in (*METHODS, ForwardingMethod.BYPASS):
        assert share(seen, Verdict.FORWARD, method) > 0.5, (method, seen)
    for protocol in (Protocol.TCP, Protocol.UDP, Protocol.SCTP):
        assert share(seen, Verdict.FORWARD, protocol) > 4, (protocol, seen)
        assert share(seen, Verdict.REPLY, protocol) > 1, (protocol, seen)
