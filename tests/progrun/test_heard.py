# SPDX-License-Identifier: Apache-2.0
"""Packets of connections that another director told of, whose destinations are not here as they are there."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.progrun import invariants
from tests.progrun.director import FROM_SERVER, INNER
from tests.progrun.icmp import about, retouched
from tests.progrun.packets import TCP, Packet, end, framed
from tests.progrun.rules import add
from tests.reference.tcp_states import ACK, SYN
from xlvs.ipvs import local_addresses
from xlvs.ipvs.sync_inlet import Inlet
from xlvs.model.destination import ForwardingMethod
from xlvs.model.local_address import LocalAddress
from xlvs.syncwire.entry import Entry
from xlvs.syncwire.reader import Heard

if TYPE_CHECKING:
    from tests.progrun.director import Director

CLIENT, VIRTUAL, REAL = end("10.1.8.5:1000"), end("10.0.0.1:80"), end("10.2.1.100:8080")
OTHERS, ROUTER = end("10.2.2.100:8080"), end("10.1.5.5:0")
ESTABLISHED = 1


def hear(director: Director, method: ForwardingMethod, real: tuple[bytes, int]) -> None:
    """Another director tells of the client's connection with a server."""
    entry = Entry(TCP, method, ESTABLISHED, CLIENT[1], VIRTUAL[1], real[1], 0, 900, CLIENT[0], VIRTUAL[0], real[0])
    with closing(Inlet(director.store)) as inlet:
        assert inlet.put([Heard(entry.wide())]) == 1


@pytest.mark.parametrize("program", ["tc", "xdp"])
def test_none_is_taken_over_for_a_destination_of_full_nat(director: Director, program: str) -> None:
    """It has no local address and port, by which its answers would be found."""
    add(director.tables, TCP, "10.0.0.1:80", "10.2.1.100:8080", forwarding=ForwardingMethod.FULL_NAT)
    hear(director, ForwardingMethod.MASQUERADE, REAL)
    packet = Packet(CLIENT, VIRTUAL, TCP, ACK).frame()
    outcome = getattr(director, program)(packet)

    assert (outcome.verdict, outcome.frame) == ("PASS", packet)
    assert invariants.check(director) == 0


def test_what_belongs_to_a_connection_of_full_nat_cannot_be_told_of(director: Director) -> None:
    """Its answers are found by an entry of the table, whose client is the pair and whose virtual end nobody is."""
    client, virtual, local = end("[2001:db8:8::5]:1000"), end("[2001:db8::1]:80"), end("[2001:db8:2::7]:40000")
    key = add(director.tables, TCP, "[2001:db8::1]:80", "[2001:db8:2:1::100]:80", forwarding=ForwardingMethod.FULL_NAT)
    local_addresses.add(director.store, LocalAddress(key, local[0], local[1], local[1]))
    director.tc(Packet(client, virtual, TCP, SYN).frame())
    entry = Entry(TCP, 0, ESTABLISHED, local[1], 0, 1, 0, 900, local[0], bytes(16), end("[2001:db8:2:1::9]:1")[0])
    with closing(Inlet(director.store)) as inlet:
        inlet.put([Heard(entry.wide())])
    answer = Packet(end("[2001:db8:2:1::100]:80"), local, TCP, SYN | ACK, macs=FROM_SERVER)
    answered = director.tc(answer.frame(), INNER)
    local_addresses.delete(director.store, key, local[0])

    assert answered.verdict == "REPLY"
    assert invariants.check(director) == 1


@pytest.mark.parametrize("method", [ForwardingMethod.MASQUERADE, ForwardingMethod.TUNNEL])
def test_errors_reach_a_destination_that_is_not_configured(director: Director, method: ForwardingMethod) -> None:
    """As the connection's other packets do: without them its path to the client loses what is too long."""
    add(director.tables, TCP, "10.0.0.1:80", "10.2.1.100:8080")
    hear(director, method, OTHERS)
    quote = Packet(VIRTUAL, CLIENT, TCP, ACK, data=b"answer").ip()
    error = framed(about(ROUTER, VIRTUAL, (3, 4), quote))
    asked = director.tc(Packet(CLIENT, VIRTUAL, TCP, ACK).frame())
    told = director.tc(error)

    assert asked.verdict == "FORWARD"
    assert told.verdict == "FORWARD_ICMP"
    if method is ForwardingMethod.MASQUERADE:
        assert told.frame[14:] == about(ROUTER, OTHERS, (3, 4), retouched(quote, source=OTHERS), ttl=63)
