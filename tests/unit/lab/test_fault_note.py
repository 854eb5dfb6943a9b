# SPDX-License-Identifier: Apache-2.0
"""What is written down about faults."""

import json
import os
from dataclasses import asdict

import pytest

from xlvs.lab.fault_note import FROZEN, LINK, STOPPED, UNPLUGGED, Fault, Point, Rule, decode
from xlvs.lab.state import runs, start_time

FAULT = Fault(
    "nat",
    3,
    LINK,
    "client:eth0 - director",
    "client",
    (Point("eth0", egress=True, towards="to director", source="02:00:00:00:01:01"),),
    Rule(loss=0.05, delay_s=0.02, jitter_s=0.005, match=("tcp", "port", "80"), seed=7),
    duration_s=10.0,
    maps=(4,),
)


def test_a_fault_survives_being_written_and_read() -> None:
    """Nothing is lost on the way."""
    assert decode(json.dumps(asdict(FAULT))) == FAULT


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lab": "x", "points": 5}', '{"points": [], "rule": {"match": []}}'])
def test_a_damaged_note_is_an_error_that_a_reader_can_skip(text: str) -> None:
    """A half-written or foreign file must not stop the next command."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(text)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (FAULT, "loss 5%, delay 20ms +-5ms, of tcp port 80"),
        (Fault("l", 1, UNPLUGGED, "", ""), "cut"),
        (Fault("l", 1, STOPPED, "", ""), "web server stopped"),
        (Fault("l", 1, FROZEN, "", ""), "frozen"),
        (
            Fault("l", 1, LINK, "", "", rule=Rule(duplicate=0.01, reorder=0.1, corrupt=0.002, delay_s=1)),
            "duplicate 1%, reorder 10%, corrupt 0.2%, delay 1s",
        ),
    ],
)
def test_a_fault_is_told_in_the_words_of_its_options(fault: Fault, words: str) -> None:
    """As they are typed."""
    assert fault.what() == words


def test_a_process_that_has_ended_does_not_run_even_before_its_parent_knows() -> None:
    """The process table still shows it until then."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    started = start_time(pid)

    assert started is not None
    assert not runs(pid, started)
    os.waitpid(pid, 0)
    assert not runs(pid, started)
    assert runs(os.getpid(), start_time(os.getpid()) or 0)
