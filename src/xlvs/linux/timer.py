# SPDX-License-Identifier: Apache-2.0
"""Waiting to the microsecond: timerfd_create(2), which Python 3.11 does not offer.

epoll_wait(2) itself counts milliseconds, and the kernel lets it oversleep by a thousandth of the time.
"""

from __future__ import annotations

import ctypes
import os
import selectors
from ctypes import byref, c_int, c_long
from typing import Final

from xlvs.linux.syscall import libc
from xlvs.model.errors import KernelError

_CLOCK_MONOTONIC: Final = 1
_NANOSECONDS: Final = 1_000_000_000


class Timer:
    """A file descriptor that is readable once a time has passed."""

    def __init__(self) -> None:
        self._fd: int = libc().timerfd_create(c_int(_CLOCK_MONOTONIC), c_int(os.O_CLOEXEC | os.O_NONBLOCK))
        if self._fd < 0:
            raise KernelError("making a timer", ctypes.get_errno())
        self._value = (c_long * 4)()
        self._set = libc().timerfd_settime

    def fileno(self) -> int:
        """For epoll."""
        return self._fd

    def close(self) -> None:
        """Give it back."""
        os.close(self._fd)

    def set(self, seconds: float) -> None:
        """Ring that long from now; 0 for never. It is not readable until then."""
        self._value[2], self._value[3] = divmod(max(int(seconds * _NANOSECONDS), 0), _NANOSECONDS)
        self._set(self._fd, 0, byref(self._value), None)


class PreciseSelector(selectors.EpollSelector):
    """A selector whose time-outs are as exact as the kernel's clock."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = Timer()
        self._timer_key = self.register(self._timer, selectors.EVENT_READ)
        self._waits = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As `EpollSelector.select`, on time."""
        exact = timeout is not None and timeout > 0
        if exact or self._waits:
            self._timer.set(timeout if timeout and exact else 0.0)
            self._waits = exact
        return [each for each in super().select(None if exact else timeout) if each[0] is not self._timer_key]

    def close(self) -> None:
        """Close the timer too."""
        self._timer.close()
        super().close()
