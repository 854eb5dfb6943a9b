# SPDX-License-Identifier: Apache-2.0
"""`xlvs explain` tells the truth of whatever the packet path has: beside the reference model, on packets that it has not.

All schedulers, methods and hooks, broken and cut packets, ICMP errors, ended connections, servers without a way.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from tests.progrun.director import FROM_SERVER, INNER, OUTER
from tests.progrun.icmp import about
from tests.progrun.inquiries import HOP_BY_HOP, PLACES4, PLACES6, Content, Kind, Server, address, scripts, setups
from tests.progrun.mirror import Mirror
from tests.progrun.packets import INBOUND_MACS, SCTP, End, Packet, end, framed
from tests.progrun.pair import DEFENCES, LOCALS
from tests.progrun.test_reference import (
    ADDRESSED,
    CHUNKS,
    CLIENTS4,
    CLIENTS6,
    NETMASKS,
    SERVICES,
    TARGETS,
    leads_to,
    prepared,
)
from tests.reference.tcp_states import ACK, SYN
from xlvs.explain.rows import narrow
from xlvs.ipvs import layout, local_addresses, policies, running, sysctls
from xlvs.ipvs.observed import pack_service_key
from xlvs.ipvs.selection import Act, Selection
from xlvs.ipvs.trial import Trial
from xlvs.model.address import Family
from xlvs.model.connection_filter import ConnectionFilter
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import XlvsError
from xlvs.model.local_address import LocalAddress
from xlvs.model.sysctl import SYSCTLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from xlvs.explain.rows import ConnectionRow
    from xlvs.model.destination import DestinationKey
    from xlvs.model.policy import ServicePolicy
    from xlvs.model.service import ServiceKey

__all__ = ["prepared"]  # a fixture

KINDS = {4: [(3, 1), (3, 3), (3, 4), (4, 0), (11, 0), (8, 0)], 16: [(1, 0), (1, 4), (2, 0), (3, 0), (4, 1), (128, 0)]}
ROUTERS = {4: (end("10.2.1.1:0"), end("10.1.5.5:0")), 16: (end("[2001:db8:2:1::1]:0"), end("[2001:db8:5::5]:0"))}
PORTS = 40000, 40002

Setup = list[tuple[int, Kind, list[Server]]]
Script = list[tuple[object, ...]]
PLAIN = Content(SYN, CHUNKS[0], 0, "plain", HOP_BY_HOP, 64, None)
GOES_ON = replace(PLAIN, flags=ACK)
NAT = Server(0, 0, 1, (0, 0), ForwardingMethod.MASQUERADE, "ipip", mixed=False, copies=0)
FULL_NAT = replace(NAT, method=ForwardingMethod.FULL_NAT)
NO_WAY = replace(NAT, place=PLACES4.index("10.2.202.9"))
RR = Kind("rr", 0, 0, NETMASKS[0], one_packet=False, sip=False, pool=True)
# The last one by mark.
TOUR_SETUP: Setup = [
    (0, RR, [NAT]),
    (1, RR, [NO_WAY]),
    (2, replace(RR, pool=False), [FULL_NAT]),
    (3, RR, [FULL_NAT]),
    (len(ADDRESSED) + 2, RR, [NAT]),
]
# A target that no service has, by a number that `Play.request` takes as it is.
NOBODY = next(each for each in range(0, 600, 6) if TARGETS[each % len(TARGETS)] == (SCTP, end("10.0.0.1:81")))
TOUR: Script = [
    ("request", 5, 0, PLAIN, 0, "tc"),
    ("request", 5, 2, PLAIN, 0, "xdp"),
    ("answer", 0, replace(PLAIN, flags=SYN | ACK), "tc"),
    ("follow", 0, GOES_ON, 0, "xdp"),
    ("answer", 0, GOES_ON, "xdp"),
    ("error", 0, 1, False, PLAIN, "tc"),
    ("error", 0, 1, True, PLAIN, "tc"),
    ("request", 1, 0, PLAIN, 0, "xdp"),
    ("request", 7, 0, PLAIN, 0, "tc"),
    ("request", 8, 0, PLAIN, 0, "tc"),
    ("request", 5, 4, replace(PLAIN, shape="first"), 0, "xdp"),
    ("request", 5, 4, replace(PLAIN, ttl=1), 0, "tc"),
    ("request", 5, 6, PLAIN, 0, "egress"),
    ("request", NOBODY, 0, PLAIN, 9, "tc"),
    ("request", 5, 1, PLAIN, 0, "tc"),
    ("delete", -1),
    ("follow", -1, GOES_ON, 0, "tc"),
    ("cut",),
    ("follow", 0, GOES_ON, 0, "xdp"),
]
VERDICTS = {
    *("tc forward", "tc reply", "tc answered", "tc held", "tc reply_icmp", "tc forward_icmp", "tc back"),
    *("tc drop_destination_gone", "tc drop_no_local_port", "tc unreachable", "tc reset"),
    *("xdp forward", "xdp reply", "xdp hand_up", "egress forward"),
}


@pytest.fixture(scope="module")
def trial(prepared: Director) -> Iterator[Trial]:
    """The second instance of the programs; nothing changes between the two but by the test."""
    prepared.stop_clock()
    with Trial(prepared.store) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def everything(prepared: Director) -> Iterator[Selection]:
    """All connections, to be ended: what does that is loaded once."""
    with Selection(prepared.store, ConnectionFilter(templates=True)) as found:
        yield found


class Play:
    """The steps of a script, as what they do to a mirror; what the tables refuse is left out."""

    def __init__(self, mirror: Mirror, everything: Selection) -> None:
        self.mirror = mirror
        self.everything = everything
        self.director = mirror.director
        self.store = mirror.director.store
        self.keys: list[ServiceKey] = []
        for name, setting in SYSCTLS.items():
            sysctls.write(self.store, name, " ".join(map(str, setting.default)))
        running.defend(self.store.directory)
        for view in list(local_addresses.present(self.store)):
            local_addresses.delete(self.store, view.configured.service, view.configured.address)

    def service(self, number: int, kind: Kind) -> None:
        """Add a service, or edit it."""
        key = SERVICES[number]
        with suppress(XlvsError):
            if key in self.keys:
                self.director.tables.update_service(kind.of(key))
                return
            self.director.tables.add_service(kind.of(key))
            self.keys.append(key)
            if kind.pool:
                local_addresses.add(self.store, LocalAddress(key, LOCALS[key.family], *PORTS))

    def drop(self, number: int) -> None:
        """Delete a service."""
        if SERVICES[number] in self.keys:
            self.keys.remove(SERVICES[number])
            self.director.tables.delete_service(SERVICES[number])

    def add(self, number: int, server: Server) -> None:
        """Add destinations."""
        for each in server.of(SERVICES[number]):
            with suppress(XlvsError):
                self.director.tables.add_destination(SERVICES[number], each)

    def edit(self, which: int, server: Server) -> None:
        """Edit a destination that there is."""
        for key, old in self._existing(which):
            with suppress(XlvsError):
                self.director.tables.update_destination(key, server.of(key)[0]._replace(key=old))

    def delete(self, which: int) -> None:
        """Delete a destination: one with connections, where there is one."""
        busy = {self._server(one)[0] for one in self._connection(which)}
        found = [(key, old) for key, old in self._all() if old.address in busy]
        for key, old in found or self._existing(which):
            self.director.tables.delete_destination(key, old)

    def _all(self) -> list[tuple[ServiceKey, DestinationKey]]:
        views = self.director.tables.services()
        return [(view.service.key, each.destination.key) for view in views for each in view.destinations]

    def _existing(self, which: int) -> list[tuple[ServiceKey, DestinationKey]]:
        found = self._all()
        return [found[which % len(found)]] if found else []

    def switch(self, name: str, value: int) -> None:
        """Change a setting."""
        sysctls.write(self.store, name, str(value))
        if name in DEFENCES or name == "drop_entry":
            running.defend(self.store.directory)

    def policy(self, number: int, policy: ServicePolicy) -> None:
        """`xlvs service set`."""
        with suppress(XlvsError):
            policies.write(self.store, pack_service_key(SERVICES[number]), policy)

    def finish(self) -> None:
        """`xlvs connections kill --silent`."""
        self.everything.end(Act.DISCARD)

    def cut(self) -> None:
        """`xlvs connections kill`: their late packets become resets."""
        self.director.hold()  # time that went by before would be added to theirs, and they are remembered by it
        self.everything.end(Act.RESET)

    def wait(self, seconds: int) -> None:
        """Let time pass: not just as much as a timer has, which is over or not by how long it takes to tell the story."""
        self.director.pass_time(int((seconds + 0.37) * self.director.ticks_per_second))

    def request(self, which: int, who: int, content: Content, mark: int, hook: str) -> None:
        """A client's packet: five in six to a service that there is."""
        protocol, virtual = TARGETS[which % len(TARGETS)]
        key = self.keys[which % len(self.keys)] if self.keys and which % 6 else None
        if key is not None:
            fitting = [one for one in TARGETS if leads_to(one, key)]
            protocol, virtual = fitting[who % len(fitting)]
            mark = key.fwmark or mark
        clients = CLIENTS4 if len(virtual[0]) == 4 else CLIENTS6
        client = clients[who & 1], 1000 + (who >> 1 & 3)
        self.mirror.send(content.frame(client, virtual, protocol, INBOUND_MACS), hook, OUTER, mark)

    def follow(self, which: int, content: Content, mark: int, hook: str) -> None:
        """A further packet of a client."""
        for one in self._connection(which):
            self.mirror.send(content.frame(one.client, one.virtual, one.protocol, INBOUND_MACS), hook, OUTER, mark)

    def answer(self, which: int, content: Content, hook: str) -> None:
        """A packet of a destination on a connection, in its own name or in the virtual address's."""
        for one in self._connection(which):
            source, client = self._server(one) if one.method in ("Masq", "FullNat") else one.virtual, one.client
            pair = [each.client for each in self.mirror.connections() if each.companion and each.control == one.number]
            frame = content.frame(source, pair[0] if pair else client, one.protocol, FROM_SERVER)
            self.mirror.send(frame, hook, INNER)

    def error(self, which: int, kind: int, client_side: bool, content: Content, hook: str) -> None:
        """An ICMP error about a packet of a connection, from a router on either side."""
        for one in self._connection(which):
            size = len(one.client.address)
            inner, outer = ROUTERS[size]
            real = self._server(one)
            ends = (one.virtual, one.client) if client_side else (one.client, real)
            quote = Packet(*ends, one.protocol, content.flags, ttl=17).ip()[: 28 if size == 4 else 48 + 20]
            message = about(outer if client_side else inner, ends[0], KINDS[size][kind], quote, ttl=content.ttl)
            frame = framed(message, INBOUND_MACS if client_side else FROM_SERVER)
            self.mirror.send(frame, hook, OUTER if client_side else INNER)

    def stray(self, place: int, who: int, content: Content, hook: str) -> None:
        """A packet of a destination's address, whether there is a connection or not."""
        key = SERVICES[who % len(SERVICES)]
        ipv4 = key.family is Family.IPV4
        source = address((PLACES4 if ipv4 else PLACES6)[place]), 80
        client = (CLIENTS4 if ipv4 else CLIENTS6)[who & 1], 1000
        self.mirror.send(content.frame(source, client, int(key.protocol) or 6, FROM_SERVER), hook, INNER)

    def _connection(self, which: int) -> list[ConnectionRow]:
        found = [each for each in self.mirror.connections() if not each.template and not each.companion]
        found.sort(key=lambda each: (each.protocol, len(each.client.address), each.client, each.virtual))
        return [found[which % len(found)]] if found else []

    def _server(self, one: ConnectionRow) -> End:
        base = one.dest * layout.DEST_SIZE
        raw = bytes(self.store.dests.memory[base : base + 16])
        return narrow(raw) if one.dest else one.virtual.address, one.port


def play(mirror: Mirror, everything: Selection, setup: Setup, script: Script) -> None:
    """Build the tables of a setup, then do the steps of a script."""
    try:
        play = Play(mirror, everything)
        for number, kind, servers in setup:
            play.service(number, kind)
            for server in servers:
                play.add(number, server)
        for name, *arguments in script:
            getattr(play, str(name))(*arguments)
    finally:
        mirror.close()


def test_the_story_is_what_happens_whatever_comes(prepared: Director, trial: Trial, everything: Selection) -> None:
    """Verdict, fate, bytes, way out and connections, in scripts new in each run; and nothing changes by telling."""

    @settings(max_examples=settings().max_examples // 5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(setup=setups, script=scripts)
    def differ(setup: Setup, script: Script) -> None:
        play(Mirror(prepared, trial), everything, setup, script)

    differ()


def test_a_tour_of_the_verdicts(prepared: Director, trial: Trial, everything: Selection) -> None:
    """What random scripts reach now and then is reached here each time."""
    mirror = Mirror(prepared, trial)
    play(mirror, everything, TOUR_SETUP, TOUR)
    assert set(mirror.seen) >= VERDICTS, VERDICTS - set(mirror.seen)
