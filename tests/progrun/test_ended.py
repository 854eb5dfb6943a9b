# SPDX-License-Identifier: Apache-2.0
"""Connections that are ended on command: what becomes of their next packets, byte by byte, and of the tables."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.netns.wire import Sniffer
from tests.progrun import invariants
from tests.progrun.director import FROM_SERVER, INNER, TO_CLIENT, TO_SERVER
from tests.progrun.packets import INBOUND_MACS, TCP, UDP, Packet, checksum, end, pseudo_header
from tests.progrun.rules import add, service_key
from tests.progrun.test_concurrency import send
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.ipvs import layout, local_addresses, policies
from xlvs.ipvs.observed import pack_service_key
from xlvs.ipvs.selection import Act, Chosen, Selection
from xlvs.model.address import Family
from xlvs.model.connection_filter import ConnectionFilter, Network
from xlvs.model.destination import DestinationKey, ForwardingMethod
from xlvs.model.errors import NoSuchDestination
from xlvs.model.local_address import LocalAddress
from xlvs.model.policy import NO_POLICY, Fate
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from tests.progrun.packets import End

ENDS = {
    "4": (end("10.1.8.5:1000"), end("10.0.0.1:80"), end("10.2.1.100:80")),
    "6": (end("[2001:db8:8::5]:1000"), end("[2001:db8::1]:80"), end("[2001:db8:2:1::100]:80")),
}
LOCALS = {"4": end("10.2.0.7:40000"), "6": end("[2001:db8:2::7]:40000")}
FAMILIES = pytest.mark.parametrize("family", ["4", "6"])
SEQUENCE, ACKNOWLEDGED = 0x12345678, 0x9ABCDEF0
EVERYTHING = ConnectionFilter(templates=True)


def segment(
    source: End, target: End, flags: int, numbers: tuple[int, int], *, macs: bytes = INBOUND_MACS, ttl: int = 64
) -> bytes:
    """A TCP segment's frame with both numbers, without data or window."""
    return with_numbers(Packet(source, target, TCP, flags, ttl=ttl, macs=macs), numbers, window=0)


def with_numbers(packet: Packet, numbers: tuple[int, int], *, window: int = 4096) -> bytes:
    """The frame of a packet with these sequence and acknowledgement numbers."""
    transport = bytearray(replace(packet, summed=False).transport())
    struct.pack_into("!IIBBH", transport, 4, *numbers, 0x50, packet.flags, window)
    value = checksum(pseudo_header(packet.source[0], packet.destination[0], TCP, len(transport)) + transport)
    struct.pack_into("!H", transport, 16, value)
    whole = packet.frame()
    return whole[: len(whole) - len(transport)] + bytes(transport)


def finish(director: Director, wanted: ConnectionFilter = EVERYTHING, act: Act = Act.RESET) -> Chosen:
    """End connections."""
    with Selection(director.store, wanted) as selection:
        return selection.end(act)


@pytest.fixture
def caught(director: Director) -> Iterator[tuple[Sniffer, Sniffer]]:
    """What the director sends out at once: towards clients, towards servers."""
    director.sweep()
    with Sniffer("outer-far") as clients, Sniffer("inner-far") as servers:
        yield clients, servers


def established(director: Director, family: str, method: ForwardingMethod = ForwardingMethod.MASQUERADE) -> None:
    """One connection to the family's server."""
    client, virtual, real = ENDS[family]
    text = [
        f"{socket.inet_ntop(socket.AF_INET if family == '4' else socket.AF_INET6, each[0])}" for each in (virtual, real)
    ]
    written = [f"{each}:80" if family == "4" else f"[{each}]:80" for each in text]
    add(director.tables, TCP, written[0], written[1], forwarding=method)
    director.tc(Packet(client, virtual, TCP, SYN).frame())
    director.tc(Packet(client, virtual, TCP, ACK).frame())


