# SPDX-License-Identifier: Apache-2.0
"""Work done beside other work."""

from __future__ import annotations

from threading import Barrier, get_ident

import pytest

from xlvs.linux.threads import Errands, at_once, beside

_PATIENCE_S = 10


def test_both_run_at_once() -> None:
    """Each waits for the other, which one thread could not do."""
    meeting = Barrier(2, timeout=_PATIENCE_S)
    threads = []

    def work() -> None:
        threads.append(get_ident())
        meeting.wait()

    with beside(work):
        threads.append(get_ident())
        meeting.wait()

    assert len(set(threads)) == 2


def test_what_the_work_raises_is_raised_at_the_end() -> None:
    """The block is carried out all the same."""
    done = []

    def work() -> None:
        raise ValueError("work")

    with pytest.raises(ValueError, match="work"), beside(work):
        done.append("block")

    assert done == ["block"]


def test_an_error_of_the_block_goes_first_and_waits_for_the_work() -> None:
    """Nothing runs on behind it."""
    started, done = Barrier(2, timeout=_PATIENCE_S), []

    def work() -> None:
        started.wait()
        done.append("work")
        raise ValueError("work")

    def block() -> None:
        started.wait()
        raise ValueError("block")

    with pytest.raises(ValueError, match="block"), beside(work):
        block()

    assert done == ["work"]


def test_errands_are_done_in_order_in_a_thread() -> None:
    """Nobody waits for them but who asks to."""
    errands = Errands()
    done: list[tuple[int, int]] = []

    def note() -> None:
        done.append((len(done), get_ident()))

    errands.finish(0)
    for _ in range(5):
        errands(note)
    errands.finish(_PATIENCE_S)
    at_once(note)

    assert [number for number, _ in done] == [0, 1, 2, 3, 4, 5]
    assert len({thread for _, thread in done[:5]} - {get_ident()}) == 1
    assert done[5][1] == get_ident()
