# SPDX-License-Identifier: Apache-2.0
"""What was found out about a packet: the material of the story. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from xlvs.explain.question import Question
from xlvs.explain.rows import ConnectionRow, DestinationRow, ServiceRow
from xlvs.ipvs.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlvs.ipvs.trial_copy import Copy

Fate = Literal["pass", "drop", "redirect", "send back", "consumed", "abort"]


@dataclass(frozen=True)
class Met:
    """What of the tables a packet met, before the program did anything, but for `begun` and `made`: those it made.

    `connection`: found; `template`: found; `chosen`: the destination of a new connection, 0 is nobody's.
    `remembered`: destinations that lblc or lblcr kept for the address asked for, None where it kept none.
    """

    connection: ConnectionRow | None = None
    connection_after: ConnectionRow | None = None
    begun: ConnectionRow | None = None
    template: ConnectionRow | None = None
    template_after: ConnectionRow | None = None
    made: ConnectionRow | None = None
    service: ServiceRow | None = None
    cursor_after: tuple[int, int] = (0, 0)
    candidates: tuple[DestinationRow, ...] = ()
    destination: DestinationRow | None = None
    owner: ServiceRow | None = None
    remembered: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Step:
    """One program and what it did. `hook` is where: `xdp`, `tc`, `egress`; `interface` the name of the one it hangs on.

    `fate` follows from the return value (`consumed`: nothing is left of the packet itself); with `redirect`, `out` is the
    interface that the frame leaves by. `verdict` is a name of `layout.VERDICT_NAMES`. `reach`: the host's route to the
    destination, where a packet for it was left to the stack; a program cannot tell no route from one that ends here.
    """

    hook: str
    interface: str
    verdict: str
    fate: Fate
    before: bytes
    after: bytes
    out: str
    work: Work
    met: Met
    copy: Copy
    reach: StackRoute | None = None


@dataclass(frozen=True)
class StackRoute:
    """What the host's routing says of a packet.

    `local`: it ends here; `forward`: by `interface`, to `gateway` unless it is on the link; `refused`: `why` says.
    """

    kind: Literal["local", "forward", "refused"]
    interface: str = ""
    ifindex: int = 0
    gateway: bytes = b""
    why: str = ""


@dataclass(frozen=True)
class Stack:
    """Where the host's own stack gets the packet from a program, and what it does with it."""

    route: StackRoute
    frame: bytes
    detour: bool = False


@dataclass(frozen=True)
class Place:
    """Where the packet comes in. `tc`, `xdp`, `egress`: what hangs there, "" for nothing. `guessed`: from its source.

    `current`: what hangs there are the director's newest programs. `back`: the interface by which answers leave, "": none.
    """

    interface: str
    ifindex: int
    address: bytes
    own: bool = False
    tc: str = ""
    xdp: str = ""
    egress: str = ""
    guessed: bool = False
    current: bool = True
    back: str = ""


@dataclass(frozen=True)
class Facts:
    """All of it. `steps` and `stacks` in the order in which they came; `pace`: ticks in a second.

    `outdated`: programs that hang there are of another version than those that were tried.
    """

    asked: Question
    place: Place
    steps: tuple[Step, ...]
    stacks: tuple[Stack, ...]
    pace: int
    outdated: bool = False
    interfaces: Mapping[int, str] = field(default_factory=dict)

    @property
    def last(self) -> Step:
        """The program that decided."""
        return next(
            (each for each in reversed(self.steps) if each.verdict not in ("pass", "back", "hand_up")), self.steps[-1]
        )