@FAMILIES
def test_the_clients_next_segment_resets_both_ends(
    director: Director, caught: tuple[Sniffer, Sniffer], family: str
) -> None:
    """The server gets it as a reset, the client one with the number that it waits for; XDP leaves it to tc."""
    client, virtual, real = ENDS[family]
    established(director, family)
    assert finish(director) == Chosen(tcp=1)
    late = with_numbers(Packet(client, virtual, TCP, ACK, data=b"more"), (SEQUENCE, ACKNOWLEDGED))

    xdp, tc = director.xdp(late), director.tc(late)
    told = caught[0].next(lambda frame: frame[:6] == TO_CLIENT[:6])

    assert (xdp.verdict, xdp.frame) == ("HAND_UP", late)
    assert tc.verdict == "RESET"
    onward = segment(client, real, RST | ACK, (SEQUENCE, ACKNOWLEDGED), macs=TO_SERVER, ttl=63)
    assert tc.frame.hex() == onward.hex()
    assert told is not None
    assert told.frame.hex() == segment(virtual, client, RST, (ACKNOWLEDGED, 0), macs=TO_CLIENT).hex()


@FAMILIES
def test_the_servers_next_segment_resets_both_ends(
    director: Director, caught: tuple[Sniffer, Sniffer], family: str
) -> None:
    """Likewise; a segment without an acknowledgement is acknowledged."""
    client, virtual, real = ENDS[family]
    established(director, family)
    finish(director)
    late = with_numbers(Packet(real, client, TCP, FIN, data=b"more", macs=FROM_SERVER), (SEQUENCE, 0))

    tc = director.tc(late, INNER)
    told = caught[1].next(lambda frame: frame[:6] == TO_SERVER[:6])

    assert tc.verdict == "RESET"
    assert tc.frame.hex() == segment(virtual, client, RST, (SEQUENCE, 0), macs=TO_CLIENT, ttl=63).hex()
    assert told is not None
    answer = segment(client, real, RST | ACK, (0, SEQUENCE + 5), macs=TO_SERVER)
    assert told.frame.hex() == answer.hex()


@FAMILIES
def test_direct_routing_resets_both_ends_by_the_clients_segment(
    director: Director, caught: tuple[Sniffer, Sniffer], family: str
) -> None:
    """The server never sends anything over the director."""
    client, virtual, _ = ENDS[family]
    established(director, family, ForwardingMethod.DIRECT_ROUTE)
    finish(director)
    late = with_numbers(Packet(client, virtual, TCP, ACK, data=b"more"), (SEQUENCE, ACKNOWLEDGED))

    tc = director.tc(late)

    assert tc.verdict == "RESET"
    onward = segment(client, virtual, RST | ACK, (SEQUENCE, ACKNOWLEDGED), macs=TO_SERVER, ttl=63)
    assert tc.frame.hex() == onward.hex()
    assert caught[0].next(lambda frame: frame[:6] == TO_CLIENT[:6])


def test_a_reset_is_passed_on_and_not_answered(director: Director, caught: tuple[Sniffer, Sniffer]) -> None:
    """Two ends that answered resets with resets would never stop."""
    client, virtual, real = ENDS["4"]
    established(director, "4")
    finish(director)
    late = with_numbers(Packet(client, virtual, TCP, RST), (SEQUENCE, 0))

    tc = director.tc(late)

    assert tc.frame.hex() == segment(client, real, RST, (SEQUENCE, 0), macs=TO_SERVER, ttl=63).hex()
    assert caught[0].next(lambda frame: frame[:6] == TO_CLIENT[:6], timeout_s=0.2) is None


def test_a_syn_begins_another_connection(director: Director) -> None:
    """The client may use its port again at once."""
    client, virtual, _ = ENDS["4"]
    established(director, "4")
    finish(director)

    assert director.tc(Packet(client, virtual, TCP, SYN).frame()).verdict == "FORWARD"
    assert director.tc(Packet(client, virtual, TCP, ACK).frame()).verdict == "FORWARD"
    assert invariants.live_connections(director)[0].state == "ESTABLISHED"


