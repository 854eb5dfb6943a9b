# SPDX-License-Identifier: Apache-2.0
"""What `xlvs mark` reads, refuses and prints."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Final

import pytest

from xlvs.control import mark_words
from xlvs.control.mark import added, deleted
from xlvs.model.address import Family
from xlvs.model.errors import NoSuchMark, OtherMark
from xlvs.model.mark_range import LAST_PORT, MarkRange
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

VIP: Final = b"\x0a\x00\x00\x01"


def tcp(first: int, last: int, mark: int = 10) -> MarkRange:
    """Ports of one address."""
    return MarkRange(Family.IPV4, VIP, Protocol.TCP, first, last, mark)


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (mark_words.ports, "80,443,8000-8099", [(80, 80), (443, 443), (8000, 8099)]),
        (mark_words.ports, "all", [(0, LAST_PORT)]),
        (mark_words.protocols, "tcp,UDP", [Protocol.TCP, Protocol.UDP]),
        (mark_words.mark, "10", 10),
        (mark_words.mark, "0xffff", 65535),
        (mark_words.addresses, "10.0.0.1,2001:db8::1", [(Family.IPV4, VIP), (Family.IPV6, bytes.fromhex("20010db8") + bytes(11) + b"\x01")]),
        (mark_words.addresses, "[::1]", [(Family.IPV6, bytes(15) + b"\x01")]),
    ],
)  # fmt: skip
def test_lists_are_read(read: Callable[[str], object], text: str, expected: object) -> None:
    """With commas between, ranges with a hyphen."""
    assert read(text) == expected


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (mark_words.ports, "0"),
        (mark_words.ports, "65536"),
        (mark_words.ports, "90-80"),
        (mark_words.ports, "80,"),
        (mark_words.ports, "http"),
        (mark_words.protocols, "icmp"),
        (mark_words.mark, "0"),
        (mark_words.mark, "4294967296"),
        (mark_words.mark, "-1"),
        (mark_words.mark, "ten"),
        (mark_words.addresses, "10.0.0"),
        (mark_words.addresses, "10.0.0.1:80"),
    ],
)
def test_what_is_no_list_is_named(read: Callable[[str], object], text: str) -> None:
    """With what it should be."""
    with pytest.raises(ArgumentTypeError, match=r"is not an?|is empty"):
        read(text)


def test_a_port_keeps_the_mark_that_it_has() -> None:
    """Another one is refused, the same one is no change."""
    there = [tcp(80, 89)]

    assert added(there, [tcp(85, 95)]) == [tcp(80, 95)]
    assert added(there, [tcp(80, 80)]) == there
    with pytest.raises(OtherMark, match=r"10\.0\.0\.1 tcp 85-89 has mark 10"):
        added(there, [tcp(85, 95, 11)])


def test_marks_go_by_port_and_by_number() -> None:
    """Those of another number stay."""
    there = [tcp(80, 89), tcp(90, 99, 11)]

    assert deleted(there, [tcp(85, 94)], 0) == [tcp(80, 84), tcp(95, 99, 11)]
    assert deleted(there, [tcp(0, LAST_PORT)], 11) == [tcp(80, 89)]
    with pytest.raises(NoSuchMark):
        deleted(there, [tcp(0, 79)], 0)


def test_marks_are_shown_by_number_address_and_protocol() -> None:
    """Under headings, as commands, or for programs."""
    udp = MarkRange(Family.IPV4, VIP, Protocol.UDP, 0, LAST_PORT, 9)
    rows = mark_words.rows([tcp(80, 80), tcp(443, 450), udp])

    assert list(mark_words.table(rows)) == [
        "mark  virtual address  protocol  ports",
        "9     10.0.0.1         udp       all",
        "10    10.0.0.1         tcp       80,443-450",
    ]
    assert rows[1].command() == "xlvs mark add --vip 10.0.0.1 --proto tcp --ports 80,443-450 --mark 10"
    assert rows[1].as_json() == {"mark": 10, "vip": "10.0.0.1", "proto": "tcp", "ports": ["80", "443-450"]}
