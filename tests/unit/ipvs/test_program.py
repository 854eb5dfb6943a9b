# SPDX-License-Identifier: Apache-2.0
"""Loading a director: what can be tried without a kernel."""

import errno
import itertools

import pytest

from xlvs.ipvs.program import start_clock
from xlvs.model.errors import KernelError


def test_a_clock_that_gets_no_memory_is_started_again() -> None:
    """The kernel takes it without waiting, and has some a moment later."""
    answers = iter([errno.ENOMEM, errno.ENOMEM, 0])

    start_clock(lambda: next(answers))

    assert list(answers) == []


@pytest.mark.parametrize(("failure", "runs"), [(errno.EPERM, 1), (errno.ENOMEM, 5)])
def test_a_clock_that_cannot_be_started_is_an_error(failure: int, runs: int) -> None:
    """At once, or after memory stayed short for most of a second."""
    begun = itertools.count(1)

    with pytest.raises(KernelError):
        start_clock(lambda: failure if next(begun) <= runs else 0)

    assert next(begun) == runs + 1
