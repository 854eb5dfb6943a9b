# SPDX-License-Identifier: Apache-2.0
"""Random tables and random traffic through the programs and the reference model: any difference is a bug in one of them.

`--hypothesis-profile long` looks for longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.progrun.packets import TCP, UDP, End, Packet, end
from tests.progrun.pair import Pair, from_server
from tests.progrun.rules import destination, service_key
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.model.destination import Destination
from xlvs.model.service import Protocol, ServiceKey, VirtualService
from xlvs.model.settings import Timeouts
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from tests.progrun.director import Director

# Services share destinations, clients share ports: what can collide, does.
SERVICES = [
    (TCP, end("10.0.0.1:80")),
    (TCP, end("10.0.0.2:80")),
    (UDP, end("10.0.0.1:53")),
    (TCP, end("[2001:db8::1]:80")),
    (UDP, end("[2001:db8::1]:53")),
    (TCP, end("10.0.0.1:0")),
    (TCP, end("10.0.0.1:21")),
    (UDP, end("10.0.0.1:0")),
]
# Where clients send to: the services, and further ports of their addresses.
TARGETS = [service for service in SERVICES if service[1][1]] + [
    (TCP, end("10.0.0.1:81")),
    (TCP, end("10.0.0.1:20")),
    (TCP, end("10.0.0.1:5000")),
    (UDP, end("10.0.0.1:54")),
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
# All but twos, which chooses by chance.
SCHEDULERS = [row.name for row in registry.SCHEDULERS if row.name != "twos"]
# On either side of every timeout, and of their sums.
WAITS = [1, 2, 4, 5, 6, 9, 10, 11, 30, 59, 60, 61, 119, 120, 121, 150, 299, 300, 301, 899, 900, 901, 1799, 1801]

services = st.integers(0, len(SERVICES) - 1)
places = st.integers(0, 5)
weights = st.sampled_from([1, 1, 1, 0, 2, 3, 4, 5])
thresholds = st.sampled_from([(0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (2, 1), (3, 2), (4, 0)])
flags = st.one_of(
    st.sampled_from([SYN, SYN, SYN, ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, FIN]),
    st.integers(0, 63),
)
ttls = st.sampled_from([64, 64, 64, 64, 64, 255, 2, 1, 0])
paths = st.booleans()


@dataclass(frozen=True)
class Server:
    """Which destination of a service, and how it is configured."""

    place: int
    port: int
    weight: int
    thresholds: tuple[int, int]

    def of(self, number: int) -> Destination:
        """The destination, of the family of service `number`."""
        addresses = ADDRESSES4 if len(SERVICES[number][1][0]) == 4 else ADDRESSES6
        real = addresses[self.place], PORTS[self.port]
        return destination(real, weight=self.weight, upper=self.thresholds[0], lower=self.thresholds[1])


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
            self.netmask[0] if len(key.address) == 4 else self.netmask[1],
            one_packet=self.one_packet and key.protocol is Protocol.UDP,
        )


servers = st.builds(Server, places, st.sampled_from([0, 0, 0, 1]), weights, thresholds)
kinds = st.builds(
    Kind,
    st.sampled_from(SCHEDULERS),
    st.sampled_from([0, 8, 16, 24]),
    st.sampled_from(PERSISTENCE),
    st.sampled_from(NETMASKS),
    st.booleans(),
)
setups = st.lists(
    st.tuples(services, kinds, st.lists(servers, max_size=6)),
    min_size=1,
    max_size=4,
    unique_by=lambda setup: setup[0],
)

clients = st.integers(0, 1)
client_ports = st.sampled_from([0, 0, 0, 0, 1, 1, 1, 2])


def tagged(name: str, *parts: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """A step: its name and its arguments."""
    return st.tuples(st.just(name), *parts)


requests = tagged("request", st.integers(0, len(TARGETS) - 1), clients, client_ports, flags, ttls, paths)
answers = tagged("answer", st.integers(0, 30), flags, ttls, paths)
strays = tagged("stray", services, places, clients, client_ports, flags, paths)
waits = tagged("wait", st.sampled_from(WAITS))
edits = st.one_of(
    tagged("add", services, servers),
    tagged("edit", services, servers),
    tagged("edit", services, servers),
    tagged("delete", services, servers),
    tagged("service", services, kinds),
    tagged("drop", services),
    tagged(
        "switch",
        st.sampled_from(["expire_nodest_conn", "expire_quiescent_template", "sloppy_tcp", "conn_reuse_mode"]),
        st.integers(0, 1),
    ),
    tagged("switch", st.sampled_from(["lblc_expiration", "lblcr_expiration"]), st.sampled_from([0, 10, 60, 900])),
    tagged("timeouts", st.integers(0, 20), st.integers(0, 20), st.integers(0, 20)),
)
steps = st.one_of(requests, requests, requests, requests, answers, answers, answers, waits, edits, strays)


class Play:
    """The steps, as what they do to a pair."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair

    def key(self, number: int) -> ServiceKey:
        """Key of one of `SERVICES`."""
        protocol, virtual = SERVICES[number]
        return service_key(virtual, protocol)

    def service(self, number: int, kind: Kind) -> None:
        """Add a service, or edit it."""
        service = kind.of(self.key(number))
        if service.key in self.pair.services:
            self.pair.update_service(service)
        else:
            self.pair.add_service(service)

    def drop(self, number: int) -> None:
        """Delete a service."""
        self.pair.delete_service(self.key(number))

    def add(self, number: int, server: Server) -> None:
        """Add a destination."""
        self.pair.add_destination(self.key(number), server.of(number))

    def edit(self, number: int, server: Server) -> None:
        """Edit a destination."""
        self.pair.update_destination(self.key(number), server.of(number))

    def delete(self, number: int, server: Server) -> None:
        """Delete a destination."""
        self.pair.delete_destination(self.key(number), server.of(number))

    def switch(self, name: str, value: int) -> None:
        """Change a setting."""
        self.pair.set(name, value)

    def timeouts(self, tcp: int, fin: int, udp: int) -> None:
        """Change timeouts, 0 to 400 seconds; running timers stay."""
        self.pair.set_timeouts(Timeouts(tcp * 20, fin * 20, udp * 20))

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.pair.wait(seconds)

    def client(self, ipv4: bool, which: int, port: int) -> End:
        """One of the clients' ends."""
        return (CLIENTS4 if ipv4 else CLIENTS6)[which], CLIENT_PORTS[port]

    def request(self, number: int, who: int, port: int, bits: int, ttl: int, xdp: bool) -> None:
        """A packet of a client to a service."""
        protocol, virtual = TARGETS[number]
        client = self.client(len(virtual[0]) == 4, who, port)
        packet = Packet(client, virtual, protocol, bits, ttl, b"q" * (who + port))
        self.pair.send(packet, from_server=False, xdp_first=xdp)

    def answer(self, which: int, bits: int, ttl: int, xdp: bool) -> None:
        """A packet of a destination on one of the connections."""
        connections = list(self.pair.model.connections())
        if not connections:
            return
        one = connections[which % len(connections)]
        packet = from_server(one.server, one.client, protocol=one.protocol, flags=bits, ttl=ttl)
        self.pair.send(packet, from_server=True, xdp_first=xdp)

    def stray(self, number: int, place: int, who: int, port: int, bits: int, xdp: bool) -> None:
        """A packet of a destination to a client, whether there is a connection or not."""
        protocol, virtual = SERVICES[number]
        ipv4 = len(virtual[0]) == 4
        source = (ADDRESSES4 if ipv4 else ADDRESSES6)[place], PORTS[0]
        packet = from_server(source, self.client(ipv4, who, port), protocol=Protocol(protocol), flags=bits)
        self.pair.send(packet, from_server=True, xdp_first=xdp)


@settings(max_examples=10 * settings().max_examples, deadline=None, suppress_health_check=list(HealthCheck))
@given(setup=setups, script=st.lists(steps, min_size=5, max_size=60))
def test_programs_do_what_the_reference_does(
    loaded: Director,
    setup: list[tuple[int, Kind, list[Server]]],
    script: list[tuple[object, ...]],
) -> None:
    """Verdict, rewritten packet, connection table, counts and choices, after each step."""
    play = Play(Pair(loaded))
    for number, kind, list_of_servers in setup:
        play.service(number, kind)
        for server in list_of_servers:
            play.add(number, server)
    for name, *arguments in script:
        getattr(play, str(name))(*arguments)
