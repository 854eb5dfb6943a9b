# SPDX-License-Identifier: Apache-2.0
"""Full NAT packet by packet: both ends translated, pairs of local address and port, the option that tells the client."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.progrun import invariants
from tests.progrun.director import FROM_SERVER, INNER, OUTER, TO_CLIENT, TO_SERVER
from tests.progrun.icmp import about, retouched
from tests.progrun.packets import INBOUND_MACS, MORE_FRAGMENTS, TCP, UDP, Packet, end, framed, is_sound, option
from tests.progrun.rules import add, destination
from tests.reference.tcp_states import ACK, RST, SYN
from xlvs.ipvs import layout, local_addresses, repair, slots
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import FullNatOnePacket, TableFull
from xlvs.model.local_address import LocalAddress
from xlvs.model.service import Protocol, VirtualService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from tests.progrun.packets import End
    from xlvs.ipvs.store import Store
    from xlvs.model.service import ServiceKey

CLIENT, CLIENT6 = end("10.1.8.5:1000"), end("[2001:db8:8::5]:1000")
VIRTUAL, VIRTUAL6 = end("10.0.0.1:80"), end("[2001:db8::1]:80")
REAL, REAL6 = end("10.2.1.100:8080"), end("[2001:db8:2:1::100]:8080")
LOCAL, LOCAL6 = end("10.2.0.7:0")[0], end("[2001:db8:2::7]:0")[0]
FIRST, LAST = 40000, 40003
FAMILIES: Final = pytest.mark.parametrize(
    ("client", "virtual", "real", "local"),
    [(CLIENT, VIRTUAL, REAL, LOCAL), (CLIENT6, VIRTUAL6, REAL6, LOCAL6)],
    ids=["4", "6"],
)
PROGRAMS: Final = pytest.mark.parametrize("program", ["tc", "xdp"])


def written(of: End) -> str:
    """An end as the rules of the tests have it."""
    from ipaddress import ip_address

    address = ip_address(of[0])
    return f"{address}:{of[1]}" if address.version == 4 else f"[{address}]:{of[1]}"


def balance(
    director: Director,
    virtual: End,
    real: End,
    *locals_: bytes,
    protocol: Protocol = TCP,
    ports: tuple[int, int] = (FIRST, LAST),
) -> ServiceKey:
    """A service with one destination and a pool, which the next test does not find."""
    for each in list(local_addresses.present(director.store)):
        local_addresses.delete(director.store, each.configured.service, each.configured.address)
    key = add(director.tables, protocol, written(virtual), written(real), forwarding=ForwardingMethod.FULL_NAT)
    for local in locals_:
        local_addresses.add(director.store, LocalAddress(key, local, *ports))
    return key


def source_of(frame: bytes) -> End:
    """Source address and port of a packet without options of IP."""
    if frame[12:14] == b"\x08\x00":
        return frame[26:30], int.from_bytes(frame[34:36], "big")
    return frame[22:38], int.from_bytes(frame[54:56], "big")


def through(director: Director, packet: Packet, *, program: str = "tc", inner: bool = False) -> tuple[str, bytes]:
    """Verdict and frame."""
    outcome = getattr(director, program)(packet.frame(), INNER if inner else OUTER)
    return outcome.verdict, outcome.frame


def begin(director: Director, client: End, virtual: End, protocol: Protocol = TCP, program: str = "tc") -> End:
    """A connection's first packet; the pair that it got."""
    verdict, after = through(director, Packet(client, virtual, protocol), program=program)
    assert verdict == "FORWARD"
    return source_of(after)


@PROGRAMS
@FAMILIES
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_both_ends_are_translated_both_ways(
    director: Director, client: End, virtual: End, real: End, local: bytes, protocol: Protocol, program: str
) -> None:
    """The destination sees a local address, the client the virtual one; a byte is wrong nowhere."""
    balance(director, virtual, real, local, protocol=protocol)
    ask = Packet(client, virtual, protocol, data=b"question")
    verdict, after = through(director, ask, program=program)
    pair = source_of(after)
    say = Packet(real, pair, protocol, ACK, data=b"answer!", macs=FROM_SERVER, tos=0x28)
    answered = through(director, say, program=program, inner=True)

    assert pair[0] == local
    assert FIRST <= pair[1] <= LAST
    assert (verdict, after) == ("FORWARD", ask.sent(source=pair, destination=real, macs=TO_SERVER).frame())
    assert answered == ("REPLY", say.sent(source=virtual, destination=client, macs=TO_CLIENT).frame())
    assert invariants.check(director) == 1


