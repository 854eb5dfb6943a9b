# SPDX-License-Identifier: Apache-2.0
"""Full NAT and TCP's options: whom servers are told of, and that no client can tell them of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.progrun import invariants
from tests.progrun.director import FROM_SERVER, INNER, TO_CLIENT, TO_SERVER
from tests.progrun.packets import TCP, Packet, end, framed, icmp_message, is_sound, option
from tests.progrun.test_fullnat import (
    CLIENT,
    FAMILIES,
    LOCAL,
    PROGRAMS,
    REAL,
    VIRTUAL,
    balance,
    begin,
    source_of,
    through,
)
from tests.reference.tcp_states import ACK, FIN, SYN
from xlvs.ipvs import layout, policies
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.policy import NO_POLICY
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from tests.progrun.packets import End
    from xlvs.model.service import ServiceKey

KIND: Final = 254
NOPS: Final = b"\x01" * 8
FORGED: Final = option((end("10.9.9.9:0")[0], 4711))
MSS: Final = b"\x02\x04\x05\xb4"
FORWARD_HOP: Final = 14  # word of struct conn
DEST_HOP: Final = 152  # of struct dest
FULL_HEADER: Final = b"\x01" * 32  # leaves 8 bytes, and none for ours beside a forged one


def options_of(frame: bytes) -> bytes:
    """TCP's, of a packet without options of IP."""
    start = 14 + (20 if frame[12:14] == b"\x08\x00" else 40)
    return frame[start + 20 : start + (frame[start + 12] >> 4) * 4]


def read(options: bytes) -> Iterator[tuple[int, bytes]]:
    """Kinds and contents as a TCP stack reads them: up to the end, or to what makes no sense."""
    at = 0
    while at < len(options) and options[at]:
        if options[at] == 1:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):
            return
        yield options[at], options[at + 2 : at + length]
        at += length


def believed(frame: bytes) -> bytes | None:
    """What a server takes for the client's port and address."""
    return next((content for kind, content in read(options_of(frame)) if kind == KIND), None)


def silence(director: Director, key: ServiceKey, *, silent: bool = True) -> None:
    """`xlvs service set ... --toa off`, or on."""
    policies.write(director.store, pack_service_key(key), NO_POLICY._replace(no_toa=silent))


@PROGRAMS
@FAMILIES
def test_a_syn_that_claims_to_be_anothers_claims_it_no_more(
    director: Director, client: End, virtual: End, real: End, local: bytes, program: str
) -> None:
    """A server with TCP Fast Open makes its socket of it; XDP leaves it to tc."""
    balance(director, virtual, real, local)
    syn = Packet(client, virtual, TCP, SYN, tcp_options=MSS + FORGED)
    first = through(director, syn, program=program)
    verdict, frame = through(director, syn)

    cleared = replace(syn, tcp_options=MSS + NOPS)
    sent = cleared.sent(source=source_of(frame), destination=real, macs=TO_SERVER).frame()
    assert (verdict, frame) == ("FORWARD", sent)
    assert first == (("HAND_UP", syn.frame()) if program == "xdp" else ("FORWARD", sent))


@PROGRAMS
def test_a_syn_without_a_claim_stays_in_xdp(director: Director, program: str) -> None:
    """What common clients send: MSS, SACK, timestamps, window scale."""
    balance(director, VIRTUAL, REAL, LOCAL)
    usual = MSS + b"\x04\x02\x08\x0a" + bytes(8) + b"\x01\x03\x03\x07"
    syn = Packet(CLIENT, VIRTUAL, TCP, SYN, tcp_options=usual)
    verdict, frame = through(director, syn, program=program)

    sent = syn.sent(source=source_of(frame), destination=REAL, macs=TO_SERVER).frame()
    assert (verdict, frame) == ("FORWARD", sent)


@pytest.mark.parametrize(
    "packet",
    [
        Packet(CLIENT, VIRTUAL, TCP, ACK, tcp_options=FORGED + FULL_HEADER),
        Packet(CLIENT, VIRTUAL, TCP, ACK, tcp_options=FULL_HEADER + FORGED),
        Packet(CLIENT, VIRTUAL, TCP, ACK, tcp_options=FORGED, data=bytes(1452)),
        Packet(CLIENT, VIRTUAL, TCP, ACK, tcp_options=FORGED * 5),
        Packet(CLIENT, VIRTUAL, TCP, ACK | FIN, tcp_options=FORGED * 4 + NOPS),
    ],
    ids=["before", "behind", "no room in the link", "often", "often, and something else"],
)
def test_a_segment_without_room_for_the_option_claims_nothing(director: Director, packet: Packet) -> None:
    """A client could fill the header, so that its own option is the only one."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)
    verdict, frame = through(director, packet)

    cleared = replace(packet, tcp_options=packet.tcp_options.replace(FORGED, NOPS))
    assert (verdict, frame) == ("FORWARD", cleared.sent(source=pair, destination=REAL, macs=TO_SERVER).frame())


def test_no_client_is_believed_whatever_it_sends(director: Director) -> None:
    """Any options: what a server reads first is the director's, or nothing; checksums hold."""
    balance(director, VIRTUAL, REAL, LOCAL)
    begin(director, CLIENT, VIRTUAL)
    own = CLIENT[1].to_bytes(2, "big") + CLIENT[0]
    pieces = st.sampled_from([b"\x01", b"\x00", FORGED, MSS, b"\xfe\x14" + bytes(18), b"\xfe\x08", b"\xfe\x03", b"\xfe\x02", b"\xfe"])  # fmt: skip

    @settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        parts=st.lists(pieces, max_size=24), flags=st.sampled_from([SYN, ACK, ACK | FIN, SYN | ACK]), room=st.booleans()
    )
    def sent(parts: list[bytes], flags: int, room: bool) -> None:
        options = b"".join(parts)[:40]
        options += bytes(-len(options) % 4)
        data = b"data" if room else bytes(1460 - len(options))
        verdict, frame = through(director, Packet(CLIENT, VIRTUAL, TCP, flags, tcp_options=options, data=data))
        assert verdict == "FORWARD"
        assert is_sound(frame)
        assert believed(frame) in (own, None)

    sent()


