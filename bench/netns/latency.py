# SPDX-License-Identifier: Apache-2.0
"""How long a packet takes: a ping-pong of single bytes over one TCP connection through each balancer.

One thread holds both ends: a byte's way through all three stacks is part of the call that sends it, so no switch between
processes is measured where the balancer is none itself. What a balancer adds to one packet is half of what its round
trip takes longer than that of plain routing.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.netns import topology as net
from bench.netns.balancers import contestants
from bench.objects import BenchError
from bench.report import Figure, Section
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.netns.balancers import Balancer

TRIPS, WARM = 20_000, 1000
SHARES = {"p50": 0.50, "p99": 0.99, "p99.9": 0.999}
ROUTING, ADDED = "plain routing", "added to one packet, p50, µs"
_PATIENCE_S = 5.0


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of ordered values that so great a share of them does not exceed. Raises ValueError for none."""
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def row(name: str) -> str:
    """The row of one percentile."""
    return f"round trip, {name}, µs"


@contextmanager
def connected(target: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection from the client through `target` to server 1. Raises BenchError."""
    with namespace.entered(net.SERVER1):
        listener = socket.create_server((net.SERVER1_IP, net.STREAM_PORT))
    with listener:
        listener.settimeout(_PATIENCE_S)
        try:
            with namespace.entered(net.CLIENT):
                near = _patiently(target)
            with near:
                far, _ = listener.accept()
                with far:
                    for end in (near, far):
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        end.settimeout(_PATIENCE_S)
                    yield near, far
        except OSError as problem:
            raise BenchError(f"no connection through {target}: {problem}") from None


def _patiently(target: str) -> socket.socket:
    """A connection, as soon as the balancer takes one."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return socket.create_connection((target, net.STREAM_PORT), timeout=1)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def round_trips(near: socket.socket, far: socket.socket, count: int = TRIPS) -> list[float]:
    """Microseconds of so many round trips, in ascending order."""
    found = []
    for _ in range(count + WARM):
        begin = time.perf_counter_ns()
        near.send(b"?")
        far.recv(1)
        far.send(b"!")
        near.recv(1)
        found.append((time.perf_counter_ns() - begin) / 1e3)
    return sorted(found[WARM:])


def _measure(balancer: Balancer) -> list[float]:
    with net.network(), tempfile.TemporaryDirectory(prefix="xlvs-bench-") as folder:
        Path(folder).chmod(0o755)
        try:
            balancer.up(Path(folder))
            with connected(balancer.target) as (near, far):
                return round_trips(near, far)
        finally:
            balancer.down()


def section(rounds: int) -> Section:
    """The whole table: medians over the rounds of each round's percentiles."""
    found = Section(
        "Latency",
        [],
        "µs, in brackets the least; less is better",
        f"{TRIPS:,} round trips of one byte over an established TCP connection, both ends in one thread on one core.",
        shows_best=True,
    )
    samples: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for balancer in (each for each in contestants() if each.tcp):
            try:
                trips = _measure(balancer)
            except (BenchError, OSError, subprocess.SubprocessError) as problem:
                found.skip(balancer.name, problem)
                continue
            for name, share in SHARES.items():
                samples.setdefault((row(name), balancer.name), []).append(percentile(trips, share))
    for (name, column), values in samples.items():
        found.put(name, column, Figure.of(values))
    add_difference(found)
    found.missing = list(dict.fromkeys(found.missing))
    return found


def add_difference(found: Section) -> None:
    """The row of what each balancer adds to one packet."""
    cells = found.rows.get(row("p50"), {})
    base = cells.get(ROUTING)
    for column, figure in list(cells.items()):
        if base and figure and column != ROUTING:
            found.put(ADDED, column, Figure((figure.median - base.median) / 2, (figure.best - base.best) / 2))
