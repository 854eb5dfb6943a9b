# SPDX-License-Identifier: Apache-2.0
"""Addresses are read and written as the C library does, which is at hand to compare with."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.model.address import Family, family_of, format_address, parse_dotted_quad, parse_ipv4, parse_ipv6, unspecified

PIECES = (
    "::",
    ":",
    ".",
    "0",
    "1",
    "ff",
    "0x7f",
    "010",
    "08",
    "255",
    "256",
    "65536",
    "1.2.3.4",
    "ffff",
    "12345",
    " ",
    "x",
)


def c_library(family: int, text: str) -> bytes | None:
    """What the C library reads: inet_aton for IPv4, inet_pton for IPv6."""
    try:
        return socket.inet_aton(text) if family == socket.AF_INET else socket.inet_pton(family, text)
    except OSError:
        return None


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_ipv4_is_read_as_inet_aton_reads_it(text: str) -> None:
    """Parts, bases, blanks."""
    assert parse_ipv4(text) == c_library(socket.AF_INET, text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_ipv6_is_read_as_inet_pton_reads_it(text: str) -> None:
    """Groups, the gap, dotted ends."""
    assert parse_ipv6(text) == c_library(socket.AF_INET6, text)


@given(st.lists(st.sampled_from((0, 0, 0, 1, 0xFFFF, 0x2001)), min_size=8, max_size=8))
def test_ipv6_is_written_as_inet_ntop_writes_it(groups: list[int]) -> None:
    """And can be read again."""
    address = b"".join(group.to_bytes(2, "big") for group in groups)
    assert format_address(address) == socket.inet_ntop(socket.AF_INET6, address)
    assert parse_ipv6(format_address(address)) == address


@given(st.binary(min_size=4, max_size=4))
def test_ipv4_is_written_as_a_dotted_quad(address: bytes) -> None:
    """Which the strict reader takes too."""
    assert format_address(address) == socket.inet_ntoa(address)
    assert parse_dotted_quad(format_address(address)) == address


@pytest.mark.parametrize("text", ["224.1", "1.2.3", "1.2.3.4 ", "01.2.3.4", "1.2.3.256", ""])
def test_the_strict_reader_takes_four_plain_numbers_only(text: str) -> None:
    """No other form of inet_aton."""
    assert parse_dotted_quad(text) is None


def test_the_family_follows_from_the_length() -> None:
    """Four or sixteen bytes."""
    assert family_of(unspecified(Family.IPV4)) is Family.IPV4
    assert family_of(unspecified(Family.IPV6)) is Family.IPV6
    with pytest.raises(ValueError, match="not 5"):
        family_of(bytes(5))
