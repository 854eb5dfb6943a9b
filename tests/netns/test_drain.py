# SPDX-License-Identifier: Apache-2.0
"""A server leaves: no new connections at once, the rest ended at the deadline, under load."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.netns.listing import eventually
from tests.netns.live import (
    DNS,
    FAMILIES,
    WEB,
    asking,
    connected,
    dns,
    echoes,
    forget_connections,
    is_reset,
    live_director,
    other,
    real_server,
    sockets_of,
    web,
    weight_of,
)
from tests.netns.topology import VIP, Net
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def director() -> Iterator[Net]:
    """One for all tests of this file."""
    with live_director() as net:
        yield net


@pytest.fixture
def clean(director: Net) -> Net:
    """It, without connections."""
    return forget_connections(director)


@FAMILIES
def test_draining_resets_what_is_left_at_the_deadline(clean: Net, vip: str) -> None:
    """Until then connections go on; new ones never reach the server; UDP moves."""
    with connected(clean, vip) as (mine, node), connected(clean, vip) as (others, _):
        server = real_server(vip, node, WEB)
        drain = clean.lab.command("director", ["xlvs", "drain", web(vip), server, "--deadline", "2s"])
        begun = time.monotonic()
        with subprocess.Popen(
            drain, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        ) as run:
            assert eventually(lambda: weight_of(clean, server) == 0)
            assert echoes(mine, b"before the deadline")
            with connected(clean, vip) as (_, second), connected(clean, vip) as (_, third):
                assert {second, third} == {other(node)}
            assert is_reset(mine, 5)
            assert time.monotonic() - begun >= 2
            out, err = run.communicate(timeout=20)
        assert (run.returncode, out) == (
            0,
            f"{server} of {web(vip)} has no connections any more: at the deadline, 1 of TCP reset\n",
        )
        assert "1 connection left" in err
        assert echoes(others, b"untouched")
        assert sockets_of(clean, node) == 0
        assert "weight 1 again" in clean.must("director", "xlvs", "drain", web(vip), server, "--undo")


@contextmanager
def draining(net: Net, service: str, node: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`xlvs drain` at work; the server gets its weight back in the end."""
    server = real_server(VIP, node, WEB if service == web(VIP) else DNS)
    deadline = ["--deadline", *words] if words else []
    drain = net.lab.command("director", ["xlvs", "drain", service, server, *deadline])
    command = ["env", "--default-signal=INT", *drain]  # a shell that runs the tests with & has it ignored
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True, start_new_session=True
    ) as run:
        try:
            yield run
        finally:
            if run.poll() is None:
                run.kill()
            net.must("director", "xlvs", "drain", service, server, "--undo")


def test_an_interrupted_drain_says_what_it_leaves(clean: Net) -> None:
    """The server stays quiesced, its connections go on, and the message names the ways on and back."""
    with connected(clean) as (connection, node), draining(clean, web(VIP), node) as run:
        server = real_server(VIP, node, WEB)
        assert eventually(lambda: weight_of(clean, server) == 0)
        assert run.stderr is not None
        assert "1 connection left" in run.stderr.readline()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=20)

        assert run.returncode == 130
        assert "stays quiesced; 1 connection left, they go on" in err
        assert "--undo" in err
        assert weight_of(clean, server) == 0
        assert echoes(connection, b"going on")


def test_a_drain_that_is_killed_leaves_a_quiesced_server(clean: Net) -> None:
    """Its connections go on and nothing waits for them; the same command takes it up, and the weight is not forgotten."""
    clean.ipvsadm(f"-e -t {VIP}:{WEB} -r {real_server(VIP, 'server1', WEB)} -m -w 4")
    with connected_to(clean, "server1") as connection, draining(clean, web(VIP), "server1", "30s") as run:
        server = real_server(VIP, "server1", WEB)
        assert eventually(lambda: weight_of(clean, server) == 0)
        run.send_signal(signal.SIGKILL)
        run.communicate(timeout=20)

        assert weight_of(clean, server) == 0
        assert echoes(connection, b"going on")
        assert clean.must("director", "xlvs", "drain", "--list") == (
            f"{server} of {web(VIP)}: 1 connection left, weight 4 by --undo\n"
        )
        done = clean.must("director", "xlvs", "drain", web(VIP), server, "--deadline", "0")
        assert done.endswith("at the deadline, 1 of TCP reset\n")
        assert is_reset(connection, 3)
    assert weight_of(clean, server) == 4
    clean.ipvsadm(f"-e -t {VIP}:{WEB} -r {server} -m -w 1")


@contextmanager
def connected_to(net: Net, node: str) -> Iterator[socket.socket]:
    """A connection that one of the servers serves."""
    with connected(net) as (one, served), connected(net) as (another, _):
        yield one if served == node else another


def test_a_terminal_shows_what_is_left_in_one_line(clean: Net) -> None:
    """It changes in its place, and is gone in the end."""
    ours, theirs = pty.openpty()
    server = real_server(VIP, "server1", WEB)
    with connected_to(clean, "server1"), open(ours, "rb", buffering=0, closefd=True) as screen:
        command = clean.lab.command("director", ["xlvs", "drain", web(VIP), server, "--deadline", "1.2s"])
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=environment(), check=True, timeout=20)
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # nobody writes any more
            while more := screen.read(4096):
                shown += more
        clean.must("director", "xlvs", "drain", web(VIP), server, "--undo")

    assert b"\n" not in shown
    assert shown.startswith(b"\r1 connection left, 1 s to go\x1b[K")
    assert shown.endswith(b"\r\x1b[K")
    assert shown.count(b"to go") >= 4
    assert done.stdout.endswith(b"has no connections any more: at the deadline, 1 of TCP reset\n")