def test_segments_are_answered_for_half_a_minute(director: Director) -> None:
    """Then the connection is forgotten, and nothing is left of it."""
    client, virtual, _ = ENDS["4"]
    established(director, "4")
    director.hold()
    finish(director)
    late = Packet(client, virtual, TCP, ACK).frame()

    director.hold()
    director.pass_time((layout.ENDED_LIFE_S - 1) * director.ticks_per_second)
    assert director.tc(late).verdict == "RESET"
    director.pass_time(2 * director.ticks_per_second)
    assert director.tc(late).verdict == "PASS"
    invariants.check_empty(director)


def test_a_late_touch_by_another_processor_does_not_keep_it(director: Director) -> None:
    """A packet that was under way gave it the time of a live connection."""
    established(director, "4")
    finish(director)
    words = director.store.array("conns").words
    late = (director.now() + 900 * director.ticks_per_second) & 0xFFFFFFFF
    words[(layout.CONN_SIZE + layout.CONN_EXPIRES) >> 2] = late

    director.sweep()

    assert director._life(1) != 3
    invariants.check_empty(director)


def test_what_is_ended_counts_no_more_and_is_listed_no_more(director: Director) -> None:
    """At once, while it is still remembered."""
    established(director, "4")
    finish(director)

    (view,) = director.tables.services()
    assert (view.destinations[0].active, view.destinations[0].inactive) == (0, 0)
    assert list(director.tables.connection_rows()) == []


def test_a_batch_that_fails_ends_the_connections_of_what_it_deleted(director: Director) -> None:
    """What it did before stands, and so does what becomes of the connections."""
    established(director, "4")
    key = service_key(ENDS["4"][1], TCP)
    policies.write(director.store, pack_service_key(key), NO_POLICY._replace(on_removed=Fate.RESET))
    gone = DestinationKey(Family.IPV4, *ENDS["4"][2])

    def delete_twice() -> None:
        with director.tables.batch():
            director.tables.delete_destination(key, gone)
            director.tables.delete_destination(key, gone)

    with pytest.raises(NoSuchDestination):
        delete_twice()

    assert list(director.tables.connections()) == []


def test_datagrams_are_scheduled_anew(director: Director) -> None:
    """The client's next one goes to the next server."""
    client, virtual, _ = ENDS["4"]
    add(director.tables, UDP, "10.0.0.1:80", "10.2.1.100:80", "10.2.2.100:80")
    first = director.tc(Packet(client, virtual, UDP).frame()).frame[30:34]

    assert finish(director) == Chosen(others=1)
    assert director.tc(Packet(client, virtual, UDP).frame()).frame[30:34] != first
    invariants.check(director)


@pytest.mark.parametrize("templates", [False, True])
def test_a_persistent_client_comes_back_unless_its_template_is_ended(director: Director, *, templates: bool) -> None:
    """The template goes with its connection or stays for the next."""
    client, virtual, _ = ENDS["4"]
    key = add(director.tables, UDP, "10.0.0.1:80", "10.2.1.100:80", "10.2.2.100:80")
    director.tables.update_service(VirtualService(key, "rr", persistence_timeout_s=100))
    first = director.tc(Packet(client, virtual, UDP).frame()).frame[30:34]

    assert finish(director, ConnectionFilter(templates=templates)) == Chosen(others=1, templates=int(templates))
    assert (director.tc(Packet(client, virtual, UDP).frame()).frame[30:34] == first) is not templates
    (view,) = director.tables.services()
    assert sorted((each.inactive, each.persistent) for each in view.destinations) == [(0, 0), (1, 1)]