@FAMILIES
def test_the_client_is_told_until_the_server_has_answered(
    director: Director, client: End, virtual: End, real: End, local: bytes
) -> None:
    """From the handshake's third segment on; before the client's own options; XDP leaves these to tc."""
    balance(director, virtual, real, local)
    pair = begin(director, client, virtual)
    own = option((client[0], 9)) + bytes(-len(option(client)) % 4)
    third = Packet(client, virtual, TCP, ACK, data=b"GET /", tcp_options=own)
    told = replace(third, tcp_options=option(client) + own)
    by_xdp = through(director, third, program="xdp")
    by_tc = through(director, third)
    again = through(director, third)
    through(director, Packet(real, pair, TCP, SYN | ACK, macs=FROM_SERVER), inner=True)
    still = through(director, third)
    through(director, Packet(real, pair, TCP, ACK, macs=FROM_SERVER), inner=True)
    no_more = through(director, third, program="xdp")

    frame = told.sent(source=pair, destination=real, macs=TO_SERVER).frame()
    assert by_xdp == ("HAND_UP", third.frame())
    assert by_tc == again == still == ("FORWARD", frame)
    assert no_more == ("FORWARD", third.sent(source=pair, destination=real, macs=TO_SERVER).frame())


def test_a_segment_without_room_goes_without_the_option(director: Director) -> None:
    """A header that is full, and a segment as long as the link bears; a reset is told nothing."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)
    for packet in (
        Packet(CLIENT, VIRTUAL, TCP, ACK, tcp_options=bytes((1,)) * 36),
        Packet(CLIENT, VIRTUAL, TCP, ACK, data=bytes(1460 - 4)),
        Packet(CLIENT, VIRTUAL, TCP, RST),
    ):
        sent = packet.sent(source=pair, destination=REAL, macs=TO_SERVER).frame()
        assert through(director, packet) == ("FORWARD", sent)


def test_the_longest_segment_that_has_room_carries_it(director: Director) -> None:
    """To the byte."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)
    packet = Packet(CLIENT, VIRTUAL, TCP, ACK, data=bytes(range(256)) * 5 + bytes(1452 - 1280))
    told = replace(packet, tcp_options=option(CLIENT))

    assert through(director, packet) == ("FORWARD", told.sent(source=pair, destination=REAL, macs=TO_SERVER).frame())


def test_any_segment_is_told_in_where_there_is_room(director: Director) -> None:
    """Whatever options and data it has: the option, or the segment as it was, and checksums that hold."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(words=st.integers(0, 10), length=st.integers(0, 1440), content=st.binary(min_size=40, max_size=40))
    def told(words: int, length: int, content: bytes) -> None:
        packet = Packet(
            CLIENT, VIRTUAL, TCP, ACK, data=(content * 37)[:length], tcp_options=content[: words * 4], bits=0x4000
        )
        size = len(packet.ip())
        if words <= 8 and size + 8 <= 1500:
            packet = replace(packet, tcp_options=option(CLIENT) + packet.tcp_options)
        elif size > 1500 or 254 in packet.tcp_options:
            return  # too long, or with what may be a claim of the client's: see test_fullnat_options
        sent = packet.sent(source=pair, destination=REAL, macs=TO_SERVER).frame()
        given_ = replace(packet, tcp_options=content[: words * 4])
        assert through(director, given_) == ("FORWARD", sent)

    told()


def test_a_header_that_contradicts_itself_goes_on_as_it_is(director: Director) -> None:
    """Longer than the segment, or shorter than a header can be: the server's own stack judges it."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)
    for words in (0, 4, 6, 15):
        packet = Packet(CLIENT, VIRTUAL, TCP, ACK)
        frame = bytearray(packet.frame())
        frame[46] = words << 4
        sent = bytearray(packet.sent(source=pair, destination=REAL, macs=TO_SERVER).frame())
        sent[46] = words << 4
        outcome = director.tc(bytes(frame))
        assert (outcome.verdict, outcome.frame) == ("FORWARD", bytes(sent))


