# SPDX-License-Identifier: Apache-2.0
"""The table of whole requests and streams: every balancer in a fresh network, in turn, round after round."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.netns import load
from bench.netns import topology as net
from bench.netns.balancers import Balancer, contestants
from bench.netns.servers import await_answer, serving
from bench.objects import BenchError
from bench.report import Figure, Section

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = "HTTP requests/s, connections kept alive"
CLOSED = "HTTP requests/s, one connection each"
STREAM = "TCP stream, Gbit/s"
WIRE = "TCP stream as on a wire, Gbit/s"
UDP = "UDP, 1000 connections, thousand packets/s"
UDP_NEW = "UDP, every packet a new connection, thousand packets/s"
Samples = dict[tuple[str, str], list[float]]


def tests(balancer: Balancer, seconds: float) -> dict[str, Callable[[], float]]:
    """The measurements that a balancer takes part in."""
    target = balancer.target
    chosen: dict[str, Callable[[], float]] = {}
    if balancer.tcp:
        chosen[KEPT] = lambda: load.requests_per_second(target, seconds, keep=True)
        chosen[CLOSED] = lambda: load.requests_per_second(target, seconds, keep=False)
        chosen[STREAM] = lambda: load.stream_gbit(target, seconds)
        chosen[WIRE] = lambda: load.wire_gbit(target, seconds)
    if balancer.udp:
        chosen[UDP] = lambda: load.udp_kpps(target, seconds / 2, 1000)
        chosen[UDP_NEW] = lambda: load.udp_new_kpps(target)
    return chosen


def measure(balancer: Balancer, seconds: float, samples: Samples, section: Section) -> None:
    """One round of one balancer in a network of its own."""
    absent = [tool for tool in balancer.needs if not shutil.which(tool)]
    if absent:
        section.skip(balancer.name, f"{', '.join(absent)} is not installed")
        return
    with net.network(), serving(), tempfile.TemporaryDirectory(prefix="xlvs-bench-") as folder:
        Path(folder).chmod(0o755)
        try:
            balancer.up(Path(folder))
            if balancer.tcp:
                await_answer(balancer.target)
            for row, test in tests(balancer, seconds).items():
                _sample(row, test, balancer, samples, section)
        except (BenchError, subprocess.SubprocessError) as problem:
            section.skip(balancer.name, _reason(problem))
        finally:
            balancer.down()


def _sample(row: str, test: Callable[[], float], balancer: Balancer, samples: Samples, section: Section) -> None:
    try:
        samples.setdefault((row, balancer.name), []).append(test())
    except (BenchError, subprocess.SubprocessError) as problem:
        section.skip(f"{balancer.name}, {row}", _reason(problem))


def _reason(problem: Exception) -> str:
    told = getattr(problem, "stderr", None)
    return str(told).strip().splitlines()[-1] if told and str(told).strip() else str(problem)


def section(rounds: int, seconds: float) -> Section:
    """Measure everything: medians over the rounds."""
    found = Section(
        "Through network namespaces",
        [],
        "see each row; more is better",
        "Everything on one core: requests per second are the reciprocal of the processor time of the whole path, client"
        " and servers included. «As on a wire»: no segmentation offload, every segment a packet. UDP packets are counted"
        " per second of that core's time. Floor: the least that a balancer with a table does to each of them, one line of an"
        " index and, for the first packet, one entry of 64 bytes of 1 Mi.",
        more_is_better=True,
    )
    samples: Samples = {}
    for _ in range(rounds):
        for balancer in contestants():
            measure(balancer, seconds, samples, found)
    for (row, name), values in samples.items():
        if values:
            found.put(row, name, Figure.of(values, high_is_good=True))
    found.missing = list(dict.fromkeys(found.missing))
    return found
