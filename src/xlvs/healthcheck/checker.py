# SPDX-License-Identifier: Apache-2.0
"""A checker: from results of probes to a verdict, and when to probe next.

    state         result    tries left   verdict   next probe after
    up            good                   up        interval
    up            bad       yes          up        retry delay
    up            bad       no           DOWN      interval (HTTP: at least the retry delay)
    down          good                   UP        interval (HTTP: UP after a good pass over all URLs)
    down          bad       yes          down      retry delay (TCP, SMTP); interval (others)
    down          bad       no           down      interval

The first probe of all has no tries left: one failure decides. An HTTP checker probes one URL a time; while it is down it
stays at the one that failed, then goes through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlvs.healthcheck.probe import Kind

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import Probe, ProbeResult, Weight
    from xlvs.healthcheck.settings import CheckerSettings

RETRIES_WHILE_DOWN = frozenset({Kind.TCP, Kind.SMTP})


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a result means: the new verdict if there is one, the wait before the next probe, lines for the log."""

    verdict: bool | None
    wait_us: int
    notes: tuple[str, ...] = ()


class Checker:
    """State of one checker. `failed` is its verdict, `last` the result of its last probe."""

    __slots__ = (
        "_recovering",
        "_tries",
        "_url",
        "changed_at",
        "due",
        "failed",
        "has_run",
        "last",
        "last_at",
        "running",
        "settings",
        "turn",
        "users",
        "weight",
    )

    def __init__(self, settings: CheckerSettings, *, failed: bool = False) -> None:
        self.settings = settings
        self.failed = failed or settings.alpha
        self.has_run = False
        self.last: ProbeResult | None = None
        self.last_at = 0
        self.changed_at = 0
        self.weight: Weight | None = None
        self.due: int | None = None
        """When to probe; None while a probe runs and while suspended."""
        self.running = False
        self.turn = 0
        """Counts probes: results of older ones are dropped."""
        self.users = 0
        """Virtual servers that want it to run now."""
        self._tries = settings.retry
        self._url = 0
        self._recovering: int | None = None

    @property
    def probe(self) -> Probe:
        """What to ask next."""
        return self.settings.probes[self._url]

    def conclude(self, result: ProbeResult, now: int) -> Conclusion:
        """Take the result of a probe."""
        self.last, self.last_at = result, now
        if result.ok:
            self.weight = result.weight
            conclusion = self._good(result)
        else:
            conclusion = self._bad(result)
        self.has_run = True
        if conclusion.verdict is not None:
            self.failed = not conclusion.verdict
            self.changed_at = now
        return conclusion

    def _good(self, result: ProbeResult) -> Conclusion:
        self._tries = 0
        interval, urls = self.settings.interval_us, len(self.settings.probes)
        notes: tuple[str, ...] = (result.reason,) if result.reason and (self.failed or not self.has_run) else ()
        if not self.failed:
            self._url = (self._url + 1) % urls
            return Conclusion(None, interval, notes)
        if urls > 1 and self._recovering is None and self.has_run:
            self._recovering = self._url = 0
            return Conclusion(None, self._pause(), notes)
        self._recovering = (self._recovering or 0) + 1
        self._url = (self._url + 1) % urls
        if self._recovering < urls:
            return Conclusion(None, self._pause(), notes)
        self._recovering = None
        if self.settings.kind is Kind.HTTP:
            notes += (f"Remote Web server {self.settings.service} succeed on service.",)
        return Conclusion(verdict=True, wait_us=interval, notes=notes)

    def _pause(self) -> int:
        return 0 if self.settings.fast_recovery else self.settings.interval_us

    def _bad(self, result: ProbeResult) -> Conclusion:
        settings = self.settings
        detail = (result.reason,) if result.reason else ()
        self._recovering = None
        may_retry = not self.failed or settings.kind in RETRIES_WHILE_DOWN
        if may_retry and self._tries < settings.retry:
            self._tries += 1
            return Conclusion(None, settings.retry_delay_us, detail if settings.log_all_failures else ())
        self._tries = 0
        wait = settings.interval_us
        if settings.kind is Kind.HTTP:
            wait = max(wait, settings.retry_delay_us)
        if not self.failed:
            return Conclusion(verdict=False, wait_us=wait, notes=(*detail, *self._failure()))
        if not self.has_run:
            return Conclusion(None, wait, (*detail, *self._failure()))
        return Conclusion(None, wait, detail if settings.log_all_failures else ())

    def _failure(self) -> tuple[str, ...]:
        """The line about a failed server; that of a session's state says it already."""
        if self.settings.kind is Kind.BFD:
            return ()
        after = f" after {self.settings.retry} retries" if self.has_run and self.settings.retry else ""
        return (f"{self.settings.kind.value} on service {self.settings.service} failed{after}.",)
