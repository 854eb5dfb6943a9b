# SPDX-License-Identifier: Apache-2.0
"""What random tables and packets for `xlvs explain` are made of: no model has to follow, so anything goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hypothesis import strategies as st

from tests.progrun.packets import MORE_FRAGMENTS, SCTP, UDP, End, Packet, end
from tests.progrun.test_reference import CHUNKS, METHODS, NETMASKS, PERSISTENCE, SERVICES, often, tagged
from tests.progrun.tunnel import TUNNELS
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.model.address import Family, family_of
from xlvs.model.destination import PLAIN_TUNNEL, Destination, DestinationKey, ForwardingMethod
from xlvs.model.policy import ON_QUIESCED, ON_REMOVED, ServicePolicy
from xlvs.model.service import Protocol, ServiceKey, VirtualService
from xlvs.schedulers import registry

CALLS = [b"X\r\nCall-ID: one@host\r\n", b"X\r\ni: two\r\n", b"X\r\nVia: none\r\n"]
# Servers: behind the router; with a narrow way, an unknown neighbour, no route; the director itself.
PLACES4 = [f"10.2.{number}.100" for number in (1, 2, 3, 4, 5, 6)] + [
    "10.2.200.9",
    "10.2.201.9",
    "10.2.202.9",
    "10.2.0.1",
]
PLACES6 = [f"2001:db8:2:{number}::100" for number in (1, 2, 3, 4, 5, 6)]
PLACES6 += ["2001:db8:2:200::9", "2001:db8:2::abc", "2001:db8:2:202::9", "2001:db8:2::1"]
SPAN: Final = 24  # servers of a long list: more than a scheduler walks over
SYSCTLS = [
    *("expire_nodest_conn", "expire_quiescent_template", "sloppy_tcp", "sloppy_sctp", "cache_bypass", "nat_icmp_send"),
    *("schedule_icmp", "snat_reroute", "pmtu_disc", "ignore_tunneled", "conntrack"),
]
LEVELS = ["conn_reuse_mode", "secure_tcp", "drop_packet", "drop_entry", "am_droprate"]
OPTIONS4 = bytes((148, 4, 0, 0))  # router alert
HOP_BY_HOP, ROUTING, DESTINATION, FRAGMENT = 0, 43, 60, 44
OPTIONS6 = bytes((0, 1, 4, 0, 0, 0, 0))  # padding, after the next-header byte
SHAPES = ("options", "options", "long", "long may split", "first", "later", "unsummed", "tos")


def address(text: str) -> bytes:
    """An address, packed."""
    return end(f"[{text}]:0" if ":" in text else f"{text}:0")[0]


@dataclass(frozen=True)
class Server:
    """A destination of whichever service; `copies` more beside it make a long list."""

    place: int
    port: int
    weight: int
    thresholds: tuple[int, int]
    method: ForwardingMethod
    tunnel: str
    mixed: bool
    copies: int

    def of(self, service: ServiceKey) -> list[Destination]:
        """The destinations of a service."""
        tunnels = self.method is ForwardingMethod.TUNNEL
        ipv4 = (service.family is Family.IPV4) is not (tunnels and self.mixed)
        first = address((PLACES4 if ipv4 else PLACES6)[self.place])
        addresses = [first, *(first[:-1] + bytes((150 + number,)) for number in range(self.copies))]
        port = 0 if service.fwmark and self.port == 0 else (80, 8080)[self.port]
        tunnel = TUNNELS[self.tunnel] if tunnels else PLAIN_TUNNEL
        keys = [DestinationKey(family_of(each), each, port) for each in addresses]
        return [Destination(key, self.method, self.weight, *self.thresholds, tunnel) for key in keys]


@dataclass(frozen=True)
class Kind:
    """How a service schedules; what it cannot have is left out."""

    scheduler: str
    flags: int
    persistence_s: int
    netmask: tuple[int, int]
    one_packet: bool
    sip: bool
    pool: bool

    def of(self, key: ServiceKey) -> VirtualService:
        """The service."""
        udp = key.protocol in (Protocol.UDP, Protocol.IP)
        sip = self.sip and key.protocol is Protocol.UDP and self.persistence_s > 0
        return VirtualService(
            key,
            self.scheduler,
            self.flags if self.scheduler in ("sh", "mh") else 0,
            self.persistence_s,
            self.netmask[0] if key.family is Family.IPV4 else self.netmask[1],
            "sip" if sip else "",
            one_packet=self.one_packet and udp,
        )


@dataclass(frozen=True)
class Content:
    """What a packet says, whatever its protocol, and its form. `spoil` is (place, value) of a byte that is wrong."""

    flags: int
    chunks: bytes
    call: int
    shape: str
    extension: int
    ttl: int
    spoil: tuple[int, int] | None

    def frame(self, source: End, destination: End, protocol: int, macs: bytes) -> bytes:
        """The frame from end to end."""
        data = self.chunks if protocol == SCTP else CALLS[self.call] if protocol == UDP else b"q" * (source[1] & 3)
        packet = self._shaped(Packet(source, destination, protocol, self.flags, self.ttl, data, macs=macs))
        whole = packet.frame()
        if self.spoil is not None:
            place, value = 12 + self.spoil[0] % (len(whole) - 12), self.spoil[1]
            whole = whole[:place] + bytes((value,)) + whole[place + 1 :]
        return whole

    def _shaped(self, packet: Packet) -> Packet:
        long = packet.data if packet.protocol == SCTP else b"l" * 1100
        if self.shape == "options":
            return replace(packet, options=OPTIONS4, extensions=((self.extension, OPTIONS6),))
        if self.shape == "long":
            return replace(packet, data=packet.data + long)
        if self.shape == "long may split":
            return replace(packet, data=packet.data + long, bits=0)
        if self.shape in ("first", "later"):
            start = 0 if self.shape == "first" else 512
            bits = (start >> 3) | (MORE_FRAGMENTS if not start else 0)
            extension = (FRAGMENT, b"\0" + (start | (not start)).to_bytes(2, "big") + bytes(4))
            return replace(
                packet, data=long, bits=bits, extensions=(extension,), cut=(start, 512 if not start else 2000)
            )
        if self.shape == "unsummed":
            return replace(packet, summed=False)
        return replace(packet, tos=0x28) if self.shape == "tos" else packet


flags = often(
    (12, st.just(SYN)), (6, st.sampled_from([ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, FIN])), (1, st.integers(0, 63))
)
contents = st.builds(
    Content,
    flags,
    st.sampled_from(CHUNKS),
    st.integers(0, len(CALLS) - 1),
    often((8, st.just("plain")), (3, st.sampled_from(SHAPES))),
    st.sampled_from([HOP_BY_HOP, ROUTING, DESTINATION]),
    often((10, st.just(64)), (1, st.sampled_from([255, 2, 1, 0]))),
    often((14, st.none()), (1, st.tuples(st.integers(0, 80), st.integers(0, 255)))),
)
servers = st.builds(
    Server,
    often((5, st.integers(0, 5)), (1, st.integers(6, 9))),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([1, 1, 1, 0, 2, 3, 5]),
    st.sampled_from([(0, 0), (0, 0), (0, 0), (1, 0), (2, 1), (3, 2)]),
    st.sampled_from([*METHODS, ForwardingMethod.MASQUERADE]),
    st.sampled_from(list(TUNNELS)),
    st.booleans(),
    often((9, st.just(0)), (1, st.just(SPAN))),
)
usable = st.builds(replace, servers, weight=st.just(1), thresholds=st.just((0, 0)), place=st.integers(0, 5))
some_servers = st.builds(lambda first, others: [first, *others], usable, st.lists(servers, max_size=4))
kinds = st.builds(
    Kind,
    st.sampled_from([row.name for row in registry.SCHEDULERS]),
    st.sampled_from([0, 8, 16, 24]),
    st.sampled_from(PERSISTENCE),
    st.sampled_from(NETMASKS),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
policies = st.builds(
    ServicePolicy, *[st.integers(0, 400)] * 3, st.sampled_from(ON_REMOVED), st.sampled_from(ON_QUIESCED)
)
some = st.integers(0, 50)
hooks = st.sampled_from(["tc", "tc", "xdp", "xdp", "xdp", "egress"])
sides = st.sampled_from(["tc", "xdp"])
marks = st.sampled_from([0, 7, 7, 8, 9])
numbers = st.integers(0, len(SERVICES) - 1)
requests = tagged("request", some, some, contents, marks, hooks)
going_on = st.builds(replace, contents, flags=st.sampled_from([ACK, ACK, ACK, FIN | ACK, RST, SYN, SYN | ACK]))
follows = tagged("follow", some, going_on, marks, hooks)
answers = tagged("answer", some, going_on, sides)
errors = tagged("error", some, st.integers(0, 5), st.booleans(), contents, sides)
strays = tagged("stray", st.integers(0, 9), some, contents, sides)
switches = tagged("switch", st.sampled_from(SYSCTLS), st.integers(0, 1))
edits = often(
    (3, tagged("add", numbers, servers)),
    (3, tagged("edit", some, servers)),
    (4, tagged("delete", some)),
    (1, tagged("service", numbers, kinds)),
    (1, tagged("drop", numbers)),
    (3, switches),
    (2, tagged("switch", st.sampled_from(LEVELS), st.integers(0, 3))),
    (1, tagged("policy", numbers, policies)),
    (1, st.sampled_from([("finish",), ("cut",)])),
)
waits = tagged("wait", st.sampled_from([1, 3, 9, 30, 61, 121, 301, 901]))
steps = often((8, requests), (5, follows), (6, answers), (3, errors), (1, strays), (1, waits), (4, edits))
setups = st.lists(
    st.tuples(numbers, kinds, often((6, some_servers), (1, st.just([])))),
    min_size=2,
    max_size=5,
    unique_by=lambda setup: setup[0],
)
scripts = st.lists(steps, min_size=15, max_size=30)
