# SPDX-License-Identifier: Apache-2.0
"""Putting back what somebody else took: at once, then once a second at most, as they may insist."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE_S: Final = 1.0


class Mender:
    """Calls `put_back` after `wake`, no sooner than a second after the last time."""

    def __init__(self, put_back: Callable[[], None]) -> None:
        self._put_back = put_back
        self._timer: asyncio.TimerHandle | None = None
        self._last_s = -_PAUSE_S

    def wake(self) -> None:
        """Something is missing."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._last_s + _PAUSE_S), self._mend)

    @property
    def pending(self) -> bool:
        """Whether it is about to."""
        return self._timer is not None

    def cancel(self) -> None:
        """Leave it as it is."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _mend(self) -> None:
        self._timer = None
        self._last_s = asyncio.get_running_loop().time()
        self._put_back()
