# SPDX-License-Identifier: Apache-2.0
"""Both processors on the same few flows, with sweeps going on: nothing is lost, nothing counted twice."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import TYPE_CHECKING

from tests.progrun import invariants
from tests.progrun.director import INNER, OUTER
from tests.progrun.packets import TCP, UDP, Packet, end
from tests.progrun.pair import from_server
from tests.progrun.rules import add
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.ipvs import layout

if TYPE_CHECKING:
    from tests.progrun.director import Director

SECONDS = 6.0
PORTS = 24
THREADS = 3
_FLAGS = (SYN, SYN, SYN | ACK, ACK, FIN | ACK, RST, 0)


def frames() -> list[tuple[bytes, bool]]:
    """Every packet that the threads send, and whether it comes from a server."""
    found = []
    for protocol in (TCP, UDP):
        for port in range(1000, 1000 + PORTS):
            client = end(f"10.1.8.5:{port}")
            for flags in _FLAGS:
                asks = [Packet(client, end(f"10.0.0.{vip}:80"), protocol, flags) for vip in (1, 2)]
                servers = [end(f"10.2.{server}.100:80") for server in (1, 2)]
                answers = [from_server(source, client, protocol=protocol, flags=flags) for source in servers]
                found += [(ask.frame(), False) for ask in asks] + [(say.frame(), True) for say in answers]
    return found


def send(director: Director, seed: int, stop: threading.Event, done: list[int]) -> None:
    """Send at random through both programs until told to stop."""
    random, all_frames = Random(seed), frames()
    tc, xdp = director.new_runner(xdp=False), director.new_runner(xdp=True)
    contexts = director.tc_context(OUTER), director.tc_context(INNER)
    count = 0
    while not stop.is_set():
        for frame, inner in random.choices(all_frames, k=256):
            if count & 1:
                tc.attempt(frame, contexts[inner])
            else:
                xdp.attempt(frame, director.xdp_context(INNER if inner else OUTER, len(frame)))
            count += 1
    done.append(count)


def expire_some(director: Director, random: Random) -> None:
    """Let some of the connections expire now, as if their time had come."""
    words = director.store.array("conns").words
    now = director.now()
    for number in range(1, director.conn_high() + 1):
        if director._life(number) and not random.getrandbits(2):
            words[number * (layout.CONN_SIZE >> 2) + 10] = now - director.ticks_per_second & 0xFFFFFFFF
    director.sweep()


def test_two_processors_on_the_same_flows_leave_the_tables_right(director: Director) -> None:
    """Connections begin, change state, give way and expire on all sides at once; then every invariant holds."""
    for protocol in (TCP, UDP):
        for virtual in ("10.0.0.1:80", "10.0.0.2:80"):
            add(director.tables, protocol, virtual, "10.2.1.100:80", "10.2.2.100:80", scheduler="wlc")
    stop, done = threading.Event(), list[int]()
    threads = [threading.Thread(target=send, args=(director, seed, stop, done)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    random = Random(99)
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            expire_some(director, random)
            stop.wait(0.01)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(done) == THREADS
    assert invariants.check(director) > 0
    invariants.check_empty(director)
