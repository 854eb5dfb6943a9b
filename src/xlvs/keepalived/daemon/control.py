# SPDX-License-Identifier: Apache-2.0
"""The socket that says what the daemon does: who connects gets one memory file with JSON."""

from __future__ import annotations

import json
import os
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xlvs.keepalived.daemon import line
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PATIENCE_S: Final = 2.0
_MODE: Final = 0o600
_QUESTIONS_MAX: Final = 16


@dataclass(slots=True)
class _Question:
    """Somebody who asked, what is known already, and of whom more is awaited until when."""

    wire: socket.socket
    facts: dict[str, Any]
    awaited: set[str]
    until: float
    answers: dict[str, object] = field(default_factory=dict)


class Control:
    """The daemon's end. `facts` gives what the first process knows; its `asked` names the parts that will answer."""

    def __init__(self, path: Path, selector: selectors.BaseSelector, facts: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._selector = selector
        self._facts = facts
        self._wire: socket.socket | None = None
        self._questions: list[_Question] = []

    def open(self) -> None:
        """Listen. Root alone may connect."""
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        with suppress(FileNotFoundError):
            self._path.unlink()
        before = os.umask(0o777 & ~_MODE)
        try:
            wire.bind(str(self._path))
        except OSError as error:
            raise UsageError(f"the socket {self._path} cannot be made: {error.strerror}") from None
        finally:
            os.umask(before)
        wire.listen()
        self._wire = wire
        self._selector.register(wire, selectors.EVENT_READ, self._connected)

    def close(self) -> None:
        """Not any more."""
        self.let_go()
        if self._wire:
            with suppress(OSError):
                self._path.unlink()

    def let_go(self) -> None:
        """Close all sockets, in another process: who asks is told by the first one."""
        for each in self._questions:
            each.wire.close()
        if self._wire:
            self._wire.close()

    def due(self) -> float | None:
        """When somebody has waited long enough."""
        return min((each.until for each in self._questions), default=None)

    def expire(self, now: float) -> None:
        """Answer without those that are silent."""
        for each in [each for each in self._questions if each.until <= now or not each.awaited]:
            self._finish(each)

    def answer(self, part: str, content: bytes) -> None:
        """A part told its state: to all who asked before."""
        with suppress(ValueError):  # it could not be handed over
            self._add(part, json.loads(content))

    def _add(self, part: str, state: object) -> None:
        for each in [each for each in self._questions if part in each.awaited]:
            each.answers[part] = state
            each.awaited.discard(part)
            if not each.awaited:
                self._finish(each)

    def forget(self, part: str) -> None:
        """A part that ended will not answer."""
        for each in self._questions:
            each.awaited.discard(part)

    def _connected(self) -> None:
        if self._wire is None:
            return
        with suppress(OSError):
            wire, _ = self._wire.accept()
            if len(self._questions) >= _QUESTIONS_MAX:
                wire.close()
                return
            wire.settimeout(0)
            facts = self._facts()
            awaited = set(facts.pop("asked"))
            self._questions.append(_Question(wire, facts, awaited, time.monotonic() + _PATIENCE_S))

    def _finish(self, question: _Question) -> None:
        self._questions.remove(question)
        silent = sorted(question.awaited)
        content = json.dumps(question.facts | question.answers | {"silent": silent})
        line.send(question.wire, line.STATE, content.encode())
        question.wire.close()


def ask(path: Path) -> dict[str, Any]:
    """What the daemon behind a socket says. Raises OSError when there is none, ValueError for no answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC) as wire:
        wire.settimeout(2 * _PATIENCE_S)
        wire.connect(str(path))
        _, content = line.receive(wire)
    found = json.loads(content)
    return dict(found)