def test_options_of_the_servers_syn_that_make_no_sense_are_left_alone(director: Director) -> None:
    """Whatever stands there, the checksum holds and the length stays."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(content=st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 254, 255]), max_size=10))
    def answered(content: list[int]) -> None:
        options = bytes(each for number in content for each in (number, 4, 5, 180))
        packet = Packet(REAL, pair, TCP, SYN | ACK, macs=FROM_SERVER, tcp_options=options)
        verdict, frame = through(director, packet, inner=True)
        assert verdict == "REPLY"
        assert len(frame) == len(packet.frame())
        assert is_sound(frame)

    answered()


@FAMILIES
@pytest.mark.parametrize("before", [b"", b"\x01"], ids=["even", "odd"])
def test_the_server_asks_for_segments_that_leave_room(
    director: Director, client: End, virtual: End, real: End, local: bytes, before: bytes
) -> None:
    """The MSS of its SYN is less by the option, wherever it stands."""
    balance(director, virtual, real, local)
    pair = begin(director, client, virtual)

    def syn(mss: int) -> Packet:
        options = before + b"\x02\x04" + mss.to_bytes(2, "big")
        return Packet(real, pair, TCP, SYN | ACK, macs=FROM_SERVER, tcp_options=options + bytes(-len(options) % 4))

    by_xdp = through(director, syn(1460), program="xdp", inner=True)
    by_tc = through(director, syn(1460), inner=True)

    lowered = syn(1460 - len(option(client))).sent(source=virtual, destination=client, macs=TO_CLIENT)
    assert by_xdp == ("HAND_UP", syn(1460).frame())
    assert by_tc == ("REPLY", lowered.frame())


@FAMILIES
def test_icmp_errors_find_their_way_both_ways(
    director: Director, client: End, virtual: End, real: End, local: bytes
) -> None:
    """Towards the client as if the virtual address had been asked, towards the server as if the local one had asked."""
    balance(director, virtual, real, local)
    ask = Packet(client, virtual, TCP)
    pair = source_of(through(director, ask)[1])
    kind = (3, 1) if len(client[0]) == 4 else (1, 3)
    sent = ask.sent(source=pair, destination=real, macs=TO_SERVER).ip()
    router, far = (
        (end("10.2.9.9:0"), end("10.1.9.9:0"))
        if len(client[0]) == 4
        else (
            end("[2001:db8:2:9::9]:0"),
            end("[2001:db8:9::9]:0"),
        )
    )
    back = director.tc(framed(about(router, pair, kind, sent), FROM_SERVER), INNER)
    say = Packet(real, pair, TCP, SYN | ACK, macs=FROM_SERVER)
    got = say.sent(source=virtual, destination=client, macs=TO_CLIENT).ip()
    onward = director.tc(framed(about(far, virtual, kind, got), INBOUND_MACS), OUTER)

    quoted = retouched(retouched(sent, source=client), destination=virtual)
    assert back.verdict == "REPLY_ICMP"
    assert back.frame == framed(about(virtual, client, kind, quoted, ttl=63), TO_CLIENT)
    quoted = retouched(retouched(got, source=real), destination=pair)
    assert onward.verdict == "FORWARD_ICMP"
    assert onward.frame == framed(about((local, 0), real, kind, quoted, ttl=63), TO_SERVER)


@PROGRAMS
def test_a_dry_pool_drops_and_counts_until_a_pair_comes_free(director: Director, program: str) -> None:
    """Four ports are four connections for one server; each of them is free once its connection has ended."""
    balance(director, VIRTUAL, REAL, LOCAL, protocol=UDP)
    clients = [(CLIENT[0], 1000 + number) for number in range(5)]
    pairs = {begin(director, client, VIRTUAL, UDP, program) for client in clients[:4]}
    before = dict(zip(director.verdict_names, director.verdict_counts(), strict=False))
    verdict, _ = through(director, Packet(clients[4], VIRTUAL, UDP), program=program)
    director.pass_time(301 * director.ticks_per_second)
    recovered = begin(director, clients[4], VIRTUAL, UDP, program)

    assert before
    assert pairs == {(LOCAL, port) for port in range(FIRST, LAST + 1)}
    assert verdict == "DROP_NO_LOCAL_PORT"
    assert recovered in pairs
    assert invariants.check(director) == 1


def test_a_service_without_local_addresses_drops(director: Director) -> None:
    """There is nothing to go on with."""
    balance(director, VIRTUAL, REAL)

    assert through(director, Packet(CLIENT, VIRTUAL))[0] == "DROP_NO_LOCAL_PORT"
    assert invariants.check(director) == 0


def test_a_pair_serves_each_destination_and_protocol(director: Director) -> None:
    """Answers tell them apart, so one port is enough for all of them; services may share an address."""
    other, second = end("10.2.2.100:8080"), end("10.0.0.2:80")
    balance(director, VIRTUAL, REAL, LOCAL, ports=(FIRST, FIRST))
    for virtual, real, protocol in ((VIRTUAL, REAL, UDP), (second, other, TCP)):
        key = add(director.tables, protocol, written(virtual), written(real), forwarding=ForwardingMethod.FULL_NAT)
        local_addresses.add(director.store, LocalAddress(key, LOCAL, FIRST, FIRST))
    pairs = [
        begin(director, CLIENT, virtual, protocol)
        for virtual, protocol in ((VIRTUAL, TCP), (VIRTUAL, UDP), (second, TCP))
    ]
    third = add(director.tables, TCP, "10.0.0.3:80", written(REAL), forwarding=ForwardingMethod.FULL_NAT)
    local_addresses.add(director.store, LocalAddress(third, LOCAL, FIRST, FIRST))

    assert pairs == [(LOCAL, FIRST)] * 3
    assert through(director, Packet(CLIENT, end("10.0.0.3:80")))[0] == "DROP_NO_LOCAL_PORT"
    assert invariants.check(director) == 3


def test_addresses_take_turns(director: Director) -> None:
    """Connection by connection."""
    second = end("10.2.0.8:0")[0]
    balance(director, VIRTUAL, REAL, LOCAL, second, protocol=UDP)
    pairs = [begin(director, (CLIENT[0], 1000 + number), VIRTUAL, UDP) for number in range(8)]

    assert {pair[0] for pair in pairs[::2]} != {pair[0] for pair in pairs[1::2]}
    assert len(set(pairs)) == 8


@contextmanager
def no_room_for_lists(store: Store, *, but_for: int = 0) -> Iterator[None]:
    """All places for lists are taken, but for one of so many numbers."""
    taken, spare = [], slots.write(store, [0] * but_for)
    for size in reversed(range(layout.SLOT_CLASSES)):
        with suppress(TableFull):
            while True:
                taken.append(slots.write(store, [0] * (1 << size)))
    slots.give_back(store, *spare)
    yield
    for each in taken:
        slots.give_back(store, *each)


def test_addresses_go_and_edits_are_repaired_where_there_is_no_room_for_lists(director: Director) -> None:
    """Nothing has to be written for what is taken away, and one failure must not fail every command after it."""
    second = end("10.2.0.8:0")[0]
    key = balance(director, VIRTUAL, REAL, LOCAL, second)
    with no_room_for_lists(director.store):
        repair._repair_scheduling(director.store, list(director.store.live_services()))
        local_addresses.delete(director.store, key, LOCAL)
        pairs = [begin(director, (CLIENT[0], 1000 + number), VIRTUAL) for number in range(3)]

    assert {address for address, _ in pairs} == {second}


def test_addresses_that_have_no_room_together_change_nothing(director: Director) -> None:
    """The fourth had room, the fifth has none: the pool is as it was."""
    first, second, *more = (end(f"10.2.0.{8 + number}:0")[0] for number in range(4))
    key = balance(director, VIRTUAL, REAL, LOCAL, first, second)
    before = list(local_addresses.present(director.store))
    with no_room_for_lists(director.store, but_for=4), pytest.raises(TableFull):
        local_addresses.add_all(director.store, [LocalAddress(key, each, FIRST, FIRST) for each in more])

    assert list(local_addresses.present(director.store)) == before


def test_another_services_address_is_refused(director: Director) -> None:
    """A packet may find its number in a list that was given up a moment ago, and is another service's by now."""
    key = balance(director, VIRTUAL, REAL, LOCAL)
    other = add(director.tables, TCP, "10.0.0.3:80", written(REAL), forwarding=ForwardingMethod.FULL_NAT)
    address = end("10.2.0.8:0")[0]
    local_addresses.add(director.store, LocalAddress(other, address, FIRST, LAST))
    ours, theirs = (director.store.find_service(pack_service_key(each)) for each in (key, other))
    kept = director.store.range_of(ours, layout.SERVICE_LOCAL_LIST)
    director.store.set_range(
        ours, layout.SERVICE_LOCAL_LIST, *director.store.range_of(theirs, layout.SERVICE_LOCAL_LIST)
    )
    amid = through(director, Packet(CLIENT, VIRTUAL))[0]
    director.store.set_range(ours, layout.SERVICE_LOCAL_LIST, *kept)

    assert amid == "DROP_NO_LOCAL_PORT"
    assert begin(director, CLIENT, end("10.0.0.3:80"))[0] == address


