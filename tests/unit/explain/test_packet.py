# SPDX-License-Identifier: Apache-2.0
"""Frames made of a question: as long as asked for, whole, and with sums that hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.progrun.packets import Packet, crc32c, is_sound
from tests.unit.explain.made import end
from xlvs.explain import frame as frames
from xlvs.explain import packet
from xlvs.explain.question import ICMP, ICMPV6, SCTP, TCP, UDP, End, Question

RECEIVER = bytes.fromhex("0200000000d1")
IPV4 = end("10.1.8.5:1000"), end("10.0.0.1:80")
IPV6 = end("[2001:db8::5]:1000"), end("[2001:db8::1]:80")
ERROR = Question(ICMP, *IPV4, message=(3, 3), quoted=Question(TCP, *IPV4))


@pytest.mark.parametrize("ends", [IPV4, IPV6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_a_frame_is_as_the_tests_make_it(protocol: int, ends: tuple[End, End]) -> None:
    """Two that make packets agree, byte by byte but for the link."""
    asked = Question(protocol, *ends, data=b"hello", ttl=9, tos=8)
    source, destination = ends
    expected = Packet(
        (source.address, source.port),
        (destination.address, destination.port),
        protocol,
        asked.flags,
        ttl=9,
        tos=8,
        data=b"hello",
    )
    assert packet.frame(asked, RECEIVER)[12:] == expected.frame()[12:]


@pytest.mark.parametrize(
    "asked",
    [
        ERROR,
        Question(ICMPV6, *IPV6, message=(1, 4), quoted=Question(UDP, *IPV6)),
        Question(UDP, *IPV4, length=1500),
        Question(UDP, *IPV4, data=b"odd"),
        Question(ICMP, *IPV4),
    ],
)
def test_sums_hold(asked: Question) -> None:
    """Of errors, of long and odd messages."""
    assert is_sound(packet.frame(asked, RECEIVER))


def test_sctp_has_its_own_sum_and_whole_chunks() -> None:
    """RFC 9260: CRC32c in the byte order of its own, chunks of four bytes each."""
    whole = packet.ip_packet(Question(SCTP, *IPV4, length=99))[20:]
    assert crc32c(whole[:8] + bytes(4) + whole[12:]) == int.from_bytes(whole[8:12], "little")
    assert len(whole) % 4 == 0


@pytest.mark.parametrize("ends", [IPV4, IPV6])
@pytest.mark.parametrize("protocol", [TCP, UDP, SCTP])
def test_a_length_is_the_ip_packets(protocol: int, ends: tuple[End, End]) -> None:
    """With its headers."""
    assert len(packet.ip_packet(Question(protocol, *ends, length=1000))) == 1000


@pytest.mark.parametrize("ends", [IPV4, IPV6])
def test_another_ttl_keeps_the_sum(ends: tuple[End, End]) -> None:
    """It wraps where it is a byte."""
    asked = Question(TCP, *ends)
    assert packet.with_ttl(packet.frame(asked, RECEIVER), 5) == packet.frame(replace(asked, ttl=5), RECEIVER)
    assert packet.with_ttl(packet.frame(asked, RECEIVER), -1) == packet.frame(replace(asked, ttl=255), RECEIVER)


@pytest.mark.parametrize("ends", [IPV4, IPV6])
def test_what_is_made_is_read(ends: tuple[End, End]) -> None:
    """Ends, TTL and length, of an error also what it is about."""
    seen = frames.read(packet.frame(Question(UDP, *ends, data=b"1234", ttl=3), RECEIVER))
    assert seen is not None
    assert (seen.source, seen.destination, seen.ttl) == (*ends, 3)
    quoted = frames.read(packet.frame(ERROR, RECEIVER))
    assert quoted is not None
    assert quoted.quoted is not None
    assert (quoted.message, quoted.quoted.destination) == ((3, 3), IPV4[1])


def test_tunnels_are_looked_into() -> None:
    """IPIP, GRE, and GUE on its port."""
    inner = packet.ip_packet(Question(TCP, *IPV4))
    outer = Question(UDP, end("10.2.0.1:7"), end("10.2.1.100:6080"), data=bytes((0, 4, 0, 0)) + inner)
    seen = frames.read(packet.frame(outer, RECEIVER), 6080)
    assert seen is not None
    assert (seen.kind, seen.inner and seen.inner.destination) == ("gue", IPV4[1])
    head = packet.ip_packet(replace(outer, data=b""))[:20]
    for protocol, shim, kind in (
        (4, b"", "ipip"),
        (47, bytes((0, 0, 8, 0)), "gre"),
        (47, bytes((128, 0, 8, 0, 0, 0, 0, 0)), "gre"),
    ):
        seen = frames.read(RECEIVER * 2 + b"\x08\x00" + head[:9] + bytes((protocol,)) + head[10:] + shim + inner)
        assert seen is not None
        assert (seen.kind, seen.inner and seen.inner.source) == (kind, IPV4[0])


def test_what_is_no_ip_is_not_read() -> None:
    """Nor what is cut short."""
    assert frames.read(bytes(14)) is None
    assert frames.read(bytes(60)) is None
