# SPDX-License-Identifier: Apache-2.0
"""Percentages and durations, as they are typed and shown."""

from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest

from xlvs.lab.amounts import duration, hold, percent, show_duration, show_percent


@pytest.mark.parametrize(("text", "value"), [("5%", 0.05), ("0.1%", 0.001), ("30", 0.3), ("100%", 1.0)])
def test_percentages(text: str, value: float) -> None:
    """With the sign or without; they come back as they were."""
    assert percent(text) == pytest.approx(value)
    assert show_percent(percent(text)) == text.rstrip("%") + "%"


@pytest.mark.parametrize(
    ("text", "seconds", "shown"),
    [
        ("20ms", 0.02, "20ms"),
        ("250us", 0.00025, "250us"),
        ("10s", 10, "10s"),
        ("2m", 120, "120s"),
        ("1.5", 1.5, "1.5s"),
    ],
)
def test_durations(text: str, seconds: float, shown: str) -> None:
    """Seconds, unless a unit is given."""
    assert duration(text) == pytest.approx(seconds)
    assert show_duration(seconds) == shown


@pytest.mark.parametrize(
    ("read", "text"),
    [(percent, each) for each in ("0", "101%", "-5%", "5 %", "%", "x", "")]
    + [(duration, each) for each in ("0", "-1s", "1d", "25h", "ms", "", "nan", "1e3")]
    + [(hold, each) for each in ("20", "61s", "0ms", "2m")],
)
def test_what_is_none_is_refused(read: Callable[[str], float], text: str) -> None:
    """A packet is not held for a number without a unit: people mean milliseconds."""
    with pytest.raises(ArgumentTypeError):
        read(text)
