# SPDX-License-Identifier: Apache-2.0
"""The configuration file of a running daemon: read at the start, and again for each reload."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from xlvs.config.build.config import load
from xlvs.config.files import Unreadable
from xlvs.config.problem import Severity
from xlvs.keepalived.daemon.files import DiskFiles
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from xlvs.config.build.config import Loaded
    from xlvs.config.files import Identity
    from xlvs.config.problem import Problem
    from xlvs.config.settings.config import KeepalivedConfig

_STOPS: Final = frozenset({Severity.PARAMETER, Severity.FATAL, Severity.SECURITY})
"""The last: a file that has to be there and is not."""
_FIXED: Final = {
    "instance": "instance name",
    "net_namespace": "network namespace",
    "net_namespace_ipvs": "ipvs network namespace",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A configuration, and the mistakes that it has all the same."""

    config: KeepalivedConfig
    mistakes: tuple[Problem, ...]

    @property
    def known(self) -> Counter[tuple[str, ...]]:
        """The mistakes by what they are known by, each as often as it is made."""
        return Counter(map(_sameness, self.mistakes))

    @property
    def lines(self) -> list[str]:
        """The mistakes for a log."""
        return [line for each in self.mistakes for line in each.report().splitlines()]


class Source:
    """A file, and whose lines of it are meant."""

    def __init__(self, path: str, identity: Identity, *, snmp: bool = False, snmp_socket: str = "") -> None:
        self.path = path
        self._identity = identity
        self._settings: dict[str, Any] = {"enable_snmp_vrrp": True, "enable_snmp_checker": True} if snmp else {}
        self._settings |= {"snmp_socket": snmp_socket} if snmp_socket else {}

    def read(self) -> Reading:
        """What stands there now. Raises UsageError when that cannot be run at all."""
        loaded = self._load()
        stops = [each.report() for each in loaded.problems if each.severity in _STOPS]
        if stops:
            raise UsageError("\n".join(stops))
        return Reading(loaded.config, tuple(each for each in loaded.problems if each.severity is not Severity.NOTICE))

    def read_again(self, before: Reading) -> Reading:
        """What stands there now, for a daemon that runs already.

        Raises UsageError for a mistake that was not there before: what runs is better than what it may mean.
        """
        again = self.read()
        for field, name in _FIXED.items():
            if getattr(again.config.process, field) != getattr(before.config.process, field):
                raise UsageError(f"Cannot change {name} at a reload - please restart keepalived")
        self.refuse_new(again, before.known)
        return again

    @staticmethod
    def refuse_new(again: Reading, known: Counter[tuple[str, ...]]) -> None:
        """Raises UsageError for mistakes beyond those that are known."""
        new = Counter(map(_sameness, again.mistakes)) - known
        if new:
            raise UsageError("\n".join(each.report() for each in again.mistakes if _sameness(each) in new))

    def is_good(self, log: str) -> bool:
        """reload_check_config: whether nothing at all is wrong with it; what is, is written to a file."""
        from xlvs.keepalived.config_check import config_test

        return not config_test(self.path, self._identity, log=log)

    def _load(self) -> Loaded:
        try:
            loaded = load(self.path, DiskFiles(), self._identity)
        except Unreadable as error:
            raise UsageError(f"{self.path}: {error}") from None
        settings = replace(loaded.config.settings, **self._settings)
        return replace(loaded, config=replace(loaded.config, settings=settings))


def _sameness(problem: Problem) -> tuple[str, ...]:
    """What a mistake is known by when its line has moved."""
    return (problem.origin.path, problem.message, problem.word, problem.remedy)