FILTERS = {
    "client": (ConnectionFilter(client=Network(end("10.1.8.0:0")[0], 24)), {1000, 2000}),
    "one client": (ConnectionFilter(client=Network(end("10.1.9.5:0")[0], 32)), {3000}),
    "client and port": (ConnectionFilter(client=Network(end("10.1.8.5:0")[0], 32, 2000)), {2000}),
    "every client": (ConnectionFilter(client=Network(end("0.0.0.0:0")[0], 0)), {1000, 2000, 3000}),
    "service": (ConnectionFilter(service=service_key(end("10.0.0.1:80"), UDP)), {2000}),
    "server": (ConnectionFilter(server=Network(end("10.2.3.100:0")[0], 32)), {3000, 4000}),
    "server and port": (ConnectionFilter(server=Network(end("10.2.3.100:0")[0], 32, 81)), {3000}),
    "state": (ConnectionFilter(states=frozenset({"SYN_RECV"})), {1000, 3000}),
    "states": (ConnectionFilter(states=frozenset({"SYN_RECV", "UDP"})), {1000, 2000, 3000, 4000}),
    "protocol": (ConnectionFilter(protocol=UDP), {2000, 4000}),
    "two": (ConnectionFilter(protocol=UDP, server=Network(end("10.2.3.100:0")[0], 32)), {4000}),
    "expiry": (ConnectionFilter(expires_s=100.0, protocol=TCP), {1000, 3000}),
    "early expiry": (ConnectionFilter(expires_s=30.0), set[int]()),
    "nothing": (ConnectionFilter(protocol=TCP, states=frozenset({"UDP"})), set[int]()),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_chooses_what_fits_all_of_it(director: Director, name: str) -> None:
    """Listed, counted and ended are the same."""
    wanted, ports = FILTERS[name]
    add(director.tables, TCP, "10.0.0.1:80", "10.2.1.100:80")
    add(director.tables, UDP, "10.0.0.1:80", "10.2.2.100:80")
    add(director.tables, TCP, "10.0.0.1:81", "10.2.3.100:81")
    add(director.tables, UDP, "10.0.0.1:82", "10.2.3.100:82")
    add(director.tables, UDP, "[2001:db8::1]:82", "[2001:db8:2:1::100]:82")
    for client, virtual, protocol in (
        ("10.1.8.5:1000", "10.0.0.1:80", TCP),
        ("10.1.8.5:2000", "10.0.0.1:80", UDP),
        ("10.1.9.5:3000", "10.0.0.1:81", TCP),
        ("10.1.10.5:4000", "10.0.0.1:82", UDP),
        ("[2001:db8:8::5]:5000", "[2001:db8::1]:82", UDP),
    ):
        director.tc(Packet(end(client), end(virtual), protocol, SYN).frame())
    # Those of IPv6 and of a wider net than these are told apart.
    ports = ports | ({5000} if name in {"states", "protocol"} else set())
    ports = ports | ({4000} if name == "every client" else set())

    with Selection(director.store, wanted) as selection:
        assert {row[2] for row in selection.rows()} == ports
        assert selection.count().connections == len(ports)
        assert selection.end(Act.RESET).connections == len(ports)
        assert selection.count().connections == 0
    assert len(list(director.tables.connection_rows())) == 5 - len(ports)


@pytest.mark.parametrize("act", [Act.RESET, Act.DISCARD])
@pytest.mark.parametrize("method", [ForwardingMethod.MASQUERADE, ForwardingMethod.FULL_NAT], ids=["masq", "fullnat"])
def test_ending_amid_packets_leaves_the_tables_right(director: Director, act: Act, method: ForwardingMethod) -> None:
    """Each connection ends once, whoever changes it meanwhile."""
    for protocol in (TCP, UDP):
        for virtual in ("10.0.0.1:80", "10.0.0.2:80"):
            servers = ("10.2.1.100:80", "10.2.2.100:80")
            key = add(director.tables, protocol, virtual, *servers, scheduler="wlc", forwarding=method)
            local_addresses.add(director.store, LocalAddress(key, LOCALS["4"][0], 1024, 65535))
    stop, done, ended = threading.Event(), list[int](), 0
    threads = [threading.Thread(target=send, args=(director, seed, stop, done)) for seed in range(2)]
    for thread in threads:
        thread.start()
    try:
        with Selection(director.store, ConnectionFilter()) as selection:
            for _ in range(200):
                ended += selection.end(act).connections
                director.sweep()
                stop.wait(0.005)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(done) == 2
    assert ended > 100
    finish(director, ConnectionFilter(), Act.DISCARD)
    invariants.check_empty(director)
    counts = director.store.dests.words[layout.DEST_ENDED >> 2 :: layout.DEST_SIZE >> 2].tolist()
    assert not any(counts)
