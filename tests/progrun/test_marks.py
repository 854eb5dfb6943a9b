# SPDX-License-Identifier: Apache-2.0
"""Services by mark: what netfilter marked comes by the mark device, what `xlvs mark` marks is found where it comes in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.progrun.director import FROM_SERVER, INNER, OUTER, TO_CLIENT, TO_SERVER, Arrival, Director
from tests.progrun.packets import TCP, UDP, Packet, end
from tests.progrun.rules import add, destination
from tests.reference.tcp_states import ACK, SYN
from xlvs.ipvs import detour, mark_ranges
from xlvs.ipvs.detour_plan import DEVICE
from xlvs.model.address import Family
from xlvs.model.mark_range import MarkRange
from xlvs.model.service import Protocol, VirtualService, mark_service_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Outcome
    from tests.progrun.packets import End

CLIENT, CLIENT6 = end("10.1.8.5:1000"), end("[2001:db8:8::5]:1000")
VIRTUAL, VIRTUAL6 = end("10.0.0.1:80"), end("[2001:db8::1]:80")
REAL, REAL6 = end("10.2.1.100:80"), end("[2001:db8:2:1::100]:80")
ADDRESSED: Final = end("10.2.3.100:80")  # the destination of the service by address
FAMILIES: Final = {Family.IPV4: (CLIENT, VIRTUAL, REAL), Family.IPV6: (CLIENT6, VIRTUAL6, REAL6)}
MARK: Final = 10


@pytest.fixture
def marked(director: Director) -> Iterator[Director]:
    """A service by mark for each family, and one by address."""
    add_mark(director, MARK)
    add(director.tables, TCP, "10.0.0.1:80", "10.2.3.100:80")
    yield director
    mark_ranges.put(director.store, [])
    director.clear()


def add_mark(director: Director, mark: int) -> None:
    """A service by mark for each family, with a destination that takes the packets' own ports."""
    for family, (_, _, real) in FAMILIES.items():
        key = mark_service_key(mark, family)
        director.tables.add_service(VirtualService(key, "rr"))
        director.tables.add_destination(key, destination((real[0], 0)))


def by_device(director: Director, packet: Packet, mark: int, arrival: Arrival = OUTER) -> Outcome:
    """A packet that came in, was marked, and forwarded to the mark device by the host's stack."""
    return director.tc(replace(packet, ttl=packet.ttl - 1).frame(), replace(arrival, mark=mark))


def forwarded(packet: Packet, real: End) -> tuple[str, bytes]:
    """Verdict and frame of a packet that is sent to a destination."""
    return "FORWARD", packet.sent(destination=real, macs=TO_SERVER).frame()


def seen(outcome: Outcome) -> tuple[str, bytes]:
    """The same of what happened."""
    return outcome.verdict, outcome.frame


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_a_marked_packet_is_sent_on_as_if_it_had_just_come_in(marked: Director, family: Family, protocol: int) -> None:
    """With one hop less to live, not two, to its own port; its answer comes from where it was sent."""
    client, virtual, real = FAMILIES[family]
    ask = Packet(client, virtual, protocol, data=b"question")
    say = Packet(real, client, protocol, SYN | ACK, macs=FROM_SERVER)

    assert seen(by_device(marked, ask, MARK)) == forwarded(ask, real)
    answer = say.sent(source=virtual, macs=TO_CLIENT).frame()
    assert seen(marked.tc(say.frame(), INNER)) == ("REPLY", answer)
    assert seen(marked.xdp(say.frame(), INNER)) == ("REPLY", answer)


@pytest.mark.parametrize("program", ["tc", "xdp"])
def test_what_may_begin_a_connection_is_left_to_netfilter_first(marked: Director, program: str) -> None:
    """Also where a service by its address is there: the mark would go first."""
    for port in (80, 81):
        ask = Packet(CLIENT, (VIRTUAL[0], port))
        assert seen(getattr(marked, program)(ask.frame())) == ("PASS", ask.frame())


