# SPDX-License-Identifier: Apache-2.0
"""Requests at a steady pace: what is counted, and that a silent server holds up nobody."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from xlvs.lab.errors import LabError
from xlvs.lab.pair import failed, serving
from xlvs.lab.steady import Answer, OneConnection, Steady, main, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    assert lines == ["1 request, 1 answered, 0 failed", "1 x one"]
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


@contextmanager
def answering(times: int) -> Iterator[str]:
    """A web server that ends each connection after so many answers; its address."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    for _ in range(times):
                        connection.recv(1000)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def test_one_connection_carries_all_requests_and_the_first_that_fails_is_the_last() -> None:
    """The connection is over then: no other takes its place."""
    with answering(3) as url:
        kept = OneConnection(url, 0.01, 5.0)
        kept.run(threading.Event(), 10.0)

    assert [each.page for each in kept.answers] == ["here", "here", "here", None]
    assert [each.at for each in kept.answers] == sorted(each.at for each in kept.answers)


def test_one_connection_ends_when_its_time_is_up() -> None:
    """With every request answered."""
    with answering(100) as url:
        kept = OneConnection(url, 0.05, 5.0)
        kept.run(threading.Event(), 0.2)

    assert {each.page for each in kept.answers} == {"here"}
    assert 1 < len(kept.answers) <= 4


def test_the_exit_code_tells_whether_the_only_connection_lasted(capsys: pytest.CaptureFixture[str]) -> None:
    """Requests on connections of their own may fail without one."""
    with answering(2) as url:
        assert main(url, 0.01, 5.0, 5.0, keep_alive=True) == 1
        assert capsys.readouterr().out.startswith("3 requests, 2 answered, 1 failed\n")
        assert main(url, 0.01, 5.0, 0.01) == 0


def test_nobody_to_connect_to_is_an_error() -> None:
    """Not a failed request: nothing was begun."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(LabError, match="Connection refused"):
        OneConnection(url, 0.01, 1.0).run(threading.Event(), 1.0)
