# SPDX-License-Identifier: Apache-2.0
"""A server leaves under load, by every forwarding method: nobody is hurt before the deadline, and nothing is left after it."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.listing import eventually
from tests.netns.live import echoes, is_reset, listed
from tests.netns.load import METHODS, NODES, TCP_PORT, UDP_PORT, Site, connections_to, site, under_load
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE_S: Final = 3.0
LONG: Final = 4
LEAVES, STAYS = NODES


@pytest.fixture(params=METHODS)
def at(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The network of a method."""
    with site(request.param) as made:
        yield made


def begin_draining(at: Site, port: int) -> subprocess.Popen[str]:
    """`xlvs drain` at work."""
    words = ["xlvs", "drain", at.service(port), at.server(LEAVES, port), "--deadline", f"{DEADLINE_S}s"]
    command = at.net.lab.command("director", words)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True)


def sockets_to(at: Site) -> int:
    """Connections that the leaving server believes in."""
    port = TCP_PORT + at.mapped
    return len(at.net.must(LEAVES, "ss", "-Htn", "state", "established", f"sport = :{port}").splitlines())


def test_draining_under_load_hurts_nobody_before_the_deadline(at: Site) -> None:
    """New connections avoid the server at once, long ones go on until both ends are reset, and UDP clients move then."""
    with under_load(at) as clients, connections_to(at, LEAVES, LONG) as (long, others), ExitStack() as stack:
        drains = [stack.enter_context(begin_draining(at, port)) for port in (TCP_PORT, UDP_PORT)]
        assert eventually(lambda: {at.weight(LEAVES, port) for port in (TCP_PORT, UDP_PORT)} == {0})
        quiesced = time.monotonic()
        assert all(echoes(connection, b"going on") for connection in long)
        seen = time.monotonic()
        resets = [is_reset(connection, 3 * DEADLINE_S) for connection in long]
        reset_after = time.monotonic() - quiesced
        outs = [drain.communicate(timeout=20)[0] for drain in drains]
        ended = time.monotonic()
        assert all(echoes(connection, b"untouched") for connection in others)
        assert eventually(lambda: all(answers[-1].begun > ended for answers in clients.udp.values()))
        assert eventually(lambda: sockets_to(at) == 0)
        server = at.server(LEAVES, TCP_PORT)
        assert listed(at.net, "--server", server, "--state", "ESTABLISHED") == []

    assert resets == [True] * len(long)
    assert 0.5 * DEADLINE_S < reset_after < 2 * DEADLINE_S
    assert all("has no connections any more: at the deadline, " in out for out in outs)
    after = [each for each in clients.tcp if each.begun > quiesced]
    assert after
    assert [each for each in after if each.node != STAYS] == [], f"quiesced {quiesced}, ended {ended}"
    assert [answers for answers in clients.udp.values() if answers[0].node == LEAVES]
    for answers in clients.udp.values():
        assert {each.node for each in answers if each.begun > ended} == {STAYS}
        assert len({each.node for each in answers if each.ended < seen}) == 1
