# SPDX-License-Identifier: Apache-2.0
"""Why a scheduler chose: every scheduler has its words, and they name what it compared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.explain.made import destination, end, service
from xlvs.explain import choice
from xlvs.explain.rows import DestinationRow
from xlvs.schedulers import registry
from xlvs.schedulers.source_hash import bucket_of

FIRST, SECOND, THIRD = (
    destination("10.2.1.100:80", 1, weight=2, active=3, inactive=5),
    destination("10.2.2.100:80", 2, weight=0),
    destination("10.2.3.100:80", 3, overloaded=True, upper=4, active=4),
)
LISTED = FIRST, SECOND, THIRD
CLIENT, VIRTUAL = end("10.1.8.5:1000"), end("10.0.0.1:80")


def seen(scheduler: str, listed: tuple[DestinationRow, ...] = LISTED, **fields: Any) -> choice.Seen:
    """What a scheduler sees of three destinations of which one is usable."""
    return choice.Seen(service(scheduler=scheduler, **fields), (0, 2), listed, CLIENT, VIRTUAL)


@pytest.mark.parametrize("scheduler", [row.name for row in registry.SCHEDULERS])
def test_every_scheduler_has_a_reason(scheduler: str) -> None:
    """In words, and the chosen one is marked."""
    told = choice.explain(seen(scheduler)._replace(entry=1), 1)
    assert len(told.reason) > 10
    assert [each.chosen for each in told.candidates] == [True, False, False]


def test_why_the_others_are_not_usable() -> None:
    """Weight 0, too many connections; with ovf too many for the weight."""
    told = choice.explain(seen("rr"), 1)
    assert [each.barred for each in told.candidates] == [
        "",
        "quiesced: weight 0",
        "overloaded: 4 connections, upper threshold 4, again below three quarters of it",
    ]
    assert choice.explain(seen("ovf"), 0).candidates[0].barred == "full: 3 active connections, weight 2"


@pytest.mark.parametrize(
    ("scheduler", "load"), [("lc", "load 773"), ("wlc", "load 773/2"), ("sed", "delay 4/2"), ("rr", "")]
)
def test_loads_are_the_schedulers_own(scheduler: str, load: str) -> None:
    """An active connection counts 256; sed counts the one that comes."""
    assert choice.explain(seen(scheduler), 1).candidates[0].load == load


def test_round_robin_names_the_one_before() -> None:
    """None before the first one."""
    assert choice.explain(seen("rr", cursor=(1, 0)), 1).reason == "in turn: the next usable one after 10.2.2.100:80"
    assert choice.explain(seen("rr"), 1).reason == "in turn: the first usable one of the list"
    assert choice.explain(seen("rr", cursor=(7, 0)), 1).reason == "in turn: the first usable one of the list"


def test_weighted_round_robin_names_its_round() -> None:
    """The highest weight, and where the round is now."""
    assert choice.explain(seen("wrr", wrr=(5, 1)), 1).reason == (
        "in turn by weight: the round from 5 down is at 2, which its weight 2 reaches"
    )


def test_never_queue_tells_idle_from_not() -> None:
    """Idle first, else as sed."""
    assert choice.explain(seen("nq"), 1).reason.startswith("nobody is idle: the shortest expected delay")
    assert choice.explain(seen("nq", (FIRST._replace(active=0),)), 1).reason.startswith("idle:")


def test_a_hash_names_its_entry_and_whose_it_is() -> None:
    """With sh-fallback another one may be found."""
    place = bucket_of(CLIENT.address)
    assert choice.explain(seen("sh")._replace(entry=1), 1).reason == (
        f"by the hash of the client's address, which leads to entry {place} of 256: its own"
    )
    told = choice.explain(seen("sh", flags=0x08)._replace(entry=2), 1)
    assert told.reason.endswith("10.2.2.100:80, which is not usable, so that sh-fallback tries others")
    refused = choice.explain(seen("sh")._replace(entry=2), 0)
    assert refused.reason == "its hash leads to 10.2.2.100:80, which is not usable, and sh-fallback is not set"


@pytest.mark.parametrize(
    ("scheduler", "flags", "entry"),
    [("sh", 0, bucket_of(CLIENT.address)), ("sh", 0x10, bucket_of(CLIENT.address, 1000)), ("dh", 0, bucket_of(VIRTUAL.address)), ("rr", 0, None)],
)  # fmt: skip
def test_what_is_hashed_depends_on_scheduler_and_flags(scheduler: str, flags: int, entry: int | None) -> None:
    """Client, client and port, virtual address, nothing."""
    assert choice.hashed_entry(service(scheduler=scheduler, flags=flags), CLIENT, VIRTUAL) == entry


def test_locality_tells_remembered_from_new() -> None:
    """An address keeps its destination."""
    assert choice.explain(seen("lblc")._replace(remembered=(1,)), 1).reason == "by locality: remembered for 10.0.0.1"
    assert choice.explain(seen("lblcr")._replace(remembered=(2,)), 1).reason.startswith(
        "by locality: nobody usable was remembered for 10.0.0.1, now it is"
    )


@pytest.mark.parametrize(
    ("scheduler", "listed", "reason"),
    [
        ("rr", (), "the service has no destination"),
        ("", LISTED, "the service has no scheduler, so it finds no destination"),
        ("wlc", (SECOND, THIRD), "no destination is usable"),
    ],
)
def test_why_nobody_was_chosen(scheduler: str, listed: tuple[DestinationRow, ...], reason: str) -> None:
    """No destination, no scheduler, none usable."""
    assert choice.explain(seen(scheduler, listed), 0).reason == reason
