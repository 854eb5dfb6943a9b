# SPDX-License-Identifier: Apache-2.0
"""What becomes of packets when the tables are full, change under way, or the host does not forward."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.netns.listing import eventually
from tests.netns.wire import Sniffer
from tests.progrun import invariants
from tests.progrun.director import (
    INNER,
    SMALL,
    TC_SHOT,
    TO_CLIENT,
    TO_SERVER,
    XDP_DROP,
    director,
    set_forwarding,
    set_sysctl,
)
from tests.progrun.packets import UDP, Packet, end, is_sound
from tests.progrun.pair import from_server
from tests.progrun.rules import add, destination
from tests.reference.tcp_states import ACK, SYN
from xlvs.ipvs.program import Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director

TINY = Sizes(connections=64, buckets=16, services=16, destinations=64, slot_lines=64)
CLIENT, VIRTUAL, REAL = end("10.1.8.5:1000"), end("10.0.0.1:80"), end("10.2.1.100:80")


def syn(port: int) -> Packet:
    """A client's first packet from this port."""
    return Packet((CLIENT[0], port), VIRTUAL)


@pytest.fixture(scope="module")
def tiny_loaded() -> Iterator[Director]:
    """A director with room for 63 connections."""
    with director(TINY) as made:
        yield made


def test_a_full_table_refuses_and_harms_nobody(tiny_loaded: Director) -> None:
    """Each refusal is counted by its reason; who is in stays, and one that ends makes room for one."""
    tiny = tiny_loaded
    tiny.clear()
    add(tiny.tables, Packet(CLIENT, VIRTUAL).protocol, "10.0.0.1:80", "10.2.1.100:80")
    held = [port for port in range(1000, 1200) if tiny.tc(syn(port).frame()).verdict == "FORWARD"]
    assert len(held) == TINY.connections - 1
    for program, action in ((tiny.tc, TC_SHOT), (tiny.xdp, XDP_DROP)):
        outcome = program(syn(2000).frame())
        assert (outcome.verdict, outcome.action) == ("DROP_TABLE_FULL", action)
    assert invariants.check(tiny) == len(held)
    for port in held:
        again = replace(syn(port), flags=ACK)
        assert tiny.tc(again.frame()).frame == again.sent(destination=REAL, macs=TO_SERVER).frame()
        say = from_server(REAL, (CLIENT[0], port), flags=ACK)
        assert tiny.tc(say.frame(), INNER).frame == say.sent(source=VIRTUAL, macs=TO_CLIENT).frame()
    tiny.pass_time(901 * tiny.ticks_per_second)
    assert tiny.tc(syn(2000).frame()).verdict == "DROP_TABLE_FULL", "what died rests for a tenth of a second"
    tiny.pass_time(tiny.ticks_per_second)
    assert tiny.tc(syn(2000).frame()).verdict == "FORWARD"
    invariants.check_empty(tiny)


def test_a_full_index_refuses_and_leaks_nothing() -> None:
    """Two buckets for 63 connections: those that find no place give everything back."""
    with director(TINY._replace(buckets=2)) as crowded:
        add(crowded.tables, Packet(CLIENT, VIRTUAL).protocol, "10.0.0.1:80", "10.2.1.100:80")
        verdicts = [crowded.tc(syn(port).frame()).verdict for port in range(1000, 1300)]
        assert set(verdicts) == {"FORWARD", "DROP_TABLE_FULL"}
        assert verdicts.count("FORWARD") <= 2 * 15
        assert invariants.check(crowded) == verdicts.count("FORWARD")
        invariants.check_empty(crowded)


def test_a_deleted_destination_drops_by_reason(loaded: Director) -> None:
    """Its connections are dropped towards it, their answers still translated; with it back they go on."""
    loaded.clear()
    key = add(loaded.tables, Packet(CLIENT, VIRTUAL).protocol, "10.0.0.1:80", "10.2.1.100:80")
    first = Packet(CLIENT, VIRTUAL)
    assert loaded.tc(first.frame()).verdict == "FORWARD"
    loaded.tables.delete_destination(key, destination(REAL).key)
    for program, action in ((loaded.tc, TC_SHOT), (loaded.xdp, XDP_DROP)):
        outcome = program(replace(first, flags=ACK).frame())
        assert (outcome.verdict, outcome.action, outcome.frame) == (
            "DROP_DESTINATION_GONE",
            action,
            replace(first, flags=ACK).frame(),
        )
    say = from_server(REAL, CLIENT, flags=SYN | ACK)
    assert loaded.tc(say.frame(), INNER).frame == say.sent(source=VIRTUAL, macs=TO_CLIENT).frame()
    loaded.tables.add_destination(key, destination(REAL))
    assert loaded.tc(replace(first, flags=ACK).frame()).verdict == "FORWARD"


