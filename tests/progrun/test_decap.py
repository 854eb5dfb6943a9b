# SPDX-License-Identifier: Apache-2.0
"""The real server's end of a tunnel, packet by packet: what is taken off, what is left alone, what is dropped."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.progrun import decaps, tunnels
from tests.progrun.decaps import DIRECTOR, DIRECTOR6, DROPPED, NEXT, OTHER, OWN, OWN6, PASSED, REQUEST, REQUEST6, Decap
from tests.progrun.packets import INBOUND_MACS, TCP, UDP, Packet, checksum, end, framed, is_sound
from xlvs.ipvs.objects import object_path
from xlvs.linux.btf import Btf
from xlvs.realserver.decap import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

INNER_MTU: Final = decaps.INNER_MTU
ENDS: Final = pytest.mark.parametrize("ends", [(DIRECTOR, OWN), (DIRECTOR6, OWN6)], ids=["by4", "by6"])
INNER: Final = pytest.mark.parametrize("inner", [REQUEST, REQUEST6], ids=["4", "6"])


@pytest.fixture(scope="module")
def decap() -> Iterator[Decap]:
    """One for all packets."""
    with decaps.loaded() as made:
        yield made


def test_user_space_names_the_outcomes_as_the_program_does() -> None:
    """The order of the names is the numbering of the enum."""
    numbers = Btf.from_elf(Path(object_path("decap")).read_bytes()).enum("decap_outcome")
    named = sorted((number, name) for name, number in numbers.items() if number < numbers["DECAP_OUTCOME_COUNT"])
    assert tuple(name.removeprefix("DECAP_").lower() for _, name in named) == OUTCOMES


@ENDS
@INNER
@pytest.mark.parametrize("form", tunnels.forms((DIRECTOR, OWN), REQUEST.ip()))
def test_the_inner_packet_comes_out_as_it_was(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, form: str
) -> None:
    """Every kind of tunnel, either family in either, with and without checksum."""
    assert decap.run(tunnels.forms(ends, inner.ip())[form]) == (PASSED, inner.frame(), {"done": 1})


@ENDS
@INNER
@pytest.mark.parametrize("form", ["gre summed", "gue summed", "gue direct"])
def test_a_checksum_that_does_not_hold_is_noticed(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, form: str
) -> None:
    """One bit of the payload is enough."""
    frame = bytearray(tunnels.forms(ends, inner.ip())[form])
    frame[-1] ^= 1
    code, _, counted = decap.run(bytes(frame))
    assert (code, counted) == (DROPPED, {"drop_checksum": 1})


def test_the_outer_ip_header_is_checked(decap: Decap) -> None:
    """The host's stack does not see it any more, so nobody else would."""
    frame = bytearray(tunnels.ipip(DIRECTOR, OWN, REQUEST.ip()))
    frame[14 + 8] ^= 1
    code, _, counted = decap.run(bytes(frame))
    assert (code, counted) == (DROPPED, {"drop_checksum": 1})


@ENDS
@INNER
@pytest.mark.parametrize("form", ["gre summed", "gue summed"])
def test_an_inner_checksum_left_to_hardware_does_not_spoil_the_outer_one(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, form: str
) -> None:
    """On one machine packets never see hardware: the outer sum is that of the packet as it would have been sent."""
    whole, ready = inner.ip(), tunnels.forms(ends, inner.ip())[form]
    left = tunnels.left_to_receiver(whole, TCP, 16)
    frame = ready[: -len(whole)] + left
    assert decap.run(frame) == (PASSED, framed(left), {"done": 1})


@ENDS
@INNER
@pytest.mark.parametrize(("protocol", "place"), [(TCP, 16), (UDP, 6)])
def test_a_remote_checksum_is_made_good(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, protocol: int, place: int
) -> None:
    """GUE may leave the inner checksum to the receiver: what comes out is whole."""
    packet = replace(inner, protocol=protocol)
    left = tunnels.left_to_receiver(packet.ip(), protocol, place)
    start = len(left) - len(packet.transport())
    head = tunnels.remote_checksum_head(left, start, start + place)
    code, after, counted = decap.run(tunnels.gue(*ends, left, summed=True, head=head))
    assert (code, after, counted) == (PASSED, packet.frame(), {"done": 1})
    assert is_sound(after)


@ENDS
@INNER
@pytest.mark.parametrize(
    ("outer", "inside", "after"),
    [
        (0, 0, 0), (0, 1, 1), (0, 2, 2), (0, 3, 3),
        (1, 0, 0), (1, 1, 1), (1, 2, 1), (1, 3, 3),
        (2, 0, 0), (2, 1, 1), (2, 2, 2), (2, 3, 3),
        (3, 0, None), (3, 1, 3), (3, 2, 3), (3, 3, 3),
    ],
)  # fmt: skip
def test_congestion_is_told_inwards(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, outer: int, inside: int, after: int | None
) -> None:
    """RFC 6040, figure 4: all sixteen pairs; the rest of the field, and the TTL, are the inner packet's own."""
    dscp = 0x28
    packet = replace(inner, tos=dscp | inside)
    code, frame, counted = decap.run(tunnels.ipip(*ends, packet.ip(), tos=0x50 | outer))
    if after is None:
        assert (code, counted) == (DROPPED, {"drop_ecn": 1})
    else:
        assert (code, frame, counted) == (PASSED, replace(packet, tos=dscp | after).frame(), {"done": 1})


