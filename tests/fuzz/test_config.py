# SPDX-License-Identifier: Apache-2.0
"""Some seconds of the fuzzer of configurations; `python -m tests.fuzz.config` runs it for longer."""

from tests.fuzz.config import run


def test_nothing_is_raised_whatever_the_configuration() -> None:
    """Mistakes have their place and caret, and what is left can be planned."""
    assert run(5, seed=3) > 0
