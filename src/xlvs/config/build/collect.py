# SPDX-License-Identifier: Apache-2.0
"""The keywords of a block as values by field, with everything that is wrong with them one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xlvs.config.problem import Problem, Severity
from xlvs.config.schema.keyword import Repeat
from xlvs.config.values import IP, Bool, Choice, Flag, Missing, Number, OneOf, Partly, Seconds, Text, WrongValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.config.line import Origin
    from xlvs.config.schema.blocks import BlockGrammar
    from xlvs.config.schema.keyword import Keyword
    from xlvs.config.tree import Statement
    from xlvs.config.values import Value


ONE_WORD: Final = (Number, Seconds, Choice, OneOf, IP, Bool, Text)
"""What the rest of a line is no part of."""


_WRONG_LINES_MAX: Final = 1000
"""Of one list: a sequence may make many, and nobody reads them."""


@dataclass(slots=True)
class Given:
    """What a block says. Its values are those that its keywords' parsers made."""

    values: dict[str, Any] = field(default_factory=dict)
    where: dict[str, Origin] = field(default_factory=dict)
    """The line that a field's value comes from."""
    blocks: dict[str, list[Statement]] = field(default_factory=dict)
    """Inner blocks by the name of the block."""
    order: list[tuple[str, Statement]] = field(default_factory=list)
    """All of them as they stand in the file."""
    lines: dict[str, list[tuple[Any, Origin]]] = field(default_factory=dict)
    """Lines of lists by field."""
    written: set[str] = field(default_factory=set)
    """The keywords, as they are written."""

    def has(self, name: str) -> bool:
        """Whether the block says something about a field."""
        return name in self.values

    def get(self, name: str, default: Any) -> Any:
        """A field's value."""
        return self.values.get(name, default)

    def inner(self, name: str) -> list[Statement]:
        """The inner blocks of a name."""
        return self.blocks.get(name, [])

    def inner_of(self, names: Iterable[str]) -> list[tuple[str, Statement]]:
        """The inner blocks of several names, each with its own, in the order of the file."""
        wanted = set(names)
        return [each for each in self.order if each[0] in wanted]


