# SPDX-License-Identifier: Apache-2.0
"""Tunnels: every type and checksum, both families inside and outside, through tc and through XDP, to the byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.progrun.director import TC_REDIRECT, TO_SERVER, XDP_REDIRECT
from tests.progrun.icmp import answer
from tests.progrun.packets import TCP, UDP, End, Packet, end
from tests.progrun.rules import service_key
from tests.progrun.tunnel import TUNNELS, Free, overhead, tunnelled
from tests.reference.tcp_states import ACK, SYN
from xlvs.model.address import family_of
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod, Tunnel
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director

CLIENT, CLIENT6 = end("10.1.8.5:1000"), end("[2001:db8:8::5]:1000")
VIRTUAL, VIRTUAL6 = end("10.0.0.1:80"), end("[2001:db8::1]:80")
OTHER = end("10.2.2.100:80")
REAL, REAL6 = end("10.2.1.100:80"), end("[2001:db8:2:1::100]:80")
NARROW, TOO_NARROW6 = end("10.2.200.100:80"), end("[2001:db8:2:200::100]:80")
OWN, OWN6 = end("10.2.0.1:0")[0], end("[2001:db8:2::1]:0")[0]

INSIDE = {"IPv4": (CLIENT, VIRTUAL), "IPv6": (CLIENT6, VIRTUAL6)}
OUTSIDE = {"IPv4": (REAL, OWN), "IPv6": (REAL6, OWN6)}
PROGRAMS = ("tc", "xdp")

pytestmark = pytest.mark.parametrize("program", PROGRAMS)


def serve(director: Director, virtual: End, real: End, tunnel: Tunnel) -> None:
    """A TCP and a UDP service with one destination behind a tunnel."""
    director.clear()
    for protocol in (TCP, UDP):
        key = service_key(virtual, protocol)
        director.tables.add_service(VirtualService(key, "rr"))
        end_of = DestinationKey(family_of(real[0]), real[0], virtual[1])
        director.tables.add_destination(key, Destination(end_of, ForwardingMethod.TUNNEL, tunnel=tunnel))


def check(director: Director, program: str, packet: Packet, tunnel: Tunnel, ends: tuple[End, bytes]) -> None:
    """The packet leaves in the tunnel, one hop older."""
    (real, _), own = ends
    outcome = (director.xdp if program == "xdp" else director.tc)(packet.frame())
    assert outcome.verdict == "FORWARD"
    assert outcome.action == (XDP_REDIRECT if program == "xdp" else TC_REDIRECT)
    inner = replace(packet, ttl=packet.ttl - 1).ip()
    expected = tunnelled(inner, tunnel, own, real, TO_SERVER, Free.of(outcome.frame))
    assert outcome.frame.hex() == expected.hex()


@pytest.mark.parametrize("kind", TUNNELS)
@pytest.mark.parametrize("outside", OUTSIDE)
@pytest.mark.parametrize("inside", INSIDE)
def test_packets_leave_in_the_tunnel(loaded: Director, inside: str, outside: str, kind: str, program: str) -> None:
    """SYN, data of odd and even length, UDP, type of service, congestion; by the first and by a remembered way."""
    client, virtual = INSIDE[inside]
    ends, tunnel = OUTSIDE[outside], TUNNELS[kind]
    serve(loaded, virtual, ends[0], tunnel)
    for packet in (
        Packet(client, virtual, TCP, SYN),
        Packet(client, virtual, TCP, ACK, data=b"odd", tos=0xB8),
        Packet(client, virtual, TCP, ACK, data=b"even", ttl=2, tos=0x03),
        Packet(client, virtual, UDP, data=b"question"),
        Packet(client, virtual, UDP, data=b""),
    ):
        check(loaded, program, packet, tunnel, ends)


def test_a_noted_way_that_serves_another_destination_is_not_taken(loaded: Director, program: str) -> None:
    """A note's tick comes again after minutes, when its place in the table may be somebody else's."""
    tunnel, way = TUNNELS["ipip"], 144
    serve(loaded, VIRTUAL, REAL, tunnel)
    other = DestinationKey(family_of(OTHER[0]), OTHER[0], VIRTUAL[1])
    loaded.tables.add_destination(service_key(VIRTUAL, UDP), Destination(other, ForwardingMethod.TUNNEL, tunnel=tunnel))
    check(loaded, program, Packet(CLIENT, VIRTUAL, UDP, data=b"x"), tunnel, (OTHER, OWN))
    check(loaded, program, Packet(CLIENT, VIRTUAL, TCP, SYN), tunnel, (REAL, OWN))
    numbers = {service: loaded.store.listed(service) for service in loaded.store.live_services()}
    (single,) = next(listed for listed in numbers.values() if len(listed) == 1)
    newest, _ = next(listed for listed in numbers.values() if len(listed) == 2)
    loaded.store.set_dest_word(single, way, loaded.store.dest_word(newest, way))
    assert loaded.store.dest_word(single, way)
    check(loaded, program, Packet(CLIENT, VIRTUAL, TCP, ACK), tunnel, (REAL, OWN))


@pytest.mark.parametrize("kind", TUNNELS)
def test_a_udp_datagram_without_a_checksum_is_summed(loaded: Director, kind: str, program: str) -> None:
    """What its own checksum does not tell is read; XDP leaves that to tc, where the tunnel has a checksum."""
    tunnel = TUNNELS[kind]
    serve(loaded, VIRTUAL, REAL, tunnel)
    packet = Packet(CLIENT, VIRTUAL, UDP, data=b"unsummed!", summed=False)
    if program == "xdp" and tunnel.flags:
        assert loaded.xdp(packet.frame()).verdict == "HAND_UP"
    else:
        check(loaded, program, packet, tunnel, OUTSIDE["IPv4"])


def test_padding_stays_outside_the_tunnel(loaded: Director, program: str) -> None:
    """A frame of the least length that Ethernet allows."""
    serve(loaded, VIRTUAL, REAL, Tunnel())
    packet = Packet(CLIENT, VIRTUAL, UDP, data=b"x")
    outcome = (loaded.xdp if program == "xdp" else loaded.tc)(packet.frame() + bytes(17))
    inner = replace(packet, ttl=63).ip()
    assert outcome.frame == tunnelled(inner, Tunnel(), OWN, REAL[0], TO_SERVER, Free.of(outcome.frame))


@pytest.mark.parametrize("kind", TUNNELS)
@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize(("real", "own", "mtu"), [(NARROW, OWN, 1000), (REAL6, OWN6, 1500)])
def test_what_does_not_fit_is_answered_with_the_mtu_that_is_left(
    loaded: Director, inside: str, real: End, own: bytes, mtu: int, kind: str, program: str
) -> None:
    """To the byte: the largest packet that fits leaves, one more byte is answered from the virtual address."""
    client, virtual = INSIDE[inside]
    tunnel = TUNNELS[kind]
    serve(loaded, virtual, real, tunnel)
    left = mtu - overhead(tunnel, real[0])
    empty = Packet(client, virtual, UDP)
    fits = replace(empty, data=bytes(left - len(empty.ip())))
    check(loaded, program, fits, tunnel, (real, own))
    large = replace(fits, data=fits.data + b"x")
    if program == "xdp":
        assert loaded.xdp(large.frame()).verdict == "HAND_UP"
        return
    outcome = loaded.tc(large.frame())
    kind_of = (3, 4) if inside == "IPv4" else (2, 0)
    assert outcome.verdict == "ANSWERED"
    assert outcome.frame.hex() == answer(replace(large, ttl=63), kind_of, rest=left).hex()


def test_a_link_that_leaves_less_than_ipv6_needs_carries_no_tunnel(loaded: Director, program: str) -> None:
    """1,280 bytes must be left inside an outer IPv6 header, as the kernel has it."""
    serve(loaded, VIRTUAL, TOO_NARROW6, Tunnel())
    outcome = (loaded.xdp if program == "xdp" else loaded.tc)(Packet(CLIENT, VIRTUAL).frame())
    assert outcome.verdict == "DROP_TOO_BIG"


def test_the_last_hop_is_answered(loaded: Director, program: str) -> None:
    """Time exceeded, from the virtual address."""
    serve(loaded, VIRTUAL, REAL, Tunnel())
    packet = Packet(CLIENT, VIRTUAL, ttl=1)
    outcome = (loaded.xdp if program == "xdp" else loaded.tc)(packet.frame())
    if program == "xdp":
        assert (outcome.verdict, outcome.frame) == ("HAND_UP", packet.frame())
    else:
        assert (outcome.verdict, outcome.frame) == ("ANSWERED", answer(packet, (11, 0)))


def test_an_edited_tunnel_is_followed_with_the_next_packet(loaded: Director, program: str) -> None:
    """The remembered way was another type's."""
    serve(loaded, VIRTUAL, REAL, Tunnel())
    packet = Packet(CLIENT, VIRTUAL, UDP, data=b"question")
    check(loaded, program, packet, Tunnel(), OUTSIDE["IPv4"])
    end_of = DestinationKey(family_of(REAL[0]), *REAL)
    edited = Destination(end_of, ForwardingMethod.TUNNEL, tunnel=TUNNELS["gre+csum"])
    loaded.tables.update_destination(service_key(VIRTUAL, UDP), edited)
    check(loaded, program, packet, TUNNELS["gre+csum"], OUTSIDE["IPv4"])
