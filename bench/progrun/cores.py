# SPDX-License-Identifier: Apache-2.0
"""What a packet costs on one processor while others are at the same director's work: the tables are shared by all."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack

from bench import director
from bench.netns import topology as net
from bench.objects import BenchError
from bench.progrun import cases
from bench.progrun.cases import Case
from bench.progrun.harness import ALL_NEW, MASKS
from bench.progrun.packets import SYN, VIP4, ipv4
from bench.progrun.path import RUNS, Path, Samples, await_settled
from xlvs.linux import namespace

KNOWN, NEW = "64 k known", "new, rr"
SETTLED = 1 << 17  # connections that give the index a size which the new ones do not change
APART = 1 << 20  # clients of one processor, and of the next one


def counts() -> list[int]:
    """1, 2, 4 and so on, as many processors as this process may have; two at least, so that there is something to see."""
    most = max(2, os.cpu_count() or 1)
    return [1 << power for power in range(most.bit_length()) if 1 << power <= most]


def rows() -> dict[str, Case]:
    """What is measured, by its line in the plot."""
    mask = MASKS["64 k"]
    known = tuple((packet, mask) for packet in (ipv4(SYN), ipv4()))
    settled = ((ipv4(SYN, source=cases.client_of(40)), SETTLED - 1),)
    new = Case(ipv4(SYN, source=cases.client_of(60)), ALL_NEW, settled, repeat=cases.NEW_REPEAT, beside=())
    return {KNOWN: Case(ipv4(), mask, known, beside=()), NEW: new}


def one_round(samples: Samples, name: str, room: int) -> None:
    """Every row on every number of processors; `name`: what the rows are called before line and number."""
    try:
        with net.network(), ExitStack() as stack:
            _measure(samples, name, room, stack)
    except BenchError as problem:
        samples.missing.append((name, str(problem)))


def _measure(samples: Samples, name: str, room: int, stack: ExitStack) -> None:
    rules = cases.service(f"-t {VIP4}:80", "rr", "NAT", cases.destinations4())
    director.renew(rules, room)
    teacher, *paths = [Path(path, stack) for path in ("tc", *["XDP"] * max(counts()))]
    stack.enter_context(namespace.entered(net.DIRECTOR))
    for path in (teacher, *paths):
        path.begin(stack)
    teacher.await_routes(rows()[KNOWN])
    for line, case in rows().items():
        teacher.make_known(case)
        await_settled()
        for number, path in enumerate(paths):
            path.start = number * APART
        _at_once(paths, "", case, Samples())  # so that all caches have seen it
        for count in counts():
            _at_once(paths[:count], f"{name}, {line}: {count:,}", case, samples)


def _at_once(paths: list[Path], row: str, case: Case, samples: Samples) -> None:
    threads = [
        threading.Thread(target=_on_core, args=(core, path, row, case, samples)) for core, path in enumerate(paths)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _on_core(core: int, path: Path, row: str, case: Case, samples: Samples) -> None:
    os.sched_setaffinity(0, {core})
    path.measure(row, case, samples, range(RUNS))
    path.start += RUNS * case.repeat