class Problems:
    """Collects problems."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def say(
        self, message: str, origin: Origin, word: str = "", remedy: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """One more."""
        self.found.append(Problem(message, origin, word=word, remedy=remedy, severity=severity))

    def wrong(
        self,
        keyword: str,
        error: WrongValue,
        origin: Origin,
        *,
        goes_on: bool = False,
        slight: bool = False,
        form: str = "",
    ) -> None:
        """A value that a keyword does not take."""
        severity = Severity.PARAMETER if isinstance(error, Missing) and not goes_on else Severity.ERROR
        severity = Severity.NOTICE if slight or error.slight else severity
        if form and not error.word and not error.remedy:
            error.remedy = f"{keyword} {form}"
        self.say(
            f"{keyword}: {error.message}" if keyword else error.message, origin, error.word, error.remedy, severity
        )


def head(statement: Statement, grammar: BlockGrammar, problems: Problems) -> Any:
    """What stands before the braces of a block; None where that is wrong."""
    value = grammar.block.head
    if value is None:
        if statement.words:
            text = f"{statement.keyword} takes no words before its brace"
            problems.say(text, statement.origin, statement.words[0], severity=Severity.NOTICE)
        return None
    try:
        return value.parse(statement.words)
    except Partly as error:
        for each in error.problems:
            problems.wrong(statement.keyword, each, statement.origin)
        return error.value
    except WrongValue as error:
        problems.wrong(statement.keyword, error, statement.origin)
        return None


def collect(
    statements: Sequence[Statement], grammar: BlockGrammar, problems: Problems, into: Given | None = None
) -> Given:
    """Everything that a block says."""
    given = into or Given()
    for statement in statements:
        keyword = grammar.keywords[statement.keyword]
        _remarks(statement, keyword, problems)
        given.written.add(statement.keyword)
        if keyword.block:
            given.blocks.setdefault(keyword.block, []).append(statement)
            given.order.append((keyword.block, statement))
        elif keyword.lines:
            _lines(statement, keyword, keyword.lines, given, problems)
        elif keyword.value:
            _value(statement, keyword, keyword.value, given, problems)
    return given


def _remarks(statement: Statement, keyword: Keyword, problems: Problems) -> None:
    word, origin = statement.keyword, statement.origin
    if word in keyword.spellings:
        problems.say(f"{word} is not a keyword; it is read as {keyword.name}", origin, word, f"write {keyword.name}")
    if keyword.deprecated:
        problems.say(f"{word} is out of date", origin, word, keyword.deprecated)
    if keyword.outdated:
        problems.say(f"{word} is out of date", origin, word, keyword.outdated, Severity.NOTICE)
    if keyword.without_effect:
        problems.say(f"{word} has no effect: {keyword.without_effect}", origin, word, severity=Severity.NOTICE)
    if isinstance(keyword.value, ONE_WORD) and len(statement.words) > 1:
        rest = " ".join(statement.words[1:])
        text = f"{word} takes one word: {rest} is ignored"
        problems.say(text, origin, statement.words[1], "a line holds one keyword", Severity.NOTICE)
    if isinstance(keyword.value, Flag) and statement.words:
        text = f"{word} takes no value: {' '.join(statement.words)} is ignored"
        problems.say(text, origin, statement.words[0], "a line holds one keyword", Severity.NOTICE)


def _value(statement: Statement, keyword: Keyword, value: Value, given: Given, problems: Problems) -> None:
    name, origin = keyword.field, statement.origin
    if name in given.values and _was_said(statement, keyword, value, given, problems):
        return
    try:
        parsed = value.parse(statement.words)
    except Partly as error:
        for each in error.problems:
            problems.wrong(statement.keyword, each, origin)
        parsed = error.value
    except WrongValue as error:
        problems.wrong(
            statement.keyword, error, origin, goes_on=keyword.goes_on, slight=keyword.unchecked, form=value.form
        )
        return
    given.where[name] = origin
    given.values[name] = (*given.values.get(name, ()), parsed) if keyword.repeat is Repeat.ALL else parsed


def _was_said(statement: Statement, keyword: Keyword, value: Value, given: Given, problems: Problems) -> bool:
    """Say what becomes of a keyword that stands there again; whether this one is ignored."""
    word, before = statement.keyword, given.where[keyword.field].number
    if keyword.repeat in {Repeat.LAST, Repeat.REPLACE}:
        severity = Severity.NOTICE if keyword.repeat is Repeat.LAST else Severity.ERROR
        text = f"{word} stands in line {before} too; the last one counts"
        problems.say(text, statement.origin, word, severity=severity)
    if keyword.repeat not in {Repeat.FIRST, Repeat.AGREE}:
        return False
    if not statement.words and _needs_words(value):
        return False
    same = keyword.repeat is Repeat.AGREE and _says(statement, value, given.values[keyword.field])
    text = f"{word} was set in line {before}: {' '.join(statement.words) or 'this one'} is ignored"
    problems.say(text, statement.origin, word, "remove one of them", Severity.NOTICE if same else Severity.ERROR)
    return True


def _needs_words(value: Value) -> bool:
    try:
        value.parse(())
    except WrongValue:
        return True
    return False


def _says(statement: Statement, value: Value, what: object) -> bool:
    try:
        return value.parse(statement.words) == what
    except WrongValue:
        return False


def _lines(statement: Statement, keyword: Keyword, value: Value, given: Given, problems: Problems) -> None:
    name = keyword.field
    if statement.words and keyword.lines and keyword.field != "virtual_server_group":
        text = f"{statement.keyword} takes its lines in braces: {' '.join(statement.words)} is ignored"
        problems.say(text, statement.origin, statement.words[0])
    if name in given.lines and keyword.repeat is Repeat.FIRST:
        text = f"{statement.keyword} was given in line {given.where[name].number}: this one is ignored"
        problems.say(text, statement.origin, statement.keyword, "put all into one")
        return
    found = given.lines.setdefault(name, [])
    given.where.setdefault(name, statement.origin)
    before = len(problems.found)
    for line in statement.lines:
        if len(problems.found) - before >= _WRONG_LINES_MAX:
            problems.say(f"too many lines of {statement.keyword} are wrong: from here on they are ignored", line.origin)
            break
        try:
            found.append((value.parse(line.words), line.origin))
        except Partly as error:
            for each in error.problems:
                problems.wrong("", each, line.origin)
            found.append((error.value, line.origin))
        except WrongValue as error:
            problems.wrong("", error, line.origin)
    given.values[name] = tuple(each for each, _ in found)
