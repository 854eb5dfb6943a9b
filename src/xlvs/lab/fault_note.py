# SPDX-License-Identifier: Apache-2.0
"""What is written down about a fault: one file each beside its lab's, so that it is forgotten with the lab."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from xlvs.lab import state
from xlvs.lab.amounts import show_duration, show_percent

if TYPE_CHECKING:
    from pathlib import Path

LINK: Final = "link"
UNPLUGGED: Final = "unplugged"
STOPPED: Final = "stopped"
FROZEN: Final = "frozen"


@dataclass(frozen=True, slots=True)
class Point:
    """One direction of a link: at which device of the fault's place, and which way packets pass it there.

    `source`: only what this hardware address sends; all when it is empty.
    """

    device: str
    egress: bool
    towards: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to packets. Parts of one, seconds; `match` are the words of a filter."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    match: tuple[str, ...] = ()
    seed: int = 0

    @property
    def holds(self) -> bool:
        """Whether packets go through the process of the fault."""
        return bool(self.delay_s or self.corrupt)

    def __str__(self) -> str:
        names = ("loss", "duplicate", "reorder", "corrupt")
        chances = [(name, getattr(self, name)) for name in names]
        words = [f"{name} {show_percent(value)}" for name, value in chances if value]
        if self.delay_s:
            jitter = f" +-{show_duration(self.jitter_s)}" if self.jitter_s else ""
            words.append(f"delay {show_duration(self.delay_s)}{jitter}")
        if self.match:
            words.append("of " + " ".join(self.match))
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `place` is the node or switch where it is at work, `port` a device there that is down because of it.

    `pid`, `started`: the process that holds it, 0 before; `maps`: numbers of the maps with the counts of its points;
    `begun_s`: when, in seconds since 1970.
    """

    lab: str
    number: int
    kind: str
    where: str
    place: str
    points: tuple[Point, ...] = ()
    rule: Rule = field(default_factory=Rule)
    port: str = ""
    duration_s: float | None = None
    method: str | None = None
    pid: int = 0
    started: int = 0
    begun_s: float = 0.0
    maps: tuple[int, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether the process that holds it is there."""
        return state.runs(self.pid, self.started)

    def what(self) -> str:
        """In words."""
        texts = {UNPLUGGED: "cut", STOPPED: "web server stopped", FROZEN: "frozen"}
        if self.kind == LINK:
            return "cut" if self.rule.loss == 1 and not self.rule.match and len(self.points) == 2 else str(self.rule)
        return texts[self.kind]

    def held_by(self, pid: int, begun_s: float, maps: tuple[int, ...]) -> Fault:
        """The same, in force."""
        return replace(self, pid=pid, started=state.start_time(pid) or 0, begun_s=begun_s, maps=maps)


def save(fault: Fault) -> None:
    """Write it down in one step."""
    path = _path(fault.lab, fault.number)
    draft = path.with_name(f"{fault.lab}.new-fault.{fault.number}")
    draft.write_text(json.dumps(asdict(fault)) + "\n")
    draft.rename(path)


def load(lab: str, number: int) -> Fault:
    """What is written down; FileNotFoundError when it is not there, ValueError, KeyError, TypeError when damaged."""
    return decode(_path(lab, number).read_text())


def decode(text: str) -> Fault:
    """The inverse of what `save` writes."""
    fields: dict[str, Any] = json.loads(text)
    fields["points"] = tuple(Point(**point) for point in fields["points"])
    fields["rule"]["match"] = tuple(fields["rule"]["match"])
    fields["rule"] = Rule(**fields["rule"])
    fields["maps"] = tuple(fields["maps"])
    return Fault(**fields)


def present(lab: str, number: int) -> bool:
    """Whether it is written down."""
    return _path(lab, number).exists()


def forget(fault: Fault) -> None:
    """It is over."""
    _path(fault.lab, fault.number).unlink(missing_ok=True)


def load_all(lab: str) -> list[Fault]:
    """Those of a lab, by number."""
    faults = []
    for path in state.DIRECTORY.glob(f"{lab}.fault.*"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            faults.append(decode(path.read_text()))
    return sorted(faults, key=lambda fault: fault.number)


def next_number(lab: str) -> int:
    """One that no file has, readable or not."""
    taken = [path.suffix[1:] for path in state.DIRECTORY.glob(f"{lab}.fault.*")]
    return max((int(number) for number in taken if number.isdecimal()), default=0) + 1


def _path(lab: str, number: int) -> Path:
    return state.DIRECTORY / f"{lab}.fault.{number}"
