# SPDX-License-Identifier: Apache-2.0
"""The packets that programs are measured with are ones that a host would accept."""

import struct

import pytest

from bench.progrun.packets import ACK, SYN, ipv4, ipv6, ones_complement_sum


@pytest.mark.parametrize("flags", [ACK, SYN, 0])
def test_ipv4_packets_have_64_bytes_and_right_checksums(flags: int) -> None:
    """A sum over data that includes its checksum is 0 (RFC 1071)."""
    frame = ipv4(flags).data
    protocol, payload = frame[23], frame[34:]
    assert len(frame) == 64
    assert ones_complement_sum(frame[14:34]) == 0
    assert ones_complement_sum(frame[26:34] + struct.pack("!HH", protocol, len(payload)) + payload) == 0


@pytest.mark.parametrize("flags", [ACK, SYN, 0])
def test_ipv6_packets_have_80_bytes_and_right_checksums(flags: int) -> None:
    """IPv6 has a checksum in its payload only (RFC 8200, 8.1)."""
    frame = ipv6(flags).data
    protocol, payload = frame[20], frame[54:]
    assert len(frame) == 80
    assert ones_complement_sum(frame[22:54] + struct.pack("!II", len(payload), protocol) + payload) == 0


def test_an_odd_byte_counts_as_the_upper_half_of_a_word() -> None:
    """RFC 1071, section 4.1."""
    assert ones_complement_sum(b"\x01") == 0xFEFF