@pytest.mark.parametrize(
    ("frame", "counted"),
    [
        (tunnels.ipip(DIRECTOR, OTHER, REQUEST.ip()), {"not_own": 1}),
        (tunnels.gre(DIRECTOR, OTHER, REQUEST.ip(), summed=True), {"not_own": 1}),
        (tunnels.gue(DIRECTOR, OTHER, REQUEST.ip(), summed=True), {}),
        (tunnels.ipip(DIRECTOR, OWN, replace(REQUEST, destination=end("203.0.113.2:80")).ip()), {"not_vip": 1}),
        (tunnels.ipip(DIRECTOR, OWN, replace(REQUEST, destination=(OWN, 80)).ip()), {"not_vip": 1}),
        (tunnels.gre(DIRECTOR, OWN, REQUEST.ip(), summed=False, flags=0x2000), {}),
        (tunnels.gue(DIRECTOR, OWN, REQUEST.ip(), summed=True, port=53), {}),
        (REQUEST.frame(), {}),
        (replace(REQUEST, destination=(OWN, 80), protocol=UDP).frame(), {}),
        (INBOUND_MACS + b"\x08\x06" + bytes(46), {}),
        (framed(b"\x45" + bytes(19)), {}),
    ],
    ids=[
        "ipip for another host", "gre for another host", "gue for another host", "for no virtual address",
        "for an own address", "gre with a key", "another port", "a plain request", "plain udp", "arp", "a stump",
    ],
)  # fmt: skip
def test_what_is_not_meant_is_left_alone(decap: Decap, frame: bytes, counted: dict[str, int]) -> None:
    """The packet is untouched and whoever comes next gets it."""
    assert decap.run(frame) == (NEXT, frame, counted)


@pytest.mark.parametrize(
    "frame",
    [
        tunnels.ipip(DIRECTOR, OWN, b"\x15" + REQUEST.ip()[1:]),
        tunnels.ipip(DIRECTOR, OWN, REQUEST.ip()[:-1]),
        tunnels.gue(DIRECTOR, OWN, REQUEST.ip(), summed=True, head=b"\x20\x04\x00\x00"),
        tunnels.gue(DIRECTOR, OWN, REQUEST.ip(), summed=True, head=b"\x00\x04\x80\x00"),
        tunnels.gue(
            DIRECTOR, OWN, REQUEST.ip(), summed=True, head=b"\x02\x04\x00\x01" + bytes.fromhex("8000000000287fff")
        ),
        tunnels.gue(DIRECTOR, OWN, REQUEST.ip(), summed=True, head=b"\x01\x04\x00\x01" + bytes.fromhex("40000000")),
    ],
    ids=["version", "cut short", "gue control", "gue flag", "remote checksum outside", "private flag"],
)
def test_headers_that_contradict_each_other_are_dropped(decap: Decap, frame: bytes) -> None:
    """Addressed to us as a tunnel packet, but none that can be taken apart."""
    code, _, counted = decap.run(frame)
    assert (code, counted) == (DROPPED, {"drop_malformed": 1})


LONG: Final = replace(REQUEST, data=bytes(range(250)) * 5)
LONG6: Final = replace(REQUEST6, data=bytes(range(250)) * 5)
LONG_INNER: Final = pytest.mark.parametrize("inner", [LONG, LONG6], ids=["4", "6"])
HELD = (DROPPED, {"held": 1})


def verdicts(decap: Decap, frames: list[bytes]) -> list[tuple[int, dict[str, int]]]:
    """Return values and counts of one packet after the other."""
    return [(code, counted) for code, _, counted in (decap.run(frame) for frame in frames)]


@ENDS
@LONG_INNER
@pytest.mark.parametrize("form", tunnels.forms((DIRECTOR, OWN), REQUEST.ip()))
def test_fragments_of_outer_packets_are_put_together(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, form: str
) -> None:
    """What comes out is the inner packet, whole, with the last one."""
    *first, last = tunnels.split(tunnels.forms(ends, inner.ip())[form], 640, 1200)
    assert verdicts(decap, first) == [HELD, HELD]
    assert decap.run(last) == (PASSED, inner.frame(), {"done": 1})


@ENDS
@LONG_INNER
@pytest.mark.parametrize("form", ["ipip", "gre summed"])
def test_the_order_of_fragments_does_not_matter(
    decap: Decap, ends: tuple[bytes, bytes], inner: Packet, form: str
) -> None:
    """The packet goes on in the one that comes last, whichever it is; what came twice counts once."""
    one, two, three = tunnels.split(tunnels.forms(ends, inner.ip())[form], 640, 1200)
    assert verdicts(decap, [three, two, three, two]) == [HELD] * 4
    assert decap.run(one) == (PASSED, inner.frame(), {"done": 1})


