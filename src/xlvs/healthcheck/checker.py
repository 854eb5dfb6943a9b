# SPDX-License-Identifier: Apache-2.0
"""A checker: from results of probes to a verdict, and when to probe next.

    state         result    tries left   verdict   next probe after
    up            good                   up        interval
    up            bad       yes          up        retry delay
    up            bad       no           DOWN      interval (HTTP: at least the retry delay)
    down          good                   UP        interval (HTTP: UP after a good pass over all URLs)
    down          bad       yes          down      retry delay (TCP, SMTP); interval (others)
    down          bad       no           down      interval

The first probe of all has no tries left: one failure decides; but for SMTP. An HTTP checker probes one URL a time; its
first probe is the first pass over all URLs. While it is down it stays at the URL that failed, then goes through all
of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlvs.healthcheck import words
from xlvs.healthcheck.probe import Kind

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import Probe, ProbeResult, Weight
    from xlvs.healthcheck.settings import CheckerSettings

RETRIES_WHILE_DOWN = frozenset({Kind.TCP, Kind.SMTP})


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a result means: the new verdict if there is one, the wait before the next probe, lines for the log.

    `confirms`: it is the first of all that decides, and what it says was believed from the start.
    """

    verdict: bool | None
    wait_us: int
    notes: tuple[str, ...] = ()
    confirms: bool = False


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
        "virtual_server",
        "weight",
    )

    def __init__(self, settings: CheckerSettings, virtual_server: str = "", *, failed: bool | None = None) -> None:
        """`failed`: what is believed before the first result, None: what `alpha` says."""
        self.settings = settings
        self.virtual_server = virtual_server
        """The name of the first one that it stands in, for the log."""
        self.failed = settings.alpha if failed is None else failed
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
        self._tries = 0 if settings.kind is Kind.SMTP else settings.retry
        self._url = 0
        self._recovering: int | None = None

    @property
    def tries(self) -> int:
        """How many were made since the last verdict."""
        return self._tries

    @property
    def url(self) -> int:
        """Which of its probes is next."""
        return self._url

    @property
    def probe(self) -> Probe:
        """What to ask next."""
        return self.settings.probes[self._url]

    def conclude(self, result: ProbeResult, now: int) -> Conclusion:
        """Take the result of a probe."""
        self.last, self.last_at = result, now
        conclusion = self._good(result) if result.ok else self._bad(result)
        if result.ok:
            self.weight = result.weight
        if conclusion.verdict is not None:
            self.failed = not conclusion.verdict
            self.changed_at = now
            if self.failed:
                self.weight = None
        return conclusion

    def begin_with(self, result: ProbeResult) -> None:
        """Take a result that is known before anything runs; nothing is told of it."""
        self.last, self.weight, self.failed, self.has_run = result, result.weight, not result.ok, True

    def _good(self, result: ProbeResult) -> Conclusion:
        if self.settings.kind is Kind.HTTP:
            return self._good_page(result)
        return self._passed(self._success(result) if self.failed or not self.has_run else ())

    def _passed(self, notes: tuple[str, ...]) -> Conclusion:
        """A success, of an HTTP checker over all of its URLs."""
        first, self.has_run = not self.has_run, True
        self._tries = 0
        verdict = True if self.failed else None
        return Conclusion(verdict, self.settings.interval_us, notes, confirms=first and not self.failed)

    def _success(self, result: ProbeResult) -> tuple[str, ...]:
        if self.settings.kind is Kind.FILE:
            return (words.recovered(self.settings),) if self.failed else ()
        line = words.success(self.settings, self.probe, result, self.virtual_server)
        return (line,) if line else ()

    def _good_page(self, result: ProbeResult) -> Conclusion:
        """One of the URLs: a pass over all of them makes a success, in its first life and after a failure."""
        settings = self.settings
        if self.has_run:
            self._tries = 0
        notes = self._success(result) if self.failed else ()
        if self.failed and self.has_run and self._recovering is None:
            self._recovering = self._url = 0
            return Conclusion(None, self._pause(), notes)
        self._url = (self._url + 1) % len(settings.probes)
        if self.has_run and not self.failed:
            return Conclusion(None, settings.interval_us)
        self._recovering = (self._recovering or 0) + 1
        if self._recovering < len(settings.probes):
            return Conclusion(None, self._pause(), notes)
        self._recovering = None
        return self._passed((*notes, words.recovered(settings)))

    def _pause(self) -> int:
        return 0 if self.settings.fast_recovery else self.settings.interval_us

    def _bad(self, result: ProbeResult) -> Conclusion:
        settings = self.settings
        self._recovering = None
        may_retry = not self.failed or settings.kind in RETRIES_WHILE_DOWN
        if may_retry and self._tries < settings.retry:
            self._tries += 1
            told = settings.log_all_failures and not self.failed
            line = words.retried(settings, result, self.virtual_server, self._tries - 1) if told else ""
            return Conclusion(None, settings.retry_delay_us, (line,) if line else ())
        first, self.has_run = not self.has_run, True
        self._tries = 0
        wait = settings.interval_us
        if settings.kind is Kind.HTTP:
            wait = max(wait, settings.retry_delay_us)
        # A page that fails where that was believed from the start is not worth a word to the original.
        if self.failed and (not first or settings.kind is Kind.HTTP):
            return Conclusion(None, wait)
        lines = words.failure(settings, result, self.virtual_server, first=first)
        return Conclusion(None if self.failed else False, wait, lines, confirms=self.failed)
