# SPDX-License-Identifier: Apache-2.0
"""Rules of the routing policy are read as they are written."""

from __future__ import annotations

import struct

import pytest

from xlvs.linux.fib_rules import FibRule, pack_rule, parse_rule
from xlvs.linux.netlink import attribute


@pytest.mark.parametrize(
    "rule",
    [
        FibRule(0, 255, 2),
        FibRule(100, 0x786C7673, 118, mark=0xFFFFFFFF),
        FibRule(0, 255, 118, iif="lo"),
        FibRule(0, 0, 118, iif="xlvs-mark", goto=32766),
        FibRule(0, 300, 118, destination=b"\x0a\x00\x00\x01", ip_protocol=6, port=443),
        FibRule(0, 300, 118, destination=bytes(15) + b"\x01", ip_protocol=17),
    ],
    ids=str,
)
def test_a_rule_reads_back_as_it_was_written(rule: FibRule) -> None:
    """Whatever it selects by, of what we know."""
    assert parse_rule(pack_rule(10 if len(rule.destination) == 16 else 2, rule)) == rule


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (16, b"\xff\0\0\0"),  # part of the mark
        (17, b"eth0\0"),  # the way out
        (20, struct.pack("=II", 0, 1000)),  # users
        (14, struct.pack("=I", 0)),  # suppressed prefixes
        (24, struct.pack("=HH", 80, 90)),  # a range of ports
        (29, b"\x0f\0"),  # part of the port
    ],
)
def test_a_rule_that_selects_by_something_else_is_told(kind: int, value: bytes) -> None:
    """It is not taken for one that holds for every packet."""
    found = parse_rule(pack_rule(2, FibRule(0, 255, 2)) + attribute(kind, value))

    assert found.other
    assert not found.everything


def test_what_newer_kernels_add_to_every_rule_is_nothing() -> None:
    """All bits of the port count, nothing is suppressed."""
    added = attribute(29, b"\xff\xff") + attribute(14, b"\xff\xff\xff\xff")

    assert parse_rule(pack_rule(2, FibRule(0, 255, 2)) + added) == FibRule(0, 255, 2)