def test_an_address_that_is_taken_away_serves_its_connections(director: Director) -> None:
    """New ones do without it, and the listing does not show it."""
    key = balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)
    local_addresses.delete(director.store, key, LOCAL)
    say = Packet(REAL, pair, TCP, SYN | ACK, macs=FROM_SERVER)

    assert through(director, say, inner=True)[0] == "REPLY"
    assert through(director, Packet((CLIENT[0], 7), VIRTUAL))[0] == "DROP_NO_LOCAL_PORT"
    assert list(local_addresses.present(director.store)) == []


def test_what_belongs_to_no_connection_is_the_hosts(director: Director) -> None:
    """A packet from the server to a local address, at a port that nobody has; and to one whose connection is over."""
    balance(director, VIRTUAL, REAL, LOCAL, protocol=UDP)
    pair = begin(director, CLIENT, VIRTUAL, UDP)
    stray = Packet(REAL, (LOCAL, 50000), UDP, macs=FROM_SERVER)
    late = Packet(REAL, pair, UDP, macs=FROM_SERVER)
    before = through(director, stray, inner=True)
    director.pass_time(301 * director.ticks_per_second)

    assert before[0] == "PASS"
    assert through(director, late, inner=True)[0] == "PASS"


def test_a_datagram_in_fragments_follows_its_first_one(director: Director) -> None:
    """Each bears the local address; the ports stand in the first."""
    balance(director, VIRTUAL, REAL, LOCAL, protocol=UDP)
    whole = Packet(CLIENT, VIRTUAL, UDP, data=bytes(range(64)), bits=0)
    first = replace(whole, cut=(0, 40), bits=MORE_FRAGMENTS)
    later = replace(whole, cut=(40, 32), bits=5)

    assert through(director, first)[0] == "HELD"
    assert through(director, later)[0] == "HELD"


