# SPDX-License-Identifier: Apache-2.0
"""Values of statements, each mistake collected with its place while the default stays in force."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from xlvs.config.problem import Problem, Severity
from xlvs.healthcheck.probe import SECOND_US
from xlvs.model.address import parse_dotted_quad, parse_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.tree import Statement

_TRUE = frozenset({"on", "true", "yes"})
_FALSE = frozenset({"off", "false", "no"})
_DECIMAL = re.compile(r"\d+(\.\d*)?|\.\d+")


class Block:
    """The statements of a block, and the blocks around it that it takes values from which it lacks."""

    def __init__(self, statements: list[Statement], problems: list[Problem], outer: Block | None = None) -> None:
        self.statements = statements
        self.problems = problems
        self._outer = outer

    def inner(self, statement: Statement) -> Block:
        """The block of one of its statements."""
        return Block(statement.statements, self.problems, self)

    def all(self, *keywords: str) -> Iterator[Statement]:
        """Every statement with one of the keywords."""
        return (each for each in self.statements if each.keyword in keywords)

    def own(self, *keywords: str) -> Statement | None:
        """The last statement with one of the keywords, here."""
        return next((each for each in reversed(self.statements) if each.keyword in keywords), None)

    def find(self, *keywords: str) -> Statement | None:
        """The last such statement here, or around here."""
        return self.own(*keywords) or (self._outer.find(*keywords) if self._outer else None)

    def complain(self, statement: Statement, message: str, remedy: str = "") -> None:
        """Something is wrong with a statement."""
        word = statement.words[0] if statement.words else statement.keyword
        self.problems.append(Problem(message, statement.origin, word=word, remedy=remedy, severity=Severity.ERROR))

    def has(self, *keywords: str) -> bool:
        """A flag stands here; with a word it may be switched off."""
        return self._flag(self.own(*keywords), default=False)

    def flag(self, *keywords: str, default: bool = False) -> bool:
        """A flag here or around here."""
        return self._flag(self.find(*keywords), default=default)

    def _flag(self, statement: Statement | None, *, default: bool) -> bool:
        if statement is None:
            return default
        word = statement.words[0].lower() if statement.words else "on"
        if word not in _TRUE | _FALSE:
            self.complain(statement, f"{statement.keyword} is on or off, not {statement.words[0]}")
            return default
        return word in _TRUE

    def text(self, keyword: str) -> str | None:
        """One word, here or around here."""
        return _word(self.find(keyword))

    def own_text(self, keyword: str) -> str | None:
        """One word, here."""
        return _word(self.own(keyword))

    def words(self, keyword: str) -> tuple[str, ...]:
        """All words, here."""
        statement = self.own(keyword)
        return statement.words if statement else ()

    def scope_words(self, keyword: str) -> tuple[str, ...]:
        """All words, here or around here."""
        statement = self.find(keyword)
        return statement.words if statement else ()

    def seconds_us(self, *keywords: str, default: int) -> int:
        """A time in seconds, as microseconds."""
        statement = self.find(*keywords)
        if statement is None:
            return default
        try:
            return seconds_us(_word(statement) or "")
        except ValueError:
            self.complain(statement, f"{statement.keyword} needs seconds, as 5 or 0.25")
            return default

    def number(self, *keywords: str, default: int, low: int = 0, high: int = 2**32 - 1) -> int:
        """A whole number, here or around here."""
        return self._number(self.find(*keywords), default, low, high)

    def own_number(self, *keywords: str, default: int, low: int = 0, high: int = 2**32 - 1) -> int:
        """A whole number, here."""
        return self._number(self.own(*keywords), default, low, high)

    def _number(self, statement: Statement | None, default: int, low: int, high: int) -> int:
        if statement is None:
            return default
        word = _word(statement) or ""
        if re.fullmatch(r"-?[0-9]{1,12}", word) and low <= int(word) <= high:
            return int(word)
        self.complain(statement, f"{statement.keyword} needs a number from {low} to {high}")
        return default

    def own_address(self, keyword: str, default: bytes) -> bytes:
        """An address, packed."""
        statement = self.own(keyword)
        if statement is None:
            return default
        address = parse_address(_word(statement) or "")
        if address is None:
            self.complain(statement, f"{keyword} needs an address")
            return default
        return address


def _word(statement: Statement | None) -> str | None:
    return statement.words[0] if statement and statement.words else None


def seconds_us(word: str) -> int:
    """Decimal seconds as microseconds. ValueError: it is none."""
    if not _DECIMAL.fullmatch(word):
        raise ValueError(word)
    try:
        return int(Decimal(word) * SECOND_US)
    except (InvalidOperation, OverflowError):
        raise ValueError(word) from None


def parse_address(word: str) -> bytes | None:
    """A packed address; None: it is none."""
    return parse_dotted_quad(word) or parse_ipv6(word)
