# SPDX-License-Identifier: Apache-2.0
"""Frames through both programs: XDP first, what it hands up through tc, as on an interface with both."""

from __future__ import annotations

import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from tests.fuzz.judge import DIRECT, judge
from tests.fuzz.mutate import Mutator
from tests.fuzz.sctp import SCTP
from tests.progrun import invariants
from tests.progrun.director import INNER, OUTER, Arrival, Director
from tests.progrun.packets import TCP, UDP
from tests.progrun.rules import add
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from xlvs.ipvs.pinned import PinnedTables

BATCH = 20_000  # frames between two looks at the tables
_WAITS_S = (1, 5, 12, 61, 130, 400, 1000)


def rules(tables: PinnedTables) -> None:
    """Port 80 and 81 balance, 82 leads over a narrow link, DIRECT forwards as it is, 84 leads nowhere, 85 has nobody.

    Ports are translated for 81, and over UDP for 500, which AH and ESP follow.
    """
    for virtual, real in (("10.0.0.1:{}", "10.2.{}.100:{}"), ("[2001:db8::1]:{}", "[2001:db8:2:{}::100]:{}")):
        for protocol in (TCP, UDP, SCTP):
            for scheduler, port, mapped, reals, method in (
                ("wlc", 80, 80, (1, 2, 3), ForwardingMethod.MASQUERADE),
                ("sh", 81, 8081, (1, 2), ForwardingMethod.MASQUERADE),
                ("rr", 82, 82, (200,), ForwardingMethod.MASQUERADE),
                ("wrr", DIRECT, DIRECT, (1, 2, 200), ForwardingMethod.DIRECT_ROUTE),
                ("rr", 84, 84, (202,), ForwardingMethod.MASQUERADE),
                ("rr", 85, 85, (), ForwardingMethod.MASQUERADE),
            ):
                ends = [real.format(number, mapped) for number in reals]
                add(tables, protocol, virtual.format(port), *ends, scheduler=scheduler, forwarding=method)
        add(tables, UDP, virtual.format(500), real.format(1, 500))


class Refused(AssertionError):
    """A program did what it must not; the text holds the frame."""


class Fuzzer:
    """Runs frames and counts what became of them."""

    def __init__(self, director: Director, seed: int) -> None:
        self.director = director
        self.random = Random(seed)
        self.mutator = Mutator(self.random)
        self.outcomes: Counter[str] = Counter()
        self.frames = 0
        self.runs = 0
        self.most_connections = 0
        director.clear()
        rules(director.tables)

    def run(self, frames: int, *, seconds: float = float("inf")) -> None:
        """Run so many frames, or for so long, and look at the tables now and then, and when everything expired."""
        stop = time.monotonic() + seconds
        done = 0
        while done < frames and time.monotonic() < stop:
            count = min(BATCH, frames - done)
            self._batch(count)
            done += count
            self.most_connections = max(self.most_connections, invariants.check(self.director))
            self.director.pass_time(self.random.choice(_WAITS_S) * self.director.ticks_per_second)
        invariants.check_empty(self.director)

    def _batch(self, count: int) -> None:
        director = self.director
        contexts = [director.tc_context(arrival) for arrival in (OUTER, INNER)]
        split = [director.tc_context(Arrival(name, 500, 3)) for name in ("outer", "inner")]
        for _ in range(count):
            frame, inner = self.mutator.next()
            xdp = director.xdp_context(INNER if inner else OUTER, len(frame))
            passed = self._one(frame, xdp, xdp=True)
            if passed:
                many = len(frame) > 1000 and not self.random.getrandbits(2)
                self._one(frame, (split if many else contexts)[inner], xdp=False)
        self.frames += count

    def _one(self, frame: bytes, context: bytes, *, xdp: bool) -> bool:
        """Run one program; True if the frame goes on to the next."""
        runner = self.director.xdp_runner if xdp else self.director.tc_runner
        error = runner.attempt(frame, context)
        if error:
            self.outcomes["refused by the kernel"] += 1
            return True
        self.runs += 1
        try:
            word = judge(frame, runner.retval, runner.after, xdp=xdp)
        except (AssertionError, IndexError) as wrong:
            name = "xdp" if xdp else "tc"
            text = f"{name}: {wrong}\nin  {frame.hex()}\nout {runner.after.hex()} ({runner.retval})\n{context.hex()}"
            raise Refused(text) from wrong
        self.outcomes[f"{'xdp' if xdp else 'tc'} {word}"] += 1
        return word == "passed"
