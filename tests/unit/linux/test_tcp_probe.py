# SPDX-License-Identifier: Apache-2.0
"""Segments that make an end of a connection speak."""

from __future__ import annotations

import struct

import pytest

from tests.progrun.packets import end, is_sound
from xlvs.linux.tcp_probe import segment

ENDS = {
    "4": (end("10.0.0.1:80"), end("10.1.2.3:4711")),
    "6": (end("[2001:db8::1]:80"), end("[2001:db8::5]:4711")),
}


@pytest.mark.parametrize("family", ENDS)
@pytest.mark.parametrize("sequence", [0, 1, 0x12345678, 0xFFFFFFFF])
def test_a_segment_is_a_bare_acknowledgement(family: str, sequence: int) -> None:
    """Its checksum holds; those of IPv4's header are the kernel's."""
    source, target = ENDS[family]
    packet = bytearray(segment(*source, *target, sequence))
    start = 20 if family == "4" else 40
    ports, seq, _, offset, flags = struct.unpack_from("!IIIBB", packet, start)

    assert (ports, seq, offset, flags) == (80 << 16 | 4711, sequence, 0x50, 0x10)
    assert len(packet) == start + 20
    if family == "4":
        struct.pack_into("!H", packet, 2, len(packet))
        struct.pack_into("!H", packet, 10, 0)
        total = sum(struct.unpack("!10H", packet[:20]))
        total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into("!H", packet, 10, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)
    assert is_sound(bytes(14) + bytes(packet))
