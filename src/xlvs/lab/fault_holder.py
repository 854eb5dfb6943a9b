# SPDX-License-Identifier: Apache-2.0
"""The process that holds one fault, and with whose end the fault ends: ``python -m xlvs.lab.fault_holder LAB NUMBER``.

It says on its standard output that the fault is in force (an empty line) or what is wrong, and closes it. It lives in the
network namespace of the fault, so that whoever removes the lab finds it.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.lab import fault_effect, fault_note, plan
from xlvs.lab.fault_link import FaultyDirection
from xlvs.linux import namespace
from xlvs.linux.timer import PreciseSelector
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from types import FrameType

    from xlvs.lab.fault_note import Fault

_BEAT_S: Final = 1.0
_GRACE_S: Final = 5.0
"""Programs that outlive this process (clsact) let packets pass after so long."""
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_NANOSECONDS: Final = 1_000_000_000


class _Ended(Exception):
    """Somebody wants the fault to end."""


def main(arguments: list[str]) -> int:
    """Hold the fault with that note until it is over."""
    # The lock of whoever started this is none of its business.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number in _ENDING:
        signal.signal(number, _end)
    fault = fault_note.load(arguments[0], int(arguments[1]))
    directions: list[FaultyDirection] = []
    complaint = ""
    try:
        namespace.enter(plan.namespace(fault.lab, fault.place))
        directions.extend(FaultyDirection(fault, index) for index in range(len(fault.points)))
        fault_effect.begin(fault)
        try:
            _hold(fault, directions)
        finally:
            _ignore_signals()
            fault_effect.undo(fault)
    except _Ended:
        pass
    except (XlvsError, OSError) as error:
        complaint = str(error)
    _ignore_signals()
    for direction in directions:
        with suppress(XlvsError, OSError):
            direction.close()
    fault_note.forget(fault)
    if complaint:
        _answer(complaint)
    return bool(complaint)


def _hold(fault: Fault, directions: list[FaultyDirection]) -> None:
    begun = time.monotonic()
    ends = begun + fault.duration_s if fault.duration_s else float("inf")
    for direction in directions:
        direction.renew(_until_ns(begun, ends))
        direction.attach()
    maps = tuple(direction.map_id for direction in directions)
    fault_note.save(fault.held_by(os.getpid(), time.time(), maps))
    _answer("")
    with PreciseSelector() as selector:
        for direction in directions:
            if direction.fileno() >= 0:
                selector.register(direction, selectors.EVENT_READ, direction)
        _turn(fault, directions, selector, ends)


def _turn(fault: Fault, directions: list[FaultyDirection], selector: PreciseSelector, ends: float) -> None:
    beat = time.monotonic() + _BEAT_S
    while (now := time.monotonic()) < ends:
        if now >= beat:
            if not fault_note.present(fault.lab, fault.number):
                return
            beat = now + _BEAT_S
            for direction in directions:
                direction.renew(_until_ns(now, ends))
        for direction in directions:
            direction.let_go(now)
        dues = [due for direction in directions if (due := direction.next_due()) is not None]
        wait = min(ends, beat, *dues) - time.monotonic()
        for key, _ in selector.select(max(wait, 0.0)):
            key.data.take(time.monotonic())


def _until_ns(now: float, ends: float) -> int:
    return int(min(now + _GRACE_S, ends) * _NANOSECONDS)


def _ignore_signals() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _answer(text: str) -> None:
    """Tell who started this, and let go of the pipe."""
    with suppress(OSError):
        os.write(1, text.encode() + b"\n")
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.close(nothing)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
