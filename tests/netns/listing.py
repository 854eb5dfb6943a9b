# SPDX-License-Identifier: Apache-2.0
"""What `ipvsadm` lists, as numbers, and waiting until it lists what was expected."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.netns.topology import Net

PATIENCE_S = 45.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of ``ipvsadm -Ln --stats --exact`` or of ``ipvsadm -Ln``: the numbers at its end, by destination."""

    service: tuple[int, ...]
    destinations: dict[str, tuple[int, ...]]

    @property
    def total(self) -> tuple[int, ...]:
        """The sum over the destinations."""
        return tuple(sum(column) for column in zip(*self.destinations.values(), strict=True))


def stats(net: Net) -> dict[str, Row]:
    """Conns, InPkts, OutPkts, InBytes and OutBytes by service (``TCP 192.168.20.129:80``) and destination."""
    return _table(net.ipvsadm("-L -n --stats --exact"), numbers=5)


def active_inactive(net: Net) -> dict[str, tuple[int, int]]:
    """ActiveConn and InActConn by destination, over all services."""
    found: dict[str, tuple[int, int]] = {}
    for row in _table(net.ipvsadm("-L -n"), numbers=0).values():
        for name, values in row.destinations.items():
            before = found.get(name, (0, 0))
            found[name] = (before[0] + values[-2], before[1] + values[-1])
    return found


def eventually(condition: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> bool:
    """Whether a condition becomes true in time: what the kernel refreshes every 2 s, or what expires."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _table(text: str, *, numbers: int) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    current = Row((), {})
    for line in text.splitlines()[3:]:
        words = line.split()
        values = tuple(int(word) for word in words[-(numbers or 3) :] if word.isdigit())
        if words[0] == "->":
            current.destinations[words[1]] = values
        else:
            current = rows[" ".join(words[:2])] = Row(values, {})
    return rows
