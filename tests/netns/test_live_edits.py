# SPDX-License-Identifier: Apache-2.0
"""Scheduler, flags, weights and thresholds change while connections go on: none of them moves or stops."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.live import (
    DNS,
    MAPPED,
    NODES,
    WEB,
    asking,
    connected,
    echoes,
    forget_connections,
    live_director,
    real_server,
)
from tests.netns.topology import VIP, Net
from tests.netns.traffic import DOWNLOAD, UPLOAD, bulk, transfer
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

BULK: Final = 5001
STREAM_BYTES: Final = 20_000_000
SCHEDULERS: Final = [row.name for row in registry.SCHEDULERS]
SERVICE: Final = f"-t {VIP}:{WEB}"
# What else of a service changes with each edit of its scheduler.
ELSE: Final = ("", "-p 300", "-p 60 -M 255.255.255.0", "")
FLAGS: Final = {"sh": "-b sh-fallback,sh-port", "mh": "-b mh-fallback,mh-port"}


def test_the_round_trip_takes_every_scheduler_to_every_other() -> None:
    """Each ordered pair once, in one way without a break."""
    pairs = list(steps())

    assert sorted(pairs) == sorted((one, two) for one in SCHEDULERS for two in SCHEDULERS if one != two)
    assert all(before[1] == after[0] for before, after in pairwise(pairs))


def steps() -> Iterator[tuple[str, str]]:
    """From each scheduler to each later one and back: with the way on to the next of them every ordered pair, once."""
    for place, first in enumerate(SCHEDULERS[:-1]):
        for later in SCHEDULERS[place + 2 :]:
            yield first, later
            yield later, first
        yield first, SCHEDULERS[place + 1]
    yield from zip(reversed(SCHEDULERS), list(reversed(SCHEDULERS))[1:], strict=False)


@pytest.fixture(scope="module")
def director() -> Iterator[Net]:
    """With a service for bulk transfers."""
    with live_director() as net, ExitStack() as stack:
        rules = [f"-A -t {VIP}:{BULK} -s rr"]
        for node in NODES:
            stack.enter_context(bulk(net.lab, node, BULK + MAPPED))
            rules.append(f"-a -t {VIP}:{BULK} -r {real_server(VIP, node, BULK)} -m")
        edit(net, rules)
        yield net


def edit(net: Net, lines: list[str]) -> None:
    """Commands of ipvsadm, in one process."""
    done = net.run("director", ["ipvsadm", "-R"], standard_input="\n".join([*lines, ""]))
    assert (done.returncode, done.stderr) == (0, "")


def places(net: Net) -> set[tuple[str, ...]]:
    """Client, virtual and real end of every connection that was there before the edits."""
    rows = [line.split() for line in net.must("director", "xlvs", "connections", "list", "--plain").splitlines()]
    return {tuple(row[:4]) for row in rows if row[4] == "ESTABLISHED"}


@contextmanager
def transfers(net: Net) -> Iterator[list[bool]]:
    """Bulk in both directions, again and again: whether each arrived as it was sent."""
    stop, whole = threading.Event(), list[bool]()

    def stream(direction: bytes) -> None:
        with net.lab.entered("client"):
            while not stop.is_set():
                try:
                    sent, received = transfer((VIP, BULK), STREAM_BYTES, direction)
                    whole.append(sent == received)
                except (OSError, EOFError):
                    whole.append(False)

    threads = [threading.Thread(target=stream, args=(each,)) for each in (UPLOAD, DOWNLOAD)]
    for thread in threads:
        thread.start()
    try:
        yield whole
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def test_every_change_of_scheduler_leaves_connections_where_they_are(director: Net) -> None:
    """All ordered pairs, with flags and persistence that come and go, of the services of both kinds of traffic."""
    net = forget_connections(director)
    with ExitStack() as stack, transfers(net) as whole:
        long = [stack.enter_context(connected(net)) for _ in range(6)]
        before = {row for row in places(net) if row[2] == f"{VIP}:{WEB}"}
        lines = [
            f"-E -t {VIP}:{port} -s {after} {FLAGS.get(after, '')} {ELSE[number % len(ELSE)] if port == WEB else ''}"
            for number, (_, after) in enumerate(steps())
            for port in (WEB, BULK)
        ]
        for start in range(0, len(lines), 26):
            edit(net, lines[start : start + 26])
            assert all(echoes(connection, b"still %d" % start) for connection, _ in long)
        assert before <= places(net)
        edit(net, [f"-E -t {VIP}:{port} -s rr" for port in (WEB, BULK)])

    assert len(before) == 6
    assert whole
    assert all(whole)


def test_every_change_of_a_server_leaves_connections_where_they_are(director: Net) -> None:
    """Weights from 0 to the largest, thresholds below what there is, and another forwarding method for new ones."""
    net = forget_connections(director)
    with ExitStack() as stack, transfers(net) as whole:
        long = [stack.enter_context(connected(net)) for _ in range(6)]
        before = {row for row in places(net) if row[2] == f"{VIP}:{WEB}"}
        for words in ("-w 0", "-w 65535", "-w 1 -x 1", "-w 7 -x 9 -y 3", "-w 1"):
            edit(net, [f"-e {SERVICE} -r {real_server(VIP, node, WEB)} -m {words}" for node in NODES])
            assert all(echoes(connection, words.encode()) for connection, _ in long)
        assert before <= places(net)

    assert len(before) == 6
    assert all(whole)


@pytest.mark.parametrize("after", [f"{name} {FLAGS.get(name, '')}" for name in ("wlc", "sh", "mh", "lblc")])
def test_datagrams_of_known_clients_stay_when_the_service_goes_over_to_one_packet(director: Net, after: str) -> None:
    """And back; each client's later datagrams reach the server of its first one."""
    net = forget_connections(director)
    with ExitStack() as stack:
        clients = [stack.enter_context(asking(net, VIP)) for _ in range(6)]
        nodes = [ask() for ask in clients]
        edit(net, [f"-E -t {VIP}:{WEB} -s rr", f"-E -u {VIP}:{DNS} -s {after} -o"])
        once = [ask() for ask in clients]
        edit(net, [f"-E -u {VIP}:{DNS} -s {after} -p 300"])
        again = [ask() for ask in clients]
        edit(net, [f"-E -u {VIP}:{DNS} -s rr"])
        assert [ask() for ask in clients] == nodes

    assert len(set(nodes)) == 2
    assert once == again == nodes


def test_persistent_clients_keep_their_server_through_every_scheduler(director: Net) -> None:
    """New connections follow the template, whatever the service is scheduled by."""
    net = forget_connections(director)
    edit(net, [f"-E -t {VIP}:{WEB} -s rr -p 300"])
    with connected(net) as (_, node):
        for name in SCHEDULERS:
            edit(net, [f"-E -t {VIP}:{WEB} -s {name} {FLAGS.get(name, '')} -p 300"])
            with connected(net) as (_, served):
                assert served == node, name
        edit(net, [f"-E -t {VIP}:{WEB} -s rr"])
