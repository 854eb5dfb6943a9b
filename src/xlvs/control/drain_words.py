# SPDX-License-Identifier: Apache-2.0
"""What `xlvs drain` says: progress on the standard error, the end on the standard output, or both as JSON there."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlvs.control.connection_words import endpoint, service_text
from xlvs.control.connections import summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.ipvs.draining import DrainedServer
    from xlvs.ipvs.selection import Chosen
    from xlvs.model.service import ServiceKey

_LINE_S: Final = 5.0  # between lines where nobody looks at a terminal


class Progress(NamedTuple):
    """What is left, and how many seconds until the deadline; None: there is none."""

    left: int
    deadline_s: float | None = None

    def __str__(self) -> str:
        """For people."""
        connections = f"{self.left} connection{'' if self.left == 1 else 's'} left"
        return connections if self.deadline_s is None else f"{connections}, {max(self.deadline_s, 0):.0f} s to go"


class Report:
    """One line that changes on a terminal, else a line now and then; `as_json`: an object a line, the last one with `end`."""

    def __init__(self, service: ServiceKey, address: bytes, port: int, *, as_json: bool) -> None:
        self._server = endpoint(address, port)
        self._service = service_text(service)
        self._json = as_json
        self._terminal = sys.stderr.isatty() and not as_json
        self._shown_s = -_LINE_S
        self._line_is_open = False

    @property
    def name(self) -> str:
        """The server, for sentences."""
        return f"{self._server} of {self._service}"

    def progress(self, progress: Progress, now_s: float) -> None:
        """Show it, if it is time."""
        if self._terminal:
            self._line_is_open = True
            print(f"\r{progress}\033[K", end="", file=sys.stderr, flush=True)
        elif now_s - self._shown_s >= _LINE_S:
            self._shown_s = now_s
            if self._json:
                self._object(left=progress.left, deadline_s=_rounded(progress.deadline_s))
            else:
                print(progress, file=sys.stderr, flush=True)

    def done(self, ended: Chosen | None) -> None:
        """It has no connections any more; `ended`: what the deadline ended."""
        if self._json:
            self._object(end="drained", left=0, **(ended._asdict() if ended else {}))
            return
        self._clear()
        how = f": at the deadline, {summary(ended)}" if ended else ""
        print(f"{self.name} has no connections any more{how}")

    def quiesced(self, left: int) -> None:
        """Nobody waits for the rest."""
        if self._json:
            self._object(end="quiesced", left=left)
        else:
            print(f"{self.name} gets no new connections; {Progress(left)}")

    def undone(self, weight: int, *, was_quiesced: bool) -> None:
        """It may have connections again."""
        if self._json:
            self._object(end="undone", weight=weight)
        elif was_quiesced:
            print(f"{self.name} has weight {weight} again")
        else:
            print(f"{self.name} has weight {weight}: nothing to undo")

    def changed(self, *, listed: bool, left: int) -> None:
        """Somebody else gave it weight, or took it away."""
        if self._json:
            self._object(end="changed", listed=listed, left=left)
            return
        self._clear()
        how = "has weight again" if listed else "was removed"
        print(
            f"{self.name} {how}: somebody else changed it, and nothing of it was ended; {Progress(left)}",
            file=sys.stderr,
        )

    def interrupted(self, left: int) -> None:
        """Somebody wants to wait no longer."""
        if self._json:
            self._object(end="interrupted", left=left)
            return
        if self._terminal:
            print(file=sys.stderr)
        print(
            f"interrupted: {self.name} stays quiesced; {Progress(left)}, they go on. The same command goes on waiting, with "
            "--undo it gives the weight back",
            file=sys.stderr,
        )

    def _object(self, **members: Any) -> None:
        print(json.dumps({"service": self._service, "server": self._server, **members}), flush=True)

    def _clear(self) -> None:
        if self._line_is_open:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def listing(servers: Iterable[DrainedServer]) -> str:
    """The drained servers, a line each."""
    lines = []
    for each in servers:
        name = f"{endpoint(each.destination.address, each.destination.port)} of {service_text(each.service)}"
        absent = "" if each.listed else "; removed at present"
        lines.append(f"{name}: {Progress(each.connections)}, weight {each.weight} by --undo{absent}")
    return "\n".join(lines) or "no server is drained"


def listing_json(servers: Iterable[DrainedServer]) -> str:
    """The same for programs."""
    rows = [
        {
            "service": service_text(each.service),
            "server": endpoint(each.destination.address, each.destination.port),
            "left": each.connections,
            "weight": each.weight,
            "listed": each.listed,
        }
        for each in servers
    ]
    return json.dumps(rows, indent=2)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(seconds, 0.0), 1)
