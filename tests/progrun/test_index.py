# SPDX-License-Identifier: Apache-2.0
"""The index of the connections: it grows and shrinks under them, and has room for a client with many services."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.netns.listing import eventually
from tests.progrun import invariants
from tests.progrun.director import INNER, TO_CLIENT, TO_SERVER, director
from tests.progrun.packets import UDP, Packet, end
from tests.progrun.pair import from_server
from tests.progrun.rules import add
from tests.reference.tcp_states import ACK, SYN
from xlvs.ipvs.program import sizes
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from tests.progrun.director import Director

LEAST, NEXT = 12, 13  # levels of an index for 65,536 connections
ENOUGH = 11 << LEAST  # connections that fill the least level
CLIENT, VIRTUAL = end("10.1.8.5:1000"), end("10.0.0.1:80")


def state(made: Director) -> tuple[int, int]:
    """How often the level has risen, and the former levels that are searched."""
    ((_, values),) = made.store.map("index_states").batches()
    risen, former = struct.unpack_from("<2I", values)
    return risen, former


def client(number: int) -> tuple[bytes, int]:
    """The end of one of many clients."""
    return CLIENT[0][:-2] + bytes((number >> 14, 5)), 1000 + (number & 0x3FFF)


def levels(made: Director) -> set[int]:
    """Those at which connections are linked."""
    return {conn.level for conn in invariants.live_connections(made)}


def test_the_index_follows_the_number_of_connections() -> None:
    """No connection is lost while they are moved to another level, whichever way."""
    with director(sizes(1 << 16)) as made:
        add(made.tables, UDP, "10.0.0.1:80", "10.2.1.100:80")
        made.tables.set_timeouts(Timeouts(udp_s=86400))
        for number in range(ENOUGH + 1):
            assert made.tc(Packet(client(number), VIRTUAL, UDP).frame()).verdict == "FORWARD"
        assert state(made)[0] == 1
        for number in range(ENOUGH + 1):
            assert made.xdp(Packet(client(number), VIRTUAL, UDP).frame()).verdict == "FORWARD"
        assert eventually(lambda: state(made) == (1, 0)), "a former level is searched for ever"
        assert levels(made) == {NEXT}
        assert invariants.check(made) == ENOUGH + 1, "a connection was not found, and begun again"
        made.end_connections()
        assert eventually(lambda: state(made) == (0, 0))
        invariants.check_empty(made)


@pytest.mark.parametrize("services", [15, 16, 70])
def test_one_end_of_a_client_may_have_many_connections(loaded: Director, services: int) -> None:
    """More than a line of the index holds: the others are found by their whole keys, in both directions."""
    loaded.clear()
    for port in range(1, services + 1):
        add(loaded.tables, Packet(CLIENT, VIRTUAL).protocol, f"10.0.0.1:{port}", f"10.2.1.100:{8000 + port}")
    for flags in (SYN, ACK):
        for port in range(1, services + 1):
            real, virtual = end(f"10.2.1.100:{8000 + port}"), (VIRTUAL[0], port)
            packet = replace(Packet(CLIENT, virtual), flags=flags)
            assert loaded.tc(packet.frame()).frame == packet.sent(destination=real, macs=TO_SERVER).frame()
            say = from_server(real, CLIENT, flags=flags | ACK)
            assert loaded.tc(say.frame(), INNER).frame == say.sent(source=virtual, macs=TO_CLIENT).frame()
    assert invariants.check(loaded) == services
    invariants.check_empty(loaded)
