# SPDX-License-Identifier: Apache-2.0
"""reload_time_file: a file whose first line says when to reload, so that several hosts do it at the same moment."""

from __future__ import annotations

import re
import time
from calendar import timegm
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_PERIOD_S: Final = 1.0
_DAY_S: Final = 86400
_LINE: Final = re.compile(r"(?:(\d{2}|\d{4})-(\d{1,2})-(\d{1,2})[ T])?(\d{1,2}):(\d{2}):(\d{2})(Z?)\s*$")


def moment(line: str, now: float) -> float | None:
    """The time that a line says, in seconds since 1970: ``HH:MM:SS`` is the next one, a date may come before.

    ``Z`` at the end means UTC. None: it says none, or one that is over.
    """
    found = _LINE.match(line.strip())
    if not found:
        return None
    year, month, day, *clock, utc = found.groups()
    make = timegm if utc else time.mktime
    today = time.gmtime(now) if utc else time.localtime(now)
    date = (int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)) if year else today[:3]
    hour, minute, second = map(int, clock)
    try:
        datetime(*date, hour, minute, second, tzinfo=UTC)  # raises for what is no date
        at = float(make((*date, hour, minute, second, 0, 0, -1)))
    except (OverflowError, ValueError):
        return None
    if at <= now and not year:
        at += _DAY_S
    return at if at > now else None


class ReloadSchedule:
    """Looks at the file once a second, and says when it is time. `write` logs."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._path: Path | None = None
        self._repeats = False
        self._seen: tuple[int, int] | None = None
        self._at: float | None = None
        self._look_at = 0.0

    def use(self, path: str, *, repeats: bool) -> None:
        """The file of a configuration, "" for none; `repeats`: it stays, for the same time of the next day."""
        if (str(self._path or ""), self._repeats) != (path, repeats):
            self._path, self._repeats = (Path(path) if path else None), repeats
            self._seen = self._at = None
        self._look_at = 0.0

    def due(self) -> float | None:
        """When `is_time` wants to be called, of the monotonic clock; None: not at all."""
        return self._look_at if self._path else None

    def is_time(self, now: float, today: float) -> bool:
        """Whether to reload now. `now` is of the monotonic clock, `today` in seconds since 1970."""
        if self._path is None or now < self._look_at:
            return False
        self._look(self._path, today)
        self._look_at = now + (_PERIOD_S if self._at is None else min(max(self._at - today, 0.0), _PERIOD_S))
        if self._at is None or today < self._at:
            return False
        self._at = None
        if self._repeats:
            self._seen = None
        else:
            with suppress(OSError):
                self._path.unlink()
        return True

    def _look(self, path: Path, today: float) -> None:
        try:
            found = path.stat()
            seen = (found.st_mtime_ns, found.st_ino)
            if seen == self._seen:
                return
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            self._seen = self._at = None
            return
        self._seen = seen
        self._at = moment(lines[0], today) if lines else None
        if self._at is None:
            self._write(f"{path} says no time that comes")
        else:
            self._write(f"Scheduling reload for {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(self._at))}")
