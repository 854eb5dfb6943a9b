# SPDX-License-Identifier: Apache-2.0
"""Lines of frames, and checksums that are completed."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.lab.packet_line import complete, describe

_ETHERNET = bytes.fromhex("020000000102020000000101")


def ipv4(protocol: int, payload: bytes, *, fragment: int = 0) -> bytes:
    """A frame from 10.0.0.1 to 10.0.0.2."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0)
    return _ETHERNET + b"\x08\x00" + head + bytes((10, 0, 0, 1, 10, 0, 0, 2)) + payload


def ipv6(protocol: int, payload: bytes) -> bytes:
    """A frame from ::1 to ::2."""
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64)
    return _ETHERNET + b"\x86\xdd" + head + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


_TCP = struct.pack(">HHIIBBHHH", 1234, 80, 0, 0, 5 << 4, 0x12, 0, 0, 0)
_UDP = struct.pack(">HHHH", 5, 53, 11, 0) + b"abc"


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (ipv4(6, _TCP + b"hello"), "tcp 10.0.0.1:1234 > 10.0.0.2:80 SYN ACK, 5 bytes"),
        (ipv4(17, _UDP), "udp 10.0.0.1:5 > 10.0.0.2:53, 3 bytes"),
        (ipv4(1, bytes((8, 0))), "icmp 10.0.0.1 > 10.0.0.2 echo request"),
        (ipv4(112, b"xy"), "vrrp 10.0.0.1 > 10.0.0.2, 2 bytes"),
        (ipv4(200, b"xy"), "protocol 200 10.0.0.1 > 10.0.0.2, 2 bytes"),
        (ipv4(17, _UDP, fragment=0x2000), "udp 10.0.0.1:5 > 10.0.0.2:53, 3 bytes fragment at 0+"),
        (ipv4(17, b"rest", fragment=185), "udp 10.0.0.1 > 10.0.0.2 fragment at 1480, 4 bytes"),
        (ipv6(6, _TCP), "tcp [::1]:1234 > [::2]:80 SYN ACK, 0 bytes"),
        (ipv6(0, bytes((58, 0)) + bytes(6) + bytes((143, 0))), "icmp6 ::1 > ::2 listener report"),
        (ipv6(44, bytes((17, 0, 5, 0xA8)) + bytes(4) + b"rest"), "udp ::1 > ::2 fragment at 1448, 4 bytes"),
        (_ETHERNET + b"\x81\0\0\x2a" + ipv4(17, _UDP)[12:], "vlan 42 udp 10.0.0.1:5 > 10.0.0.2:53, 3 bytes"),
        (
            _ETHERNET
            + b"\x08\x06"
            + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1)
            + bytes(6)
            + b"\n\0\0\1"
            + bytes(6)
            + b"\n\0\0\2",
            "arp who has 10.0.0.2, tell 10.0.0.1",
        ),
        (_ETHERNET + b"\x88\xcc" + bytes(46), "02:00:00:00:01:01 > 02:00:00:00:01:02 ethertype 88cc, 46 bytes"),
    ],
)
def test_a_frame_is_one_line(frame: bytes, line: str) -> None:
    """What it is, whose, and how much."""
    assert describe(frame) == line


@given(st.binary(max_size=120), st.sampled_from([b"", _ETHERNET + b"\x08\x00", _ETHERNET + b"\x86\xdd"]))
def test_no_frame_is_too_strange_for_a_line(data: bytes, head: bytes) -> None:
    """Cut short or nonsense."""
    assert "\n" not in describe(head + data)


@given(st.binary(min_size=40, max_size=99), st.sampled_from([6, 16]))
def test_a_completed_checksum_makes_the_sum_right(data: bytes, offset: int) -> None:
    """Together with what stood in its field, which is the pseudo header's part."""
    start = 14
    (part,) = struct.unpack_from(">H", data, start + offset)
    whole = complete(data, start, offset)
    padded = whole[start:] + b"\0" * (len(whole) - start & 1)
    total = part + sum(struct.unpack(f">{len(padded) // 2}H", padded))

    assert (total % 0xFFFF) == 0
    assert whole[: start + offset] == data[: start + offset]
    assert whole[start + offset + 2 :] == data[start + offset + 2 :]


def test_the_checksum_of_udp_is_never_none() -> None:
    """Zero means that there is none (RFC 768)."""
    assert complete(bytes(12) + b"\xff\xff", 0, 6)[6:8] == b"\xff\xff"


def test_what_has_another_checksum_or_is_cut_stays() -> None:
    """SCTP's is no sum."""
    assert complete(bytes(40), 14, 8) == bytes(40)
    assert complete(bytes(20), 14, 16) == bytes(20)
