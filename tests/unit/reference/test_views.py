# SPDX-License-Identifier: Apache-2.0
"""States by what the director sees of a connection, replayed from recordings of the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.reference.director import Director
from tests.reference.scene import CLIENT, VIP, VIP2, flag_bits, packed
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reference.outcome import Outcome

GOLDEN = Path(__file__).parents[2] / "oracle" / "golden"
SERVER = packed("10.2.1.100")
# The virtual address by forwarding method, as in the scenes.
VIPS = {ForwardingMethod.MASQUERADE: VIP, ForwardingMethod.DIRECT_ROUTE: VIP2}
HEADERS = {"NAT": ForwardingMethod.MASQUERADE, "direct routing": ForwardingMethod.DIRECT_ROUTE}
CHUNKS = {
    "DATA": 0,
    "INIT": 1,
    "INIT_ACK": 2,
    "SACK": 3,
    "HEARTBEAT": 4,
    "HB_ACK": 5,
    "ABORT": 6,
    "SHUTDOWN": 7,
    "SHUT_ACK": 8,
    "ERROR": 9,
    "COOKIE": 10,
    "COOKIE_ACK": 11,
    "ECNE": 12,
    "CWR": 13,
    "SHUT_COMP": 14,
    "AUTH": 15,
    "ASCONF": 193,
    "ASCONF_ACK": 128,
    "FWD_TSN": 192,
}


class Walk(NamedTuple):
    """Packets of one connection."""

    director: Director
    method: ForwardingMethod
    protocol: Protocol

    @classmethod
    def begin(cls, method: ForwardingMethod, protocol: Protocol) -> Walk:
        """One service with one destination."""
        director = Director()
        key = ServiceKey(protocol, Family.IPV4, packed(VIPS[method]), 80)
        director.add_service(VirtualService(key, "rr"))
        director.add_destination(key, Destination(DestinationKey(Family.IPV4, SERVER, 80), method))
        return cls(director, method, protocol)

    def step(self, word: str) -> Outcome:
        """`iSA`: TCP flags from the client; `oCOOKIE`: an SCTP chunk from the server."""
        client, virtual = (packed(CLIENT), 1000), (packed(VIPS[self.method]), 80)
        server = (SERVER, 80) if self.method is ForwardingMethod.MASQUERADE else virtual
        ends = (client, virtual) if word[0] == "i" else (server, client)
        now = self.director.now
        if self.protocol is Protocol.TCP:
            return self.director.packet(*ends, self.protocol, flag_bits(word[1:]), now=now)
        return self.director.packet(*ends, self.protocol, chunks=bytes((CHUNKS[word[1:]], 0, 0, 4)), now=now)

    def state(self) -> str:
        """State and timer as the scenes print them: the timer rounded up to ten seconds, with a second of grace."""
        (connection,) = self.director.connections()
        seconds = (connection.expires - self.director.now) // self.director.ticks_per_second
        tens = -(-max(seconds - 1, 0) // 10) * 10
        return f"{connection.state} {tens // 60:02}:{tens % 60:02}"


def moves(name: str, method: ForwardingMethod | None = None) -> Iterable[tuple[ForwardingMethod, list[str], str]]:
    """The recorded lines «what happened -> state timer», each with its forwarding method."""
    for line in (GOLDEN / f"{name}.out").read_text().splitlines():
        method = HEADERS.get(line, method)
        happened, arrow, state = line.partition(" -> ")
        if line in ("sloppy_tcp", "SYNACK, then secure_tcp=0"):
            return
        if arrow and method is not None and not line.startswith("|"):
            yield method, happened.split(), state


def test_answers_of_direct_routing_change_what_the_director_sees() -> None:
    """Scene traffic-dr-answers: until one passes, a FIN of the client is the only end; from then on both tables hold."""
    recorded = list(moves("traffic-dr-answers", ForwardingMethod.DIRECT_ROUTE))
    assert len(recorded) > 60
    for method, steps, state in recorded:
        walk = Walk.begin(method, Protocol.TCP)
        for step in steps:
            walk.step(step)
        assert walk.state() == state, steps


def test_secure_tcp_wants_the_servers_word() -> None:
    """Scene traffic-secure-tcp: NAT and direct routing."""
    recorded = list(moves("traffic-secure-tcp"))
    assert len(recorded) > 80
    for method, steps, state in recorded:
        walk = Walk.begin(method, Protocol.TCP)
        walk.director.settings.secure_tcp = 3
        for step in steps:
            walk.step(step)
        assert walk.state() == state, (method, steps)


def test_sctp_states_are_the_kernels() -> None:
    """Scene traffic-sctp-states: every chunk from both sides in every state that can be reached."""
    paths: dict[tuple[ForwardingMethod, str], list[str]] = {}
    recorded = list(moves("traffic-sctp-states"))
    assert len(recorded) > 500
    for method, (before, step), state in recorded:
        path = [] if before == "(none)" else paths[method, before]
        walk = Walk.begin(method, Protocol.SCTP)
        for each in [*path, step]:
            walk.step(each)
        assert walk.state() == state, (method, before, step)
        paths.setdefault((method, state.split()[0]), [*path, step])


@pytest.mark.parametrize("sloppy", [0, 1])
def test_which_chunk_begins_an_association(sloppy: int) -> None:
    """Scene traffic-sctp-begin: an INIT; with sloppy_sctp any chunk but an ABORT; never a packet without one."""
    begun = []
    for kind in (0, 1, 2, 3, 6, 7, 10, 11, 14, 200):
        walk = Walk.begin(ForwardingMethod.MASQUERADE, Protocol.SCTP)
        walk.director.settings.sloppy_sctp = sloppy
        for chunks in (b"", bytes((kind, 0, 0)), bytes((kind, 0, 0, 4))):
            walk.director.packet((packed(CLIENT), 1000), (packed(VIP), 80), Protocol.SCTP, chunks=chunks, now=0)
        begun += [kind] * len(list(walk.director.connections()))
    assert begun == ([0, 1, 2, 3, 7, 10, 11, 14, 200] if sloppy else [1])