def test_programs_get_an_object_a_line(clean: Net) -> None:
    """Of which the last one says how it ended."""
    server = real_server(VIP, "server1", WEB)
    words = ("xlvs", "drain", web(VIP), server, "--json")
    name = {"service": web(VIP), "server": server}
    with connected_to(clean, "server1"):
        begun = json.loads(clean.must("director", *words, "--no-wait"))
        known = json.loads(clean.must("director", "xlvs", "drain", "--list", "--json"))
        lines = [json.loads(line) for line in clean.must("director", *words, "--deadline", "0.3s").splitlines()]
        undone = json.loads(clean.must("director", *words, "--undo"))

    assert begun == {**name, "end": "quiesced", "left": 1}
    assert known == [{**name, "left": 1, "weight": 1, "listed": True}]
    assert lines == [
        {**name, "left": 1, "deadline_s": 0.3},
        {**name, "end": "drained", "left": 0, "tcp": 1, "others": 0, "templates": 0},
    ]
    assert undone == {**name, "end": "undone", "weight": 1}


def test_a_drain_ends_when_somebody_gives_the_server_weight(clean: Net) -> None:
    """Its connections are not ended then."""
    with connected(clean) as (connection, node), draining(clean, web(VIP), node, "30s") as run:
        server = real_server(VIP, node, WEB)
        assert eventually(lambda: weight_of(clean, server) == 0)
        clean.ipvsadm(f"-e -t {VIP}:{WEB} -r {server} -m -w 5")
        _, err = run.communicate(timeout=20)

        assert run.returncode == 1
        assert "has weight again: somebody else changed it" in err
        assert echoes(connection, b"going on")
    clean.ipvsadm(f"-e -t {VIP}:{WEB} -r {server} -m -w 1")


def test_a_drain_without_a_deadline_ends_with_the_last_connection(clean: Net) -> None:
    """Here by a shorter time for closing connections."""
    clean.must("director", "xlvs", "service", "set", web(VIP), "--timeout-tcpfin", "1s")
    try:
        with connected(clean) as (connection, node), draining(clean, web(VIP), node) as run:
            assert eventually(lambda: weight_of(clean, real_server(VIP, node, WEB)) == 0)
            clean.must("director", "xlvs", "connections", "kill", "--client", "192.168.20.1")
            out, _ = run.communicate(timeout=20)
            assert is_reset(connection, 3)
            assert (run.returncode, out.endswith("has no connections any more\n")) == (0, True)
    finally:
        clean.must("director", "xlvs", "service", "set", web(VIP), "--timeout-tcpfin", "default")


def test_a_persistent_client_leaves_a_server_that_is_drained(clean: Net) -> None:
    """Although its template would bring it back to a quiesced server (expire_quiescent_template is 0)."""
    clean.ipvsadm(f"-E -t {VIP}:{WEB} -s rr -p 300")
    try:
        with connected(clean) as (connection, node):
            server = real_server(VIP, node, WEB)
            clean.must("director", "xlvs", "drain", web(VIP), "-r", server, "--no-wait")
            with connected(clean) as (_, second):
                assert second == other(node)
            assert echoes(connection, b"going on")
            clean.must("director", "xlvs", "drain", web(VIP), "-r", server, "--undo")
    finally:
        clean.ipvsadm(f"-E -t {VIP}:{WEB} -s rr")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "which service?"),
        (("tcp:192.168.20.129:80",), 2, "which server?"),
        (("tcp:192.168.20.129:80", "192.168.10.133", "x"), 2, "'x' is too much"),
        (("192.168.20.129:80", "192.168.10.133"), 2, "is not a service: write tcp:VIP:PORT"),
        (
            ("tcp:192.168.20.129:81", "192.168.10.133"),
            255,
            "there is no service tcp:192.168.20.129:81; nothing was changed",
        ),
        (("tcp:192.168.20.129:80", "192.168.10.133"), 255, "(it has 192.168.10.134:8080, 192.168.10.133:8080)"),
        (("tcp:192.168.20.129:80", "192.168.10.133:8080", "--deadline", "soon"), 2, "'soon' is not a time"),
    ],
)
def test_a_wrong_drain_says_what_helps_and_changes_nothing(
    director: Net, words: tuple[str, ...], code: int, says: str
) -> None:
    """No traceback, no change."""
    before = director.ipvsadm("-S -n")
    done = director.run("director", ["xlvs", "drain", *words])

    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert director.ipvsadm("-S -n") == before


@FAMILIES
def test_draining_with_no_time_ends_everything_now(clean: Net, vip: str) -> None:
    """Both protocols."""
    with connected(clean, vip) as (connection, node), asking(clean, vip) as ask:
        asked = ask()
        for service, port, served in ((web(vip), WEB, node), (dns(vip), DNS, asked)):
            server = real_server(vip, served, port)
            clean.must("director", "xlvs", "drain", service, server, "--deadline", "0")
        assert is_reset(connection, 3)
        assert eventually(lambda: sockets_of(clean, node) == 0, patience_s=3)
        assert ask() == other(asked)
        for service, port, served in ((web(vip), WEB, node), (dns(vip), DNS, asked)):
            clean.must("director", "xlvs", "drain", service, real_server(vip, served, port), "--undo")
