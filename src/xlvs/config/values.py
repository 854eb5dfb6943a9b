# SPDX-License-Identifier: Apache-2.0
"""What may follow a keyword: kinds of values, each with its text for the documents and its parser.

A parser is given the words after the keyword and answers with a value: text, numbers, times in microseconds, addresses of
the standard library's `ipaddress`. It raises WrongValue for a value that the keyword does not take; words beyond those that it needs are ignored, as the
original ignores them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECOND_US = 1_000_000
UNSIGNED_MAX = 2**32 - 1
TRUE = frozenset(("on", "true", "yes"))
FALSE = frozenset(("off", "false", "no"))
_LONG_NUMBER: Final = re.compile(r"\d{3,}")

Address = IPv4Address | IPv6Address


class WrongValue(Exception):
    """Words that a keyword does not take. `word` is the one at fault; `slight`: the original says nothing about it."""

    def __init__(self, message: str, word: str = "", remedy: str = "", *, slight: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.word = word
        self.remedy = remedy
        self.slight = slight


class Missing(WrongValue):
    """The keyword stands alone; the original stops reading at that."""


class Partly(WrongValue):
    """A line with mistakes that leave something of it: `value` is that, `problems` what was left out."""

    def __init__(self, value: object, problems: list[WrongValue]) -> None:
        super().__init__(problems[0].message, problems[0].word, problems[0].remedy)
        self.value = value
        self.problems = problems


class Value(Protocol):
    """A kind of value."""

    @property
    def form(self) -> str:
        """How it is written, for people."""

    @property
    def words(self) -> Sequence[str]:
        """What completion offers."""

    def parse(self, words: Sequence[str]) -> object:
        """The value of the words after the keyword. Raises WrongValue."""


def first(words: Sequence[str], what: str) -> str:
    """The first word, which has to be there."""
    if not words:
        raise Missing(f"{what} is missing")
    return words[0]


def number(word: str, low: int, high: int, unit: str = "") -> int:
    """A decimal number in a range."""
    text = word[1:] if word.startswith(("-", "+")) else word
    if not (text.isascii() and text.isdigit()) or len(text) > 25:
        raise WrongValue(f"{word} is not a number", word, _range(low, high, unit))
    value = int(word)
    if not low <= value <= high:
        raise WrongValue(f"{word} is out of range", word, _range(low, high, unit))
    return value


def _range(low: int | Decimal, high: int | Decimal, unit: str) -> str:
    behind = f" {unit}" if unit else ""
    return f"{low} to {high}{behind}" if high < UNSIGNED_MAX else f"{low} or more{behind}"


def microseconds(word: str, low: str, high: str, unit: str = "s", scale: int = SECOND_US) -> int:
    """A decimal number of seconds, or of 1/`scale` of what the result counts, in microseconds."""
    try:
        value = Decimal(word) if set(word) <= set("+-.0123456789") else Decimal("nan")
    except InvalidOperation:
        value = Decimal("nan")
    limits = _range(Decimal(low), Decimal(high), unit)
    if value.is_nan():
        raise WrongValue(f"{word} is not a number", word, limits)
    if not Decimal(low) <= value <= Decimal(high):
        raise WrongValue(f"{word} is out of range", word, limits)
    if value * scale % 1:
        raise WrongValue(f"{word} has too many decimal places", word)
    return int(value * scale)


def boolean(word: str) -> bool:
    """The value of on, off, true, false, yes or no."""
    if word.lower() in TRUE:
        return True
    if word.lower() in FALSE:
        return False
    raise WrongValue(f"{word} is neither on nor off", word, "on, true, yes, off, false or no")


def address(word: str) -> Address:
    """An address of either family, without a mask."""
    try:
        return ip_address(word)
    except ValueError:
        raise WrongValue(f"{word} is not an IP address", word) from None


@dataclass(frozen=True, slots=True)
class Flag:
    """The keyword alone."""

    form: str = ""
    words: tuple[str, ...] = ()

    def parse(self, words: Sequence[str]) -> bool:
        """Always true."""
        del words
        return True


@dataclass(frozen=True, slots=True)
class Bool:
    """A switch: the keyword alone turns it on."""

    form: str = "[on|off|true|false|yes|no]"
    words: tuple[str, ...] = ("on", "off", "true", "false", "yes", "no")
    lenient: bool = False
    """Another word counts as on."""

    def parse(self, words: Sequence[str]) -> bool:
        """Whether it is on."""
        if not words or (self.lenient and words[0].lower() not in FALSE | TRUE):
            return True
        return boolean(words[0])


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number."""

    low: int = 0
    high: int = UNSIGNED_MAX
    unit: str = ""
    words: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """NUMBER, with its range when it is a narrow one."""
        return f"NUMBER ({_range(self.low, self.high, self.unit)})"

    def parse(self, words: Sequence[str]) -> int:
        """The number."""
        return number(first(words, "a number"), self.low, self.high, self.unit)


