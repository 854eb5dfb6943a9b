# SPDX-License-Identifier: Apache-2.0
"""Requests at a steady pace: what is counted, and that a silent server holds up nobody."""

from __future__ import annotations

import socket
import threading
import time

from xlvs.lab.pair import failed, serving
from xlvs.lab.steady import Answer, Steady, summary

LISTING = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.100.40:6443 rr
  -> 192.168.100.41:6443          Route   1      0          0
  -> 192.168.100.42:6443          Route   1      0          0
TCP  192.168.100.40:81 rr
  -> 192.168.100.43:81            Route   1      0          0
"""


def test_answers_are_summed_up_by_page_and_failures_by_time() -> None:
    """What a person wants to know of a takeover."""
    answers = [Answer(0.0, "one"), Answer(0.1, None), Answer(0.4, None), Answer(0.5, "one"), Answer(0.6, "two")]

    assert list(summary(answers)) == [
        "5 requests, 3 answered, 2 failed",
        "2 x one",
        "1 x two",
        "failed: those begun from 0.1 s to 0.4 s after the first",
    ]


def test_without_a_failure_there_is_no_time_of_failures() -> None:
    """And none is counted."""
    lines = list(summary([Answer(0.0, "one")]))

    assert lines == ["1 requests, 1 answered, 0 failed", "1 x one"]
    assert failed(lines[0]) == 0


def test_a_server_that_says_nothing_holds_up_no_request() -> None:
    """The next one begins when it is due; each fails after its own patience."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        steady = Steady(f"127.0.0.1:{silent.getsockname()[1]}", 0.05, 1.0)
        began = time.monotonic()
        steady.run(threading.Event(), 0.5)
        took = time.monotonic() - began

    assert [each.page for each in steady.answers] == [None] * 10
    assert took < 5


def test_it_ends_when_it_is_told() -> None:
    """Whatever the time."""
    stop = threading.Event()
    stop.set()
    steady = Steady("127.0.0.1:9", 0.05, 1.0)

    steady.run(stop, None)

    assert steady.answers == []


def test_the_destinations_of_a_service_are_read_from_a_listing() -> None:
    """Those of others are not."""
    assert serving(LISTING, "192.168.100.40:6443") == {"192.168.100.41", "192.168.100.42"}
    assert serving(LISTING, "192.168.100.40:80") == set()
