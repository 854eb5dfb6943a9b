# SPDX-License-Identifier: Apache-2.0
"""Which session a datagram is for, and what is not heard."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.unit.bfd.link import HERE, THERE, packet, settings
from xlvs.bfd.packet import PORT, ControlPacket, State, build
from xlvs.bfd.session import Session
from xlvs.bfd.sessions import Datagram, NotHeard, Sessions

OTHER = ip_address("10.77.0.3").packed
UP = packet(State.UP)
NEW = packet(State.DOWN, your_discriminator=0)


def datagram(said: ControlPacket = UP, **more: Any) -> Datagram:
    """From the neighbor, as it should be."""
    return replace(Datagram(THERE, 50000, HERE, PORT, 255, build(said)), **more)


def host(**more: object) -> Sessions:
    """One with a session of the discriminator 7."""
    return Sessions([Session(settings(**more), 7, lambda: 0.0)])


@pytest.mark.parametrize("said", [UP, NEW])
def test_datagram_is_for_the_session_of_its_discriminator_or_else_of_its_addresses(said: ControlPacket) -> None:
    """RFC 5880 6.8.6."""
    session, heard = host().accept(datagram(said))
    assert (session.discriminator, heard) == (7, said)


def test_session_without_a_source_takes_packets_to_any_address() -> None:
    """source_ip may be left out."""
    assert host(source=b"").accept(datagram(NEW, destination=OTHER))[0].discriminator == 7


NOT_HEARD = [
    ({"ttl": 254}, "Packet ttl(254) < 255 - discarding"),
    (
        {"source": OTHER},
        "Discarding packet from [10.77.0.3]:50000 (session is not found - your discriminator field is 0x00000007)",
    ),
    (
        {"said": NEW, "source": OTHER},
        "Discarding packet from [10.77.0.3]:50000 (session is not found - your discriminator field is 0x00000000)",
    ),
    (
        {"said": NEW, "destination": OTHER},
        "Discarding packet from [10.77.0.2]:50000 (session is not found - your discriminator field is 0x00000000)",
    ),
    (
        {"said": packet(State.UP, your_discriminator=0x1234)},
        "Discarding packet from [10.77.0.2]:50000 (session is not found - your discriminator field is 0x00001234)",
    ),
    (
        {"port": 4784},
        "Discarding packet from [10.77.0.2]:50000 (session is not found - your discriminator field is 0x00000007)",
    ),
]


@pytest.mark.parametrize(("more", "line"), NOT_HEARD)
def test_strangers_are_not_heard_and_the_log_says_so(more: dict[str, Any], line: str) -> None:
    """From elsewhere, from afar, for nobody."""
    with pytest.raises(NotHeard) as refusal:
        host().accept(datagram(**more))
    assert refusal.value.lines == (line,)


def test_flaw_of_a_packet_is_logged_with_its_sender() -> None:
    """Two lines, as the original's."""
    with pytest.raises(NotHeard) as refusal:
        host().accept(datagram(payload=b"short"))
    assert refusal.value.lines == ("Packet is too small: 5 bytes", "Discarding bogus packet from [10.77.0.2]:50000")


def test_authenticated_packets_are_not_heard() -> None:
    """No session here has a key."""
    data = bytearray(build(UP))
    data[1] |= 4
    with pytest.raises(NotHeard, match="auth bit is set, but no authentication  is in use"):
        host().accept(datagram(payload=bytes(data)))


@pytest.mark.parametrize(("least", "ttl"), [(255, 255), (253, 253), (0, 1), (0, 0)])
def test_packets_from_as_far_as_allowed_are_heard(least: int, ttl: int) -> None:
    """max_hops."""
    assert host(ttl_least=least).accept(datagram(ttl=ttl))[0].discriminator == 7


def test_sessions_with_the_same_neighbor_are_told_apart_by_their_source() -> None:
    """Each hears what is for its own address."""
    one, two = (Session(settings(source=each), number, lambda: 0.0) for number, each in ((7, HERE), (8, OTHER)))
    both = Sessions([one, two])
    assert [both.accept(datagram(NEW, destination=each))[0] for each in (HERE, OTHER)] == [one, two]


def test_link_local_neighbors_are_told_apart_by_their_interface() -> None:
    """The same address may be on each."""
    one, two = (Session(settings(interface=each), number, lambda: 0.0) for number, each in ((7, "eth0"), (8, "eth1")))
    both = Sessions([one, two])
    assert [both.accept(datagram(NEW, interface=each))[0] for each in ("eth0", "eth1")] == [one, two]
    assert both.accept(datagram(UP, interface="eth0"))[0] is one
    for said in (NEW, UP):
        with pytest.raises(NotHeard, match="session is not found"):
            both.accept(datagram(said, interface="eth2"))


def test_addresses_of_ipv6_are_logged_in_brackets() -> None:
    """As the original's."""
    there = ip_address("fd00::2").packed
    with pytest.raises(NotHeard, match=r"from \[fd00::2\]:50000"):
        host().accept(datagram(source=there))
