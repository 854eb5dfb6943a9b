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


@pytest.mark.parametrize("flags", [ACK, 0])
@pytest.mark.parametrize("step", [0, 1, 7, 32767])
def test_another_port_of_the_client_leaves_checksums_right(flags: int, step: int) -> None:
    """What is sent to be judged must be right itself."""
    frame, wide = ipv4(flags).of_port(step), ipv6(flags).of_port(step)
    assert struct.unpack_from("!H", frame, 34) == struct.unpack_from("!H", wide, 54) == (1024 + step,)
    assert ones_complement_sum(frame[26:34] + struct.pack("!HH", frame[23], len(frame) - 34) + frame[34:]) == 0
    assert ones_complement_sum(wide[22:54] + struct.pack("!II", len(wide) - 54, wide[20]) + wide[54:]) == 0


def test_an_answers_client_port_is_the_one_it_goes_to() -> None:
    """The other one is the destination's."""
    answer = ipv4(ports=(8080, 1024), wrapper="wrap_v4_reply").of_port(3)
    assert struct.unpack_from("!HH", answer, 34) == (8080, 1027)


def test_an_odd_byte_counts_as_the_upper_half_of_a_word() -> None:
    """RFC 1071, section 4.1."""
    assert ones_complement_sum(b"\x01") == 0xFEFF
