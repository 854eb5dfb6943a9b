# SPDX-License-Identifier: Apache-2.0
"""A packet that did not leave as it must is found out."""

import struct

import pytest

from bench.netns.topology import DESTINATIONS4, DESTINATIONS6
from bench.progrun.packets import CLIENT4, VIP4, Packet, ipv4, ipv6, ones_complement_sum
from bench.progrun.verify import faulty

ELSEWHERE = bytes.fromhex("020000000009020000000001")


def routed(packet: Packet) -> bytes:
    """The packet one hop later: time to live and the header's checksum, addressed to the next hop."""
    whole = bytearray(packet.data)
    if whole[14] >> 4 == 6:
        whole[21] -= 1
    else:
        whole[22] -= 1
        whole[24:26] = b"\0\0"
        whole[24:26] = struct.pack("!H", ones_complement_sum(bytes(whole[14:34])))
    return ELSEWHERE + bytes(whole[12:])


def tunnelled(inner: bytes, target: str) -> bytes:
    """An IPv4 frame that was routed, in another one to a destination."""
    outer = bytearray(ipv4(source="10.72.1.1", target=target).data[14:34])
    outer[2:4], outer[9], outer[10:12] = struct.pack("!H", len(inner) - 14 + 20), 4, b"\0\0"
    outer[10:12] = struct.pack("!H", ones_complement_sum(bytes(outer)))
    return inner[:14] + bytes(outer) + inner[14:]


SENT = ipv4().data
NAT, DR = routed(ipv4(target=DESTINATIONS4[0])), routed(ipv4())
TUNNEL = tunnelled(DR, DESTINATIONS4[0])


@pytest.mark.parametrize(("frame", "forwards"), [(NAT, "NAT"), (DR, "DR"), (TUNNEL, "tunnel")])
def test_a_packet_that_was_forwarded_is_right(frame: bytes, forwards: str) -> None:
    """By every method."""
    assert faulty(frame, SENT, forwards) == ""


def test_an_ipv6_packet_that_was_translated_is_right() -> None:
    """Its header has no checksum."""
    assert faulty(routed(ipv6(target=DESTINATIONS6[3])), ipv6().data, "NAT") == ""


def test_an_answer_must_come_from_the_virtual_address() -> None:
    """As the client asked that one."""
    answer = ipv4(source=DESTINATIONS4[0], target=CLIENT4, ports=(8080, 1024)).data
    told = routed(ipv4(source=VIP4, target=CLIENT4, ports=(80, 1024)))
    assert faulty(told, answer, "reply") == ""
    assert faulty(ELSEWHERE + routed(ipv4(source="10.1.1.1"))[12:], answer, "reply") == "not from the virtual address"


@pytest.mark.parametrize("forwards", ["NAT", "DR", "tunnel"])
def test_a_packet_that_came_back_as_it_was_is_found_out(forwards: str) -> None:
    """Whoever hands it up has done nothing."""
    assert faulty(SENT, SENT, forwards) == "addressed to the director itself"


@pytest.mark.parametrize("forwards", ["NAT", "tunnel"])
def test_a_packet_that_was_only_routed_is_found_out(forwards: str) -> None:
    """The methods are told apart."""
    assert faulty(DR, SENT, forwards)


@pytest.mark.parametrize(("where", "wrong"), [(24, "IP checksum"), (50, "TCP checksum")])
def test_a_packet_with_a_stale_checksum_is_found_out(where: int, wrong: str) -> None:
    """The destination written without its checksums is the classic mistake."""
    assert faulty(NAT[:where] + b"\0\0" + NAT[where + 2 :], SENT, "NAT") == wrong


def test_a_stale_checksum_inside_a_tunnel_is_found_out() -> None:
    """One hop less to live changes that of the inner header."""
    assert faulty(TUNNEL[:44] + b"\0\0" + TUNNEL[46:], SENT, "tunnel") == "checksum inside"


def test_a_packet_that_lost_no_time_to_live_is_found_out() -> None:
    """A director forwards as a router does."""
    assert faulty(ELSEWHERE + SENT[12:], SENT, "DR") == "protocol 6, time to live 64"
