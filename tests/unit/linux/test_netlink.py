# SPDX-License-Identifier: Apache-2.0
"""Answers of the kernel become interfaces and addresses; damaged ones end the walk instead of the program."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from xlvs.linux.interface import parse_address, parse_interface
from xlvs.linux.netlink import attribute, attributes, messages, request, text, u32


def link_message(*found: bytes, ifindex: int = 7, flags: int = 1, hardware: int = 1) -> bytes:
    """An RTM_NEWLINK payload."""
    return struct.pack("=BxHiII", 0, hardware, ifindex, flags, 0) + b"".join(found)


def test_a_request_reads_back_as_one_message() -> None:
    """Header, type, sequence number and payload."""
    (message,) = messages(request(18, 0x300, 5, b"abcd"))
    assert (message.kind, message.sequence, message.payload) == (18, 5, b"abcd")


def test_several_messages_in_one_datagram_are_told_apart() -> None:
    """Each starts on a four-byte boundary."""
    datagram = request(16, 0, 1, b"abc") + b"\0" + request(16, 0, 1, b"defg")
    assert [each.payload for each in messages(datagram)] == [b"abc", b"defg"]


def test_attributes_keep_their_length_without_the_padding() -> None:
    """And lose the flag that says nested."""
    assert attributes(attribute(3, b"v0\0") + attribute(0x8012, b"x")) == {3: b"v0\0", 0x12: b"x"}


def test_absent_attributes_are_zero_and_empty() -> None:
    """So that a device of any age can be described."""
    assert u32(None) == 0
    assert text(None) == ""


def test_a_veth_with_native_xdp_is_described() -> None:
    """Name, kind, the device below and the program that is attached."""
    found = parse_interface(
        link_message(
            attribute(3, b"v0\0"),
            attribute(4, struct.pack("=I", 1500)),
            attribute(1, b"\x02\x00\x00\x00\x00\x01"),
            attribute(5, struct.pack("=I", 3)),
            attribute(10, struct.pack("=I", 9)),
            attribute(18, attribute(1, b"veth\0")),
            attribute(43, attribute(2, b"\x01") + attribute(4, struct.pack("=I", 77))),
        )
    )
    assert (found.ifindex, found.name, found.up, found.kind, found.mtu) == (7, "v0", True, "veth", 1500)
    assert (found.lower, found.master, found.physical) == (3, 9, False)
    assert (found.xdp_mode, found.xdp_program_id) == ("native", 77)


def test_a_device_below_in_another_namespace_is_not_taken_for_one_here() -> None:
    """IFLA_LINK_NETNSID says that the number in IFLA_LINK counts elsewhere."""
    found = parse_interface(link_message(attribute(5, struct.pack("=I", 3)), attribute(37, bytes(4))))
    assert found.lower == 0


def test_a_device_on_a_bus_is_physical() -> None:
    """The name of the parent device makes the difference; nothing is attached and it is down."""
    found = parse_interface(link_message(attribute(56, b"0000:00:03.0\0"), flags=0))
    assert (found.physical, found.parent, found.up, found.xdp_mode) == (True, "0000:00:03.0", False, "")


def test_our_own_end_of_a_point_to_point_link_is_the_address() -> None:
    """IFA_ADDRESS is the peer's there, IFA_LOCAL ours."""
    header = struct.pack("=BBBBI", 2, 32, 0, 0, 4)
    found = parse_address(header + attribute(1, b"\x0a\0\0\x02") + attribute(2, b"\x0a\0\0\x01"))
    assert found == (4, 2, b"\x0a\0\0\x01", 32)


def test_an_ipv6_address_has_no_local_attribute() -> None:
    """IFA_ADDRESS alone is used."""
    header = struct.pack("=BBBBI", 10, 64, 0, 0, 4)
    assert parse_address(header + attribute(1, bytes(15) + b"\x01")).address == bytes(15) + b"\x01"


@given(st.binary(max_size=200))
def test_any_bytes_are_walked_to_their_end(data: bytes) -> None:
    """No message and no attribute reaches beyond what was received."""
    assert sum(len(each.payload) for each in messages(data)) <= len(data)
    assert sum(len(value) for value in attributes(data).values()) <= len(data)