def test_fragments_of_gue_wait_for_the_port(decap: Decap) -> None:
    """Before the first one nobody knows whose they are: the host's stack gets them too."""
    one, two, three = tunnels.split(tunnels.gue(DIRECTOR, OWN, LONG.ip(), summed=True), 640, 1200, ident=9)
    assert verdicts(decap, [three, one]) == [(NEXT, {}), HELD]
    assert decap.run(two) == (PASSED, LONG.frame(), {"done": 1})


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_fragments_of_other_udp_are_the_hosts(decap: Decap, order: tuple[int, ...]) -> None:
    """Nothing of them is changed or held."""
    pieces = tunnels.split(tunnels.gue(DIRECTOR, OWN, LONG.ip(), summed=True, port=53), 640, 1200, ident=11)
    assert [decap.run(pieces[each]) for each in order] == [(NEXT, pieces[each], {}) for each in order]


@ENDS
def test_fragments_of_anothers_tunnel_go_on_as_one_packet(decap: Decap, ends: tuple[bytes, bytes]) -> None:
    """Only when they are together it shows that the inner packet is for no virtual address."""
    inner = replace(LONG, destination=end("203.0.113.2:80")).ip()
    first, last = tunnels.split(tunnels.ipip(*ends, inner, bits=0), 640, ident=13)
    assert verdicts(decap, [first]) == [HELD]
    code, whole, counted = decap.run(last)
    assert (code, counted) == (NEXT, {"not_vip": 1})
    assert is_sound(whole)
    assert whole.endswith(inner)
    assert len(whole) == 14 + (20 if len(ends[0]) == 4 else 48) + len(inner)


@pytest.mark.parametrize("marked", [0, 1])
def test_congestion_of_one_fragment_is_that_of_the_packet(decap: Decap, marked: int) -> None:
    """RFC 3168, section 5.3."""
    inner = replace(LONG, tos=2)
    pieces = [
        tunnels.split(tunnels.ipip(DIRECTOR, OWN, inner.ip(), tos=3 if number == marked else 2), 640, ident=15)[number]
        for number in (0, 1)
    ]
    assert verdicts(decap, pieces[:1]) == [HELD]
    assert decap.run(pieces[1]) == (PASSED, replace(inner, tos=3).frame(), {"done": 1})


def test_fragments_that_overlap_end_the_packet(decap: Decap) -> None:
    """RFC 5722 for IPv6; the kernel treats IPv4 alike."""
    frame = tunnels.ipip(DIRECTOR, OWN, LONG.ip())
    one, two, _ = tunnels.split(frame, 640, 1200, ident=17)
    overlapping = tunnels.split(frame, 632, 1200, ident=17)[1]
    assert verdicts(decap, [one, overlapping, two]) == [HELD, (DROPPED, {"drop_fragments": 1}), HELD]


def test_a_fragment_of_a_packet_that_would_be_too_long_is_dropped(decap: Decap) -> None:
    """A packet in one piece has its limit, about 16 KiB."""
    piece = tunnels.split(
        tunnels.ipip(DIRECTOR, OWN, replace(LONG, data=bytes(20_000)).ip()), 16_000, 16_800, ident=19
    )[1]
    assert verdicts(decap, [piece]) == [(DROPPED, {"drop_fragments": 1})]


def syn_ack(packet: Packet, options: bytes) -> bytes:
    """The answer of a virtual address, with TCP options of whole words."""
    answer = replace(packet, source=packet.destination, destination=packet.source, flags=0x12, data=options)
    ip = bytearray(answer.ip())
    start = len(ip) - len(answer.transport())
    ip[start + 12] = (5 + len(options) // 4) << 4
    ip[start + 16 : start + 18] = bytes(2)
    ends = (ip[12:16], ip[16:20]) if answer.ipv4 else (ip[8:24], ip[24:40])
    pseudo = bytes(ends[0] + ends[1]) + struct.pack("!II", len(ip) - start, TCP)
    ip[start + 16 : start + 18] = checksum(pseudo + bytes(ip[start:])).to_bytes(2, "big")
    return framed(bytes(ip))


@INNER
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("020405b4", "0204{}"),
        ("01010402020405b4", "010104020204{}"),
        ("01020405b4010101", "010204{}010101"),
        ("02040200", "02040200"),
        ("010303070101010100000000", "010303070101010100000000"),
        ("", ""),
    ],
    ids=["first", "later", "at an odd place", "small enough", "without", "no options"],
)
def test_answers_ask_for_segments_that_fit(decap: Decap, inner: Packet, options: str, expected: str) -> None:
    """The MSS of a SYN from a virtual address is that of the tunnel, its checksum holds, all else stays."""
    most = INNER_MTU - (40 if inner.ipv4 else 60)
    after = decap.answer(syn_ack(inner, bytes.fromhex(options)))
    assert after == syn_ack(inner, bytes.fromhex(expected.format(f"{most:04x}")))


def test_answers_of_other_addresses_keep_their_mss(decap: Decap) -> None:
    """Only virtual addresses get their requests through a tunnel."""
    frame = syn_ack(replace(REQUEST, destination=(OWN, 80)), bytes.fromhex("020405b4"))
    assert decap.answer(frame) == frame