@pytest.mark.parametrize("program", ["tc", "xdp"])
def test_a_known_connection_takes_no_detour(marked: Director, program: str) -> None:
    """Whatever netfilter would say of its packets now."""
    ask = Packet(CLIENT, VIRTUAL)
    by_device(marked, ask, MARK)
    more = replace(ask, flags=ACK)

    assert seen(getattr(marked, program)(more.frame())) == forwarded(more, REAL)


def test_the_mark_goes_before_the_address(marked: Director) -> None:
    """A packet without a mark, or with one of no service, belongs to the service of its address."""
    for number, (mark, real) in enumerate(((MARK, REAL), (0, ADDRESSED), (99, ADDRESSED))):
        ask = Packet((CLIENT[0], 2000 + number), VIRTUAL)
        assert seen(by_device(marked, ask, mark)) == forwarded(ask, real)


@pytest.mark.parametrize(
    ("packet", "mark"),
    [
        (Packet(CLIENT, (VIRTUAL[0], 81)), 99),
        (Packet(CLIENT, VIRTUAL, flags=ACK), MARK),
        (Packet(CLIENT6, VIRTUAL6), 99),
    ],
    ids=["no service", "begins nothing", "no service, IPv6"],
)
def test_what_no_service_wants_is_given_back_as_it_came(marked: Director, packet: Packet, mark: int) -> None:
    """With the hop that forwarding took."""
    assert seen(by_device(marked, packet, mark)) == ("BACK", packet.frame())


def test_what_was_given_back_and_comes_again_is_dropped(marked: Director) -> None:
    """Somebody's rule leads it in a circle."""
    packet = Packet(CLIENT, (VIRTUAL[0], 81))

    assert by_device(marked, packet, 99, Arrival(DEVICE)).verdict == "DROP_MARK_LOOP"


@pytest.mark.parametrize("program", ["tc", "xdp"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_mark_by_address_and_port_needs_no_netfilter(director: Director, family: Family, program: str) -> None:
    """It is found where the packet comes in; other ports are not concerned."""
    client, virtual, real = FAMILIES[family]
    mark_ranges.put(director.store, [MarkRange(family, virtual[0], Protocol.TCP, 8000, 8099, MARK)])
    add_mark(director, MARK)
    other = next(each for each in FAMILIES if each is not family)
    director.tables.delete_service(mark_service_key(MARK, other))
    run = getattr(director, program)

    assert not detour.is_there(director.store)
    for port, balanced in ((7999, False), (8000, True), (8099, True), (8100, False)):
        ask = Packet(client, (virtual[0], port))
        expected = forwarded(ask, (real[0], port)) if balanced else ("PASS", ask.frame())
        assert seen(run(ask.frame())) == expected
    mark_ranges.put(director.store, [])


def test_the_narrowest_range_decides(director: Director) -> None:
    """Whatever the order in which they came."""
    whole = MarkRange(Family.IPV4, VIRTUAL[0], Protocol.TCP, 0, 79, MARK)
    rest = MarkRange(Family.IPV4, VIRTUAL[0], Protocol.TCP, 81, 65535, MARK)
    mark_ranges.put(director.store, [whole, rest, replace(whole, first=80, last=80, mark=11)])
    assert mark_ranges.present(director.store) == [whole, replace(whole, first=80, last=80, mark=11), rest]
    add_mark(director, 11)

    assert director.tc(Packet(CLIENT, VIRTUAL).frame()).verdict == "FORWARD"
    assert director.tc(Packet(CLIENT, (VIRTUAL[0], 81)).frame()).verdict == "PASS"
    mark_ranges.put(director.store, [])


def test_without_a_service_by_mark_addresses_are_found_where_packets_come_in(marked: Director) -> None:
    """As they were before."""
    for family in FAMILIES:
        marked.tables.delete_service(mark_service_key(MARK, family))
    ask = Packet(CLIENT, VIRTUAL)

    assert not detour.is_there(marked.store)
    assert seen(marked.tc(ask.frame())) == forwarded(ask, ADDRESSED)
