# SPDX-License-Identifier: Apache-2.0
"""One cell after the other: bulk in both directions and many short connections, and what the director counted."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.matrix.cells import written
from tests.matrix.scene import SERVERS
from tests.netns.listing import active_inactive, eventually, stats
from xlvs.ipvs import health
from xlvs.ipvs.pinned import PinnedTables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.matrix.cells import Cell
    from tests.netns.topology import Net

_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much each cell carries: bytes each way, and short connections."""

    bulk_bytes: int
    connections: int


FULL: Final = Size(1_000_000_000, 10_000)
SMALL: Final = Size(5_000_000, 200)


@dataclass(slots=True)
class Outcome:
    """What came of a cell: seconds by part, and complaints, of which there should be none.

    `handed_up` is the part of the packets that XDP left to tc; it is 0 without XDP.
    """

    cell: Cell
    handed_up: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs cells in a scene, with the traffic program as client."""

    net: Net
    program: Path
    size: Size

    def run(self, cell: Cell) -> Outcome:
        """All parts of a cell; one that fails does not keep the next from being tried."""
        outcome, before = Outcome(cell), self._verdicts()
        for direction in ("up", "down"):
            self._client(outcome, direction, "bulk", self.size.bulk_bytes, direction)
        answers = self._client(outcome, "short", "short", self.size.connections)
        expected = {"director"} if cell.method.local else set(SERVERS)
        if "short" in outcome.seconds and set(answers) != expected:
            outcome.complaints.append(f"answers came from {answers}, not from {sorted(expected)}")
        counts = {name: count - before[name] for name, count in self._verdicts().items()}
        outcome.handed_up = counts["hand_up"] / max(1, sum(counts.values()) - counts["hand_up"])
        return outcome

    def _verdicts(self) -> dict[str, int]:
        """The director's packets by verdict."""
        with self.net.lab.entered("director"):
            return health.verdicts(PinnedTables().store())

    def _client(self, outcome: Outcome, part: str, what: str, *arguments: object) -> dict[str, int]:
        """Run the client, and note its seconds or its complaint; how many short ones each server answered."""
        cell = outcome.cell
        words = [str(self.program), what, cell.protocol, cell.vip, str(cell.port), *map(str, arguments)]
        try:
            done = self.net.run("director" if cell.method.own else "client", words, timeout_s=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            outcome.complaints.append(f"{part}: not done after {_PATIENCE_S:.0f} s")
            return {}
        if done.returncode:
            outcome.complaints.append(f"{part}: {done.stderr.strip().splitlines()[0]}")
            return {}
        seconds, *counts = done.stdout.split()
        outcome.seconds[part] = float(seconds)
        return {name: int(count) for name, _, count in (word.partition("=") for word in counts)}

    def check_counters(self, outcomes: Sequence[Outcome]) -> None:
        """Hold what the director counted against what was sent; the outcomes get the complaints."""
        eventually(lambda: all(self._miscounted(outcome) is None for outcome in outcomes))
        for outcome in outcomes:
            if complaint := self._miscounted(outcome):
                outcome.complaints.append(complaint)
        active = {name: counts for name, counts in active_inactive(self.net).items() if counts[0]}
        if active:
            outcomes[-1].complaints.append(f"connections that ended are active: {active}")

    def _miscounted(self, outcome: Outcome) -> str | None:
        cell = outcome.cell
        row = stats(self.net)[f"{cell.protocol.upper()} {written(cell.vip, cell.port)}"]
        conns, _, out_packets, in_bytes, out_bytes = row.service
        if conns != self.size.connections + 2:
            return f"{conns} connections counted"
        if in_bytes < self.size.bulk_bytes:
            return f"{in_bytes} bytes counted towards the servers"
        if cell.answers_pass == (out_bytes < self.size.bulk_bytes // 10):
            return f"{out_packets} packets with {out_bytes} bytes counted from the servers"
        return None if row.service == row.total else f"{row.service} is not the sum of its servers {row.total}"
