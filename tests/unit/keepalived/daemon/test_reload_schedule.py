# SPDX-License-Identifier: Apache-2.0
"""reload_time_file and reload_repeat: when a file says that it is time."""

from __future__ import annotations

from calendar import timegm
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived.daemon.reload_schedule import ReloadSchedule, moment

if TYPE_CHECKING:
    from pathlib import Path

NOON = timegm((2026, 11, 21, 12, 0, 0))


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("12:00:05Z", 5),
        ("11:59:59Z", 86399),
        ("26-11-21 12:01:00Z", 60),
        ("2026-11-22 12:00:00Z\n", 86400),
        ("2026-11-21 11:00:00Z", None),
        ("2026-13-41 11:00:00", None),
        ("noon", None),
        ("", None),
    ],
)
def test_a_line_says_a_time_that_comes(line: str, seconds: int | None) -> None:
    """With a date or without one; one that is over is none."""
    found = moment(line, NOON)
    assert (found - NOON if found else None) == seconds


def test_it_is_time_once(tmp_path: Path) -> None:
    """The file goes then; another one is another time."""
    file = tmp_path / "when"
    said: list[str] = []
    schedule = ReloadSchedule(said.append)
    assert schedule.due() is None
    schedule.use(str(file), repeats=False)
    assert not schedule.is_time(100.0, NOON)
    file.write_text("12:00:05Z\n")
    assert not schedule.is_time(101.0, NOON + 1)
    assert not schedule.is_time(101.1, NOON + 9)  # looked at once a second
    assert schedule.is_time(106.0, NOON + 6)
    assert not file.exists()
    assert not schedule.is_time(108.0, NOON + 8)
    assert len(said) == 1
    assert said[0].startswith("Scheduling reload for 2026-11-2")


def test_a_repeated_one_comes_again_the_next_day(tmp_path: Path) -> None:
    """reload_repeat: the file stays."""
    file = tmp_path / "when"
    file.write_text("12:00:05Z\n")
    schedule = ReloadSchedule(lambda _: None)
    schedule.use(str(file), repeats=True)
    assert not schedule.is_time(100.0, NOON)
    assert schedule.is_time(106.0, NOON + 6)
    assert not schedule.is_time(108.0, NOON + 8)
    assert schedule.is_time(100_000.0, NOON + 86_406)
    assert file.exists()


def test_what_says_no_time_is_named(tmp_path: Path) -> None:
    """And looked at again when it changes."""
    file = tmp_path / "when"
    file.write_text("soon\n")
    said: list[str] = []
    schedule = ReloadSchedule(said.append)
    schedule.use(str(file), repeats=False)
    assert not schedule.is_time(100.0, NOON)
    assert not schedule.is_time(102.0, NOON)
    assert said == [f"{file} says no time that comes"]
