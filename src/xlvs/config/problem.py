# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a configuration, and where."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.config.line import Origin


class Severity(Enum):
    """How much a problem matters. The value is the exit code of Keepalived 2.2.7's --config-test for it."""

    NOTICE = 0
    """Works, but may not be what was meant."""
    PARAMETER = 2
    """A keyword without its value: the original stops reading there."""
    FATAL = 4
    """Cannot run."""
    ERROR = 5
    """Ignored or defaulted: runs without."""
    SECURITY = 6


class Problem(Exception):
    """One thing that is wrong. Raised where reading cannot go on, collected elsewhere."""

    def __init__(
        self,
        message: str,
        origin: Origin,
        *,
        word: str = "",
        remedy: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.origin = origin
        self.word = word
        self.remedy = remedy
        self.severity = severity

    @property
    def column(self) -> int:
        """Of the word at fault in the line as written, from 1 on; of the first word when that is not to be found."""
        text = self.origin.text
        found = text.find(self.word) if self.word else -1
        return (found if found >= 0 else len(text) - len(text.lstrip())) + 1

    def report(self) -> str:
        """Some lines for people: place, message, the line itself with a caret, remedy."""
        width = max(len(self.word), 1) if self.word and self.word in self.origin.text else 1
        shown = self.origin.text.expandtabs(1)
        lines = [
            f"{self.origin.path}:{self.origin.number}:{self.column}: {self.message}",
            f"  {shown}",
            f"  {' ' * (self.column - 1)}{'^' * width}",
        ]
        if self.remedy:
            lines.append(f"  remedy: {self.remedy}")
        return "\n".join(lines)