@dataclass(frozen=True, slots=True)
class Seconds:
    """A time in seconds with a fraction; the value is in microseconds."""

    low: str = "0"
    high: str = "4294.967295"
    unit: str = "s"
    scale: int = SECOND_US
    words: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """TIME, with its range."""
        return f"TIME ({_range(Decimal(self.low), Decimal(self.high), self.unit)})"

    def parse(self, words: Sequence[str]) -> int:
        """The time in microseconds."""
        return microseconds(first(words, "a time"), self.low, self.high, self.unit, self.scale)


@dataclass(frozen=True, slots=True)
class Text:
    """A word, or a quoted text."""

    form: str = "TEXT"
    words: tuple[str, ...] = ()
    lenient: bool = False
    """Without a word it is an error, but not the end of reading."""

    def parse(self, words: Sequence[str]) -> str:
        """The word."""
        if not words and self.lenient:
            raise WrongValue(f"{self.form} is missing")
        return first(words, self.form)


@dataclass(frozen=True, slots=True)
class Texts:
    """Some words."""

    form: str
    words: tuple[str, ...] = ()
    least: int = 1

    def parse(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words."""
        if len(words) < self.least:
            raise Missing(f"{self.form} is missing")
        return tuple(words)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; the value is the one of the list."""

    words: tuple[str, ...]
    any_case: bool = False

    @property
    def form(self) -> str:
        """The words with bars between."""
        return "|".join(self.words)

    def parse(self, words: Sequence[str]) -> str:
        """The word as the list has it."""
        given = first(words, self.form)
        for word in self.words:
            if given == word or (self.any_case and given.lower() == word.lower()):
                return word
        raise WrongValue(f"{given} is not one of {self.form}", given, near(given, self.words))


@dataclass(frozen=True, slots=True)
class Several:
    """Some of a few words; any other is an error."""

    choices: tuple[str, ...]
    least: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """What completion offers."""
        return self.choices

    @property
    def form(self) -> str:
        """The words with bars between."""
        return f"[{'|'.join(self.choices)}]..."

    def parse(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words."""
        for word in words:
            if word not in self.choices:
                raise WrongValue(f"{word} is not one of {', '.join(self.choices)}", word, near(word, self.choices))
        if len(words) < self.least:
            raise Missing(f"{self.form} is missing")
        return tuple(words)


def near(word: str, words: Sequence[str]) -> str:
    """A suggestion: the one of the words that is meant, whatever its case; empty: none is like it."""
    return _near(_LONG_NUMBER.sub("", word.casefold()), tuple(words))


@lru_cache(maxsize=1024)
def _near(word: str, words: tuple[str, ...]) -> str:
    """Remembered, since a sequence makes the same mistake in thousands of lines, but for its number."""
    from difflib import get_close_matches  # heavy, and needed for mistakes only

    by_case = {each.casefold(): each for each in words}
    close = get_close_matches(word, by_case, n=1)
    return f"did you mean {by_case[close[0]]}?" if close else ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A number with one of few values."""

    choices: tuple[int, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The numbers."""
        return tuple(map(str, self.choices))

    @property
    def form(self) -> str:
        """The numbers with bars between."""
        return "|".join(self.words)

    def parse(self, words: Sequence[str]) -> int:
        """The number."""
        return number(first(words, self.form), min(self.choices), max(self.choices))


@dataclass(frozen=True, slots=True)
class IP:
    """An address."""

    version: int = 0
    """4, 6, or 0: either."""
    multicast: bool = False
    words: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """ADDRESS with what it has to be."""
        return f"{'multicast ' if self.multicast else ''}{ {0: 'ADDRESS', 4: 'IPv4-ADDRESS', 6: 'IPv6-ADDRESS'}[self.version] }"

    def parse(self, words: Sequence[str]) -> Address:
        """The address."""
        word = first(words, "an address")
        text, length, _ = word.partition("/")
        found = address(text)
        if self.version and found.version != self.version:
            raise WrongValue(f"{word} is not an IPv{self.version} address", word)
        if self.multicast and not found.is_multicast:
            raise WrongValue(f"{word} is not a multicast address", word, "224.0.0.18 or ff02::12 as a rule")
        if length:
            raise _without_length(found, word)
        return found


def _without_length(value: object, word: str) -> Partly:
    remedy = word.partition("/")[0]
    return Partly(value, [WrongValue("the length of the prefix is ignored", word, f"write {remedy}", slight=True)])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with a port; 0 where none is given."""

    address: Address
    port: int = 0


@dataclass(frozen=True, slots=True)
class IPPort:
    """An address and perhaps a port."""

    form: str = "ADDRESS [PORT]"
    words: tuple[str, ...] = ()

    def parse(self, words: Sequence[str]) -> Endpoint:
        """Both."""
        text, length, _ = first(words, "an address").partition("/")
        port = words[1] if len(words) > 1 else "0"
        end = Endpoint(address(text), 0 if port == "0" else number(port, 1, 65535))
        if length:
            raise _without_length(end, words[0])
        return end


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value that may be left out."""

    value: Value
    bare: object = None
    """What the keyword alone means."""

    @property
    def form(self) -> str:
        """In brackets."""
        return f"[{self.value.form}]"

    @property
    def words(self) -> Sequence[str]:
        """Those of the value."""
        return self.value.words

    def parse(self, words: Sequence[str]) -> object:
        """The value, or what stands for its absence."""
        return self.value.parse(words) if words else self.bare


@dataclass(frozen=True, slots=True)
class Weight:
    """By how much tracking changes a priority. `reverse`: while it is up instead of down, and the other way round."""

    value: int = 0
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Weighted:
    """A weight and perhaps `reverse`."""

    low: int
    high: int
    words: tuple[str, ...] = ("reverse",)

    @property
    def form(self) -> str:
        """NUMBER [reverse] with its range."""
        return f"NUMBER [reverse] ({self.low} to {self.high})"

    def parse(self, words: Sequence[str]) -> Weight:
        """Both."""
        value = number(first(words, "a weight"), self.low, self.high)
        if len(words) > 1 and words[1] not in {"reverse", "noreverse"}:
            raise WrongValue(f"unknown word {words[1]} after the weight", words[1], "reverse")
        return Weight(value, len(words) > 1 and words[1] == "reverse")


@dataclass(frozen=True, slots=True)
class Script:
    """A program with its arguments, and whose rights it has; empty: those of the global setting."""

    command: tuple[str, ...]
    user: str = ""
    group: str = ""


NO_SCRIPT = Script(())
"""A keyword for a script that stands alone: what it announces is told, and nothing runs."""


@dataclass(frozen=True, slots=True)
class ScriptValue:
    """COMMAND [USER [GROUP]]; arguments stand inside quotes with the command. Without `names_user` the rest is ignored."""

    names_user: bool = True
    words: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """What is written."""
        return 'COMMAND|"COMMAND ARGUMENT..."' + (" [USER [GROUP]]" if self.names_user else "")

    def parse(self, words: Sequence[str]) -> Script:
        """The command split as a shell would, and the user."""
        from xlvs.config.words import command_words

        command, unfinished = command_words(first(words, "a command"))
        if any("\0" in each for each in (*command, *words)):
            raise WrongValue("a command cannot have a NUL", words[0])
        if not command or unfinished:
            raise WrongValue(
                "the command is empty" if not unfinished else "a quote in the command is not closed", words[0]
            )
        user, group = [*words[1:3], "", ""][:2] if self.names_user else ("", "")
        return Script(tuple(command), user, group)


@dataclass(frozen=True, slots=True)
class Custom:
    """A value with a parser of its own."""

    form: str
    parser: Callable[[Sequence[str]], object]
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def parse(self, words: Sequence[str]) -> object:
        """What the parser says."""
        return self.parser(words)
