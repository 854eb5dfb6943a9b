# SPDX-License-Identifier: Apache-2.0
"""How long ticks took is read as the clock's program wrote it."""

import struct

from bench import ticks


def test_ticks_are_read_from_what_the_program_noted() -> None:
    """The longest in ns, then how many of each length."""
    found = ticks.parse(struct.pack("<Q4I", 1_500_000, 3, 2, 1, 0), 4)
    assert found == ticks.Ticks(1.5, (3, 2, 1, 0))


def test_long_ticks_are_those_of_two_milliseconds_and_more() -> None:
    """Classes are a quarter of a millisecond wide."""
    assert ticks.Ticks(2.3, (5, 0, 0, 0, 0, 0, 0, 4, 2, 1)).long == 3
