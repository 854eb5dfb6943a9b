# SPDX-License-Identifier: Apache-2.0
"""The registry of schedulers."""

from __future__ import annotations

import pytest

from xlvs.model.service import SCHEDULERS as CONFIGURABLE
from xlvs.schedulers.registry import NO_SCHEDULER, SCHEDULERS, SchedulerRow, find, find_number


def test_the_numbers_are_those_of_the_packet_path() -> None:
    """A number once given stays, for it stands in pinned tables."""
    assert [(row.name, row.number) for row in SCHEDULERS] == [
        ("rr", 1),
        ("wrr", 2),
        ("lc", 3),
        ("wlc", 4),
        ("lblc", 5),
        ("lblcr", 6),
        ("dh", 7),
        ("sh", 8),
        ("sed", 9),
        ("nq", 10),
        ("fo", 11),
        ("ovf", 12),
        ("mh", 13),
        ("twos", 14),
    ]


@pytest.mark.parametrize("row", SCHEDULERS, ids=lambda row: row.name)
def test_a_scheduler_is_found_by_name_and_by_number(row: SchedulerRow) -> None:
    """Both ways lead to the same row."""
    assert row is find(row.name)
    assert row is find_number(row.number)


def test_no_scheduler_at_all_has_the_empty_name_and_number_0() -> None:
    """As ipvsadm's `-s none` leaves it."""
    assert NO_SCHEDULER is find("")
    assert NO_SCHEDULER is find_number(0)


@pytest.mark.parametrize("name", ["none", "RR", "wlc ", "unknown"])
def test_an_unknown_name_finds_nothing(name: str) -> None:
    """Names are exact."""
    assert find(name) is None


def test_an_unknown_number_finds_nothing() -> None:
    """A table written by a later version may hold one."""
    assert find_number(99) is None


def test_every_scheduler_that_can_be_configured_has_a_row() -> None:
    """Nothing passes the configuration's check that the packet path has no number for."""
    assert not {name for name in CONFIGURABLE if find(name) is None}


def test_flags_are_named_for_the_hashing_ones_only() -> None:
    """In the kernel's bits."""
    assert {row.name: row.flags for row in SCHEDULERS if row.flags} == {
        "sh": (("sh-fallback", 0x08), ("sh-port", 0x10)),
        "mh": (("mh-fallback", 0x08), ("mh-port", 0x10)),
    }
