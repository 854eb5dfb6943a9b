# SPDX-License-Identifier: Apache-2.0
"""Bytes of capture files."""

import struct

import pytest

from xlvs.lab.capture_file import Pcap, Pcapng

_TIME = 1_700_000_000_123_456_789


def test_a_plain_file_has_nanoseconds() -> None:
    """The magic number says so; Ethernet; the length of before it was cut is kept."""
    pcap = Pcap(96)

    assert pcap.head() == struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 96, 1)
    assert (
        pcap.packet(0, _TIME, b"abc", 60, outgoing=True)
        == struct.pack("<IIII", 1_700_000_000, 123_456_789, 3, 60) + b"abc"
    )
    assert pcap.tail(_TIME, [(1, 0)]) == b""


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_blocks_are_whole_words_and_end_with_their_length(length: int) -> None:
    """A reader can go through them in both directions."""
    pcapng = Pcapng(65535, ["a:eth0", "b:eth0"])
    content = (
        pcapng.head()
        + pcapng.packet(1, _TIME, b"x" * length, 60, outgoing=False)
        + pcapng.tail(_TIME, [(5, 1), (6, 0)])
    )

    kinds, at = [], 0
    while at < len(content):
        kind, size = struct.unpack_from("<II", content, at)
        assert size % 4 == 0
        assert struct.unpack_from("<I", content, at + size - 4) == (size,)
        kinds.append(kind)
        at += size

    assert kinds == [0x0A0D0D0A, 1, 1, 6, 5, 5]


def test_a_packet_has_its_interface_time_and_direction() -> None:
    """An enhanced packet block with the option epb_flags."""
    block = Pcapng(65535, ["a"]).packet(7, _TIME, b"abcde", 60, outgoing=True)

    assert struct.unpack_from("<IIIII", block, 8) == (7, _TIME >> 32, _TIME & 0xFFFFFFFF, 5, 60)
    assert block[28:36] == b"abcde\0\0\0"
    assert block[36:44] == struct.pack("<HHI", 2, 4, 2)