@FAMILIES
def test_nothing_is_told_where_the_service_does_not_want_it(
    director: Director, client: End, virtual: End, real: End, local: bytes
) -> None:
    """No option, the server's MSS as it is; XDP carries all of it, but for a client that claims to be another."""
    key = balance(director, virtual, real, local)
    silence(director, key)
    third = Packet(client, virtual, TCP, ACK, data=b"GET /")
    pair = begin(director, client, virtual, program="xdp")
    syn = Packet(real, pair, TCP, SYN | ACK, macs=FROM_SERVER, tcp_options=MSS)

    assert through(director, syn, program="xdp", inner=True) == (
        "REPLY",
        syn.sent(source=virtual, destination=client, macs=TO_CLIENT).frame(),
    )
    sent = third.sent(source=pair, destination=real, macs=TO_SERVER).frame()
    assert through(director, third, program="xdp") == through(director, third) == ("FORWARD", sent)
    forged = replace(third, tcp_options=FORGED)
    assert through(director, forged, program="xdp") == ("HAND_UP", forged.frame())
    cleared = replace(third, tcp_options=NOPS).sent(source=pair, destination=real, macs=TO_SERVER).frame()
    assert through(director, forged) == ("FORWARD", cleared)


def test_the_switch_stays_when_the_service_is_edited(director: Director) -> None:
    """And goes with it."""
    key = balance(director, VIRTUAL, REAL, LOCAL)
    silence(director, key)
    director.tables.update_service(VirtualService(key, "wlc"))
    edited = policies.read(director.store, director.store.find_service(pack_service_key(key)))
    director.tables.delete_service(key)
    director.tables.add_service(VirtualService(key, "rr"))
    anew = policies.read(director.store, director.store.find_service(pack_service_key(key)))

    assert edited.no_toa
    assert not anew.no_toa


def test_what_a_server_says_before_its_syn_counts_as_no_answer(director: Director) -> None:
    """A server that holds the pair's former connection in TIME_WAIT acknowledges that first: the new one is told of."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = begin(director, CLIENT, VIRTUAL)
    through(director, Packet(REAL, pair, TCP, ACK, macs=FROM_SERVER), inner=True)
    through(director, Packet(REAL, pair, TCP, SYN | ACK, macs=FROM_SERVER), inner=True)
    third = Packet(CLIENT, VIRTUAL, TCP, ACK)

    told = replace(third, tcp_options=option(CLIENT)).sent(source=pair, destination=REAL, macs=TO_SERVER)
    assert through(director, third) == ("FORWARD", told.frame())


@FAMILIES
def test_a_path_that_is_narrower_than_its_first_link_is_known(
    director: Director, client: End, virtual: End, real: End, local: bytes
) -> None:
    """The client makes its segments fit the path; the option must not make them too long again."""
    balance(director, virtual, real, local)
    pair = begin(director, client, virtual)
    ipv4 = len(client[0]) == 4
    head = 40 if ipv4 else 60
    long = Packet(client, virtual, TCP, ACK, data=bytes(1400))
    fits = Packet(client, virtual, TCP, ACK, data=bytes(1300 - head))
    quoted = long.sent(source=pair, destination=real, macs=TO_SERVER).ip()
    router = end("10.2.9.9:0") if ipv4 else end("[2001:db8:2:9::9]:0")
    error = icmp_message(router[0], pair[0], (3, 4) if ipv4 else (2, 0), quoted[:200], rest=1300, ttl=64)
    told = director.tc(framed(error, FROM_SERVER), INNER)
    forget_ways(director)
    full = through(director, fits)
    small = replace(fits, data=bytes(1300 - head - len(option(client))))
    roomy = through(director, small)
    for key in list(director.store.map("path_mtus").keys()):
        director.store.map("path_mtus").delete(key)

    assert told.verdict == "REPLY_ICMP"
    assert full == ("FORWARD", fits.sent(source=pair, destination=real, macs=TO_SERVER).frame())
    told_in = replace(small, tcp_options=option(client)).sent(source=pair, destination=real, macs=TO_SERVER).frame()
    assert roomy == ("FORWARD", told_in)


def forget_ways(director: Director) -> None:
    """The routing table is asked again, as a moment later."""
    conns, dests = director.store.array("conns").words, director.store.array("dests").memory
    for conn in invariants.live_connections(director):
        if conn.companion is not None:
            conns[(conn.number * layout.CONN_SIZE >> 2) + FORWARD_HOP] = 0
        base = conn.dest * layout.DEST_SIZE + DEST_HOP
        dests[base : base + 8] = bytes(8)
