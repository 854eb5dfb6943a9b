# SPDX-License-Identifier: Apache-2.0
"""From lines to statements, with the original's rules for braces and for words that it does not know.

A brace that is not quoted ends a piece of a line: `virtual_ipaddress { 10.0.0.1 }` is the same as three lines. What is known
depends on the block: an unknown keyword is named and its line left out, but what stands in its braces is read as if it stood
in the block around it, so that its `}` closes that one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from xlvs.config.problem import Problem
from xlvs.config.words import command_words, ordinary_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xlvs.config.line import Line, Origin


SUGGESTIONS_MAX: Final = 1000
"""Words that keywords like them are looked for: a millisecond each, and a sequence can make any number of them."""


class Form(Enum):
    """What follows a keyword."""

    VALUES = "values"
    """Words on its line."""
    COMMAND = "command"
    """Words on its line, split as a shell would."""
    BLOCK = "block"
    """Statements in braces."""
    LIST = "list"
    """Lines of words in braces."""


class Grammar(Protocol):
    """What a block may contain."""

    @property
    def forms(self) -> Mapping[str, Form]:
        """Keywords of the block."""

    def home(self, keyword: str) -> str:
        """Where a keyword belongs that this block does not have, for people; empty: nowhere."""

    def inner(self, keyword: str) -> Grammar:
        """The grammar inside a keyword of form BLOCK."""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of a list."""

    words: tuple[str, ...]
    origin: Origin


@dataclass(slots=True)
class Statement:
    """A keyword with what belongs to it."""

    keyword: str
    words: tuple[str, ...]
    """Those after the keyword, on its line."""
    origin: Origin
    statements: list[Statement] = field(default_factory=list)
    """Of a block."""
    lines: list[Words] = field(default_factory=list)
    """Of a list."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a line: a brace, or what stands between two."""

    text: str
    origin: Origin


def parse(lines: Iterable[Line], grammar: Grammar) -> tuple[list[Statement], list[Problem]]:
    """Statements of a configuration, and everything that is wrong with its form."""
    parser = _Parser(lines, grammar)
    return parser.read_all(), parser.problems


def pieces(text: str) -> Iterator[str]:
    """Parts of a line, each brace outside of quotes being one."""
    if "{" not in text and "}" not in text:
        if whole := text.strip():
            yield whole
        return
    quoted = False
    start = 0
    for at, char in enumerate(text):
        quoted ^= char == '"'
        if char in "{}" and not quoted:
            if text[start:at].strip():
                yield text[start:at].strip()
            yield char
            start = at + 1
    if text[start:].strip():
        yield text[start:].strip()


class _Parser:
    def __init__(self, lines: Iterable[Line], grammar: Grammar) -> None:
        self._pieces = (_Piece(piece, line.origin) for line in lines for piece in pieces(line.text))
        self._put_back: list[_Piece] = []
        self._suggestions: dict[tuple[str, int], str] = {}
        self._blocks: list[_Piece] = []
        self._top = grammar
        self.problems: list[Problem] = []

    def read_all(self) -> list[Statement]:
        """Statements up to the end of the text."""
        found: list[Statement] = []
        while True:
            statements, last = self._statements(self._top)
            found += statements
            if last is None:
                return found
            self._say("a } without its {", last, "}", "remove it, or look for a { that is missing before")

    def _next(self) -> _Piece | None:
        return self._put_back.pop() if self._put_back else next(self._pieces, None)

    def _say(self, message: str, piece: _Piece, word: str, remedy: str = "") -> None:
        self.problems.append(Problem(message, piece.origin, word=word, remedy=remedy))

    def _statements(self, grammar: Grammar) -> tuple[list[Statement], _Piece | None]:
        """Statements up to a closing brace, and that brace; None at the end of the text."""
        found: list[Statement] = []
        while piece := self._next():
            if piece.text == "}":
                return found, piece
            if piece.text == "{":
                self._say(
                    "unexpected {",
                    piece,
                    "{",
                    "only a block has braces; what is inside is read as if they were not there",
                )
                continue
            statement = self._statement(piece, grammar)
            if statement:
                found.append(statement)
        return found, None

    def _statement(self, piece: _Piece, grammar: Grammar) -> Statement | None:
        words, unfinished = ordinary_words(piece.text)
        keyword = words[0] if words else ""
        form = grammar.forms.get(keyword)
        if form is None:
            self._say(f"unknown keyword {keyword}", piece, keyword, self._remedy(keyword, grammar))
            return None
        if form is Form.COMMAND:
            words, unfinished = command_words(piece.text)
        if unfinished:
            self._say("a quote is not closed on its line", piece, '"')
        statement = Statement(keyword, tuple(words[1:]), piece.origin)
        if form is Form.BLOCK:
            self._block(statement, piece, grammar.inner(keyword))
        elif form is Form.LIST:
            self._list(statement, piece)
        return statement

    def _remedy(self, word: str, grammar: Grammar) -> str:
        """Of an unknown keyword: one that may stand outside tells that a block before it is not closed."""
        if not self._blocks or word not in self._top.forms:
            return self._suggestion(word, grammar)
        outer = self._blocks[0]
        name = outer.text.split()[0]
        return f"it stands outside of blocks: is a }} missing, of {name} in line {outer.origin.number}?"

    def _suggestion(self, word: str, grammar: Grammar) -> str:
        found = self._suggestions.get((word, id(grammar)))
        if found is None and len(self._suggestions) < SUGGESTIONS_MAX:
            found = self._suggestions[word, id(grammar)] = grammar.home(word) or _suggestion(word, grammar.forms)
        return found or ""

    def _open(self, piece: _Piece, keyword: str) -> None:
        following = self._next()
        if following and following.text == "{":
            return
        self._say(f"{keyword} begins a block: a {{ is missing", piece, keyword, f"{keyword} {{ ... }}")
        if following:
            self._put_back.append(following)

    def _block(self, statement: Statement, piece: _Piece, grammar: Grammar) -> None:
        self._open(piece, statement.keyword)
        self._blocks.append(piece)
        statement.statements, last = self._statements(grammar)
        self._blocks.pop()
        if last is None:
            self._unclosed(piece, statement.keyword)

    def _list(self, statement: Statement, piece: _Piece) -> None:
        self._open(piece, statement.keyword)
        while (following := self._next()) and following.text != "}":
            words, _ = ordinary_words(following.text)
            if following.text != "{":
                statement.lines.append(Words(tuple(words), following.origin))
        if following is None:
            self._unclosed(piece, statement.keyword)

    def _unclosed(self, piece: _Piece, keyword: str) -> None:
        self._say(f"the block of {keyword} is not closed", piece, keyword, "a } is missing")


def _suggestion(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # heavy, and needed for mistakes only

    close = get_close_matches(word, list(known), n=2)
    return f"did you mean {' or '.join(close)}?" if close else ""