@pytest.mark.parametrize(
    ("name", "client", "virtual", "real"),
    [
        ("net/ipv4/ip_forward", CLIENT, "10.0.0.1:80", "10.2.1.100:80"),
        ("net/ipv6/conf/all/forwarding", end("[2001:db8:8::5]:1000"), "[2001:db8::1]:80", "[2001:db8:2:1::100]:80"),
    ],
)
def test_without_forwarding_packets_are_dropped_by_reason(
    loaded: Director, name: str, client: tuple[bytes, int], virtual: str, real: str
) -> None:
    """A host that does not forward does not forward for services either, once the way it last found is a tenth old."""
    loaded.clear()
    packet = Packet(client, end(virtual))
    add(loaded.tables, packet.protocol, virtual, real)
    set_sysctl(name, "0")
    try:
        assert eventually(lambda: loaded.tc(packet.frame()).verdict == "DROP_FORWARDING_OFF")
        assert loaded.xdp(packet.frame()).verdict == "HAND_UP"
    finally:
        set_forwarding()
    assert loaded.tc(replace(packet, source=(client[0], 1001)).frame()).verdict == "FORWARD"


def test_what_may_be_split_is(loaded: Director) -> None:
    """Without the flag that forbids it, a datagram leaves in pieces that make it up again."""
    loaded.clear()
    add(loaded.tables, UDP, "10.0.0.1:82", "10.2.200.100:82")
    packet = Packet(CLIENT, end("10.0.0.1:82"), UDP, bits=0, data=bytes(range(256)) * 10)
    with Sniffer("inner-far") as sniffer:
        outcome = loaded.tc(packet.frame())
        assert (outcome.verdict, outcome.action) == ("FORWARD", TC_SHOT)
        pieces: list[bytes] = []
        while len(pieces) < 3:
            caught = sniffer.next(lambda frame: frame[:12] == TO_SERVER)
            assert caught is not None
            pieces.append(caught.frame)
    whole = packet.sent(destination=end("10.2.200.100:82"), macs=TO_SERVER).frame()
    data = b"".join(piece[34 : 14 + int.from_bytes(piece[16:18], "big")] for piece in pieces)
    assert data == whole[34:]
    starts = [int.from_bytes(piece[20:22], "big") for piece in pieces]
    assert [start & 0x2000 for start in starts] == [0x2000, 0x2000, 0]
    assert [start & 0x1FFF for start in starts] == [0, 122, 244]
    assert all(len(piece) - 14 <= 1000 for piece in pieces)
    assert is_sound(whole)


def test_counters_are_what_was_sent(loaded: Director) -> None:
    """Connections, packets and bytes of a destination in both directions; what was dropped is in none."""
    loaded.clear()
    add(loaded.tables, UDP, "10.0.0.1:53", "10.2.5.100:53")
    (number,) = loaded.store.listed(loaded.store.find_service(service_bytes()))
    before = loaded.store.dest_counters(number)
    ask = Packet(CLIENT, end("10.0.0.1:53"), UDP, data=b"12345")
    say = from_server(end("10.2.5.100:53"), CLIENT, protocol=UDP, data=b"1234567")
    for program in (loaded.tc, loaded.xdp, loaded.tc):
        program(ask.frame())
    loaded.tc(say.frame(), INNER)
    loaded.xdp(say.frame(), INNER)
    after = loaded.store.dest_counters(number)
    counted = tuple(now - then for now, then in zip(after, before, strict=True))
    assert counted == (1, 3, 2, 3 * (28 + 5), 2 * (28 + 7))


def service_bytes() -> bytes:
    """The key of the UDP service as it lies in the map."""
    from tests.progrun.rules import service_key
    from xlvs.ipvs.observed import pack_service_key

    return pack_service_key(service_key(end("10.0.0.1:53"), UDP))


def test_sizes_of_tests_are_small() -> None:
    """So that a test can look at every entry."""
    assert SMALL.connections == 1 << 14
