# SPDX-License-Identifier: Apache-2.0
"""What is written down about labs, and who owns them."""

import os
import subprocess
import sys

import pytest

from xlvs.lab.state import LabState, Owner, decode, encode, is_orphan, start_time, this_process


@pytest.mark.parametrize("owner", [None, Owner(42, 123456)])
def test_a_state_survives_being_written_and_read(owner: Owner | None) -> None:
    """Nothing is lost on the way."""
    state = LabState("demo", "nat", ("client", "director"), owner)

    assert decode(encode(state)) == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"name": "x", "owner": 7}'])
def test_a_damaged_state_is_an_error_that_a_reader_can_skip(text: str) -> None:
    """A half-written or foreign file must not stop the next command."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(text)


def test_a_lab_without_owner_is_no_orphan() -> None:
    """It was started to stay."""
    assert not is_orphan(LabState("nat", "nat", ()))


def test_a_lab_of_a_living_process_is_no_orphan() -> None:
    """This test is alive."""
    assert not is_orphan(LabState("t1", "nat", (), this_process()))


def test_a_lab_whose_process_is_gone_is_an_orphan() -> None:
    """The pid may have been given to somebody else since: the start time tells."""
    mine = this_process()

    assert is_orphan(LabState("t1", "nat", (), Owner(mine.pid, mine.started - 1)))


def test_a_process_that_ended_has_no_start_time() -> None:
    """Waited for, it is gone from /proc."""
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()

    assert start_time(child.pid) is None
    assert start_time(os.getpid()) is not None
