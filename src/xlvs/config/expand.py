# SPDX-License-Identifier: Apache-2.0
r"""Definitions, conditionals and sequences of keepalived.conf(5).

    $PRIORITY=100                       a definition; used as $PRIORITY before a blank, `,`, `)` or the end, or as ${PRIORITY}
    $INSTANCE= \                        one of several lines: each but the last ends in a backslash
    @main priority 100                  kept where the configuration's identity is `main`; @^main: where it is not
    ~SEQ(I, 1, 2, 9) 10.0.0.$I          one line for each number; ~SEQx writes them in hexadecimal
    ~LST({A,B}, {1,2}, {3,4}) ...       one line for each group of values

Values are put in where they are used, so that one may refer to what is defined after it. What is not defined stays as
it is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xlvs.config.line import Line
from xlvs.config.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xlvs.config.line import Origin

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
DEFINITION = re.compile(rf"\s*\$({NAME})=(.*)$", re.DOTALL)
CONDITIONAL = re.compile(r"(\s*)@(\^?)(\S+)(?:\s+(.*))?$", re.DOTALL)
SEQUENCE = re.compile(r"(.*?)~(SEQx?|LST)\(((?:[^()]|\([^()]*\))*)\)(.*)$", re.DOTALL)
USE = re.compile(rf"\$\{{({NAME})([^{{}}]*)\}}|\$({NAME})(?=[\s,)]|$)")
GROUP = re.compile(r"\{([^{}]*)\}|([^,{}]+)")
USES_MAX = 10_000
LENGTH_MAX = 65_536
"""Characters of a line: a definition that refers to itself makes it grow."""
LINES_MAX = 100_000
"""Lines that sequences and definitions make in one configuration."""

Value = tuple[str, ...]
"""The lines of a definition: one, or several."""


class Expander:
    """Holds what is defined so far. `builtins` are names that compute their value from what follows the name."""

    def __init__(self, identity: str, builtins: Mapping[str, Callable[[str], str]]) -> None:
        self._identity = identity
        self._builtins = builtins
        self._values: dict[str, Value] = {}
        self._open: tuple[str, list[str]] | None = None
        self._made = 0
        self._rounds = 0

    def feed(self, text: str, origin: Origin) -> Iterator[Line]:
        """The lines that a line of a file, its comment gone, stands for.

        Raises Problem: a definition refers to itself, a sequence makes no sense.
        """
        if self._open:
            self._continue(text)
            return
        before = self._made
        for each in self._expand(text, origin, 0):
            if each.strip():
                yield Line(each, origin)
        if self._made == before + 1:  # the line itself, or what it became
            self._made = before

    def unfinished(self) -> str | None:
        """Name of the definition of several lines that the file ended in."""
        return self._open[0] if self._open else None

    def _continue(self, text: str) -> None:
        if not self._open:
            return
        name, lines = self._open
        lines.append(text.removesuffix("\\").rstrip())
        if not text.endswith("\\"):
            self._values[name] = tuple(lines)
            self._open = None

    def _define(self, name: str, value: str) -> None:
        if value.strip() == "\\":
            self._open = (name, [])
        else:
            self._values[name] = (value.strip(),)

    def _expand(self, text: str, origin: Origin, depth: int) -> Iterator[str]:
        for _ in range(USES_MAX):
            if len(text) > LENGTH_MAX:
                break
            if match := CONDITIONAL.match(text):
                blanks, other, identity, rest = match.groups()
                if (identity == self._identity) == bool(other):
                    return
                text = blanks + (rest or "")
            elif match := DEFINITION.match(text):
                self._define(match[1], match[2])
                return
            elif match := SEQUENCE.match(text):
                yield from self._repeat(match, origin, depth)
                return
            elif use := self._first_use(text):
                if len(use[2]) > 1:
                    yield from self._expand_lines(use, text, origin, depth)
                    return
                text = text[: use[0]] + use[2][0] + text[use[1] :]
            else:
                self._made += 1
                if self._made > LINES_MAX:
                    raise _too_many(origin)
                yield text
                return
        raise Problem(
            "a line without end: a definition refers to itself", origin, remedy="break the circle: $A=${B} with $B=${A}"
        )

    def _expand_lines(self, use: tuple[int, int, Value], text: str, origin: Origin, depth: int) -> Iterator[str]:
        if depth > 50:
            raise Problem("a definition of several lines that refers to itself", origin)
        start, end, lines = use
        for index, each in enumerate(lines):
            first, last = index == 0, index == len(lines) - 1
            whole = (text[:start] if first else "") + each + (text[end:] if last else "")
            if self._open:
                self._continue(whole)
            else:
                yield from self._expand(whole, origin, depth + 1)

    def _first_use(self, text: str) -> tuple[int, int, Value] | None:
        if "$" not in text:
            return None
        for match in USE.finditer(text):
            name = match[1] or match[3]
            if name in self._values and not (match[2] or "").strip():
                return match.start(), match.end(), self._values[name]
            if match[1] and name in self._builtins:
                return match.start(), match.end(), (self._builtins[name](match[2].strip()),)
        return None

    def _flat(self, text: str) -> str:
        for _ in range(USES_MAX):
            use = self._first_use(text)
            if not use or len(use[2]) > 1 or len(text) > LENGTH_MAX:
                break
            text = text[: use[0]] + use[2][0] + text[use[1] :]
        return text

    def _repeat(self, match: re.Match[str], origin: Origin, depth: int) -> Iterator[str]:
        before, kind, inside, after = match.groups()
        rounds = _list(self._flat(inside), origin) if kind == "LST" else _sequence(kind, self._flat(inside), origin)
        for values in rounds:
            self._rounds += 1  # a round may make no line
            if self._rounds > LINES_MAX:
                raise _too_many(origin)
            hidden = {name: self._values.get(name) for name in values}
            self._values.update({name: (value,) for name, value in values.items()})
            yield from self._expand(before + after, origin, depth)
            for name, old in hidden.items():
                if old is None:
                    self._values.pop(name, None)
                else:
                    self._values[name] = old


def _too_many(origin: Origin) -> Problem:
    return Problem(f"sequences and definitions make more than {LINES_MAX} lines", origin)


def _sequence(kind: str, inside: str, origin: Origin) -> Iterator[dict[str, str]]:
    name, *numbers = [each.strip() for each in inside.split(",")]
    try:
        given = [int(each, 0) for each in numbers]
    except ValueError:
        raise Problem(f"~{kind}({inside}) has a word where a number belongs", origin) from None
    if not re.fullmatch(NAME, name) or not 1 <= len(given) <= 3:
        raise Problem(f"~{kind}({inside}) is not ~{kind}(NAME, [START, [STEP,]] END)", origin)
    end = given[-1]
    start = given[0] if len(given) > 1 else (1 if end >= 0 else -1)
    step = given[1] if len(given) == 3 else (1 if end >= start else -1)
    if not step or (end - start) * step < 0:
        raise Problem(f"~{kind}({inside}) never reaches its end", origin)
    for number in range(start, end + (1 if step > 0 else -1), step):
        yield {name: f"{number:x}" if kind == "SEQx" else str(number)}


def _list(inside: str, origin: Origin) -> Iterator[dict[str, str]]:
    groups = [match[1] if match[1] is not None else match[2] for match in GROUP.finditer(inside) if match[0].strip()]
    names, *rounds = [[each.strip() for each in group.split(",")] for group in groups] or [[]]
    if not names or not all(re.fullmatch(NAME, name) for name in names) or not rounds:
        raise Problem(f"~LST({inside}) is not ~LST(NAME, VALUE...) or ~LST({{NAME, ...}}, {{VALUE, ...}}...)", origin)
    for values in rounds:
        if len(values) != len(names):
            raise Problem(f"~LST({inside}) has a group of {len(values)} values for {len(names)} names", origin)
        yield dict(zip(names, values, strict=True))