def test_one_packet_scheduling_and_full_nat_exclude_each_other(director: Director) -> None:
    """Whichever comes second is refused, and changes nothing."""
    key = balance(director, VIRTUAL, REAL, LOCAL, protocol=UDP)
    with pytest.raises(FullNatOnePacket):
        director.tables.update_service(VirtualService(key, "rr", one_packet=True))
    director.tables.update_destination(key, destination(REAL))
    director.tables.update_service(VirtualService(key, "rr", one_packet=True))
    with pytest.raises(FullNatOnePacket):
        director.tables.update_destination(key, destination(REAL, forwarding=ForwardingMethod.FULL_NAT))
    with pytest.raises(FullNatOnePacket):
        director.tables.add_destination(key, destination(end("10.2.2.100:8080"), forwarding=ForwardingMethod.FULL_NAT))


def test_two_processors_never_hand_out_the_same_pair(director: Director) -> None:
    """Both take from the same eight ports, again and again, and the sweeper gives back what expired."""
    balance(director, VIRTUAL, REAL, LOCAL, protocol=UDP, ports=(40000, 40007))
    stop = threading.Event()

    def ask(start: int, *, xdp: bool) -> None:
        runner, number = director.new_runner(xdp=xdp), start
        while not stop.is_set():
            frame = Packet((CLIENT[0], start + number % 4000), VIRTUAL, UDP).frame()
            context = director.xdp_context(OUTER, len(frame)) if xdp else director.tc_context(OUTER)
            runner.attempt(frame, context)
            number += 1

    threads = [threading.Thread(target=ask, args=(start,), kwargs={"xdp": start > 20000}) for start in (10000, 30000)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        director._shift(-302 * director.ticks_per_second)
        director.sweep()
        stop.wait(0.005)
    stop.set()
    for thread in threads:
        thread.join()

    assert invariants.check(director) <= 8
    invariants.check_empty(director)
