# SPDX-License-Identifier: Apache-2.0
"""Which tests show the effect of which keyword of keepalived.conf.

tools/keepalived_coverage.py            each keyword with its state and tests
tools/keepalived_coverage.py --check    says which essential and common ones no test shows; exit code 1

A test says it with `@pytest.mark.keyword("vrrp_instance.priority")`, a row of a table of tests with `Effect("...")`: the
name of the block, a dot, the keyword. Those of the top level stand alone, those that all checkers have in common belong to
`*_CHECK`.
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.config.schema.blocks import rows
from xlvs.config.schema.keyword import Keyword, Rank

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
_NAMES: Final = frozenset({"keyword", "Effect"})
_IDENTITY: Final = re.compile(r"[\w*]+(\.[\w-]+)?")


def identity(block: str, keyword: Keyword) -> str:
    """How tests call a keyword."""
    return f"{block}.{keyword.name}" if block else keyword.name


def keywords() -> dict[str, Keyword]:
    """Every row of the schema."""
    return {identity(block, keyword): keyword for block, keyword in rows()}


@cache
def shown() -> dict[str, tuple[str, ...]]:
    """By keyword, the tests that show its effect: `file::function`, or the file of a table."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.keyword(" not in text and "Effect(" not in text:
            continue
        place = path.relative_to(ROOT).as_posix()
        for name, function in _named(ast.parse(text)):
            found.setdefault(name, []).append(f"{place}::{function}" if function else place)
    return {name: tuple(dict.fromkeys(places)) for name, places in found.items()}


def _named(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of keywords with the function that they are written at, "" for the module."""
    for statement in tree.body:
        function = statement.name if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _called(node.func) in _NAMES:
                yield from ((name, function) for name in _words(node))


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _words(call: ast.Call) -> Iterator[str]:
    """Of a mark every word, of an effect its first argument."""
    arguments = call.args if _called(call.func) == "keyword" else call.args[:1]
    for argument in arguments:
        word = argument.value if isinstance(argument, ast.Constant) else ""
        if isinstance(word, str) and _IDENTITY.fullmatch(word):
            yield word


def gaps() -> list[str]:
    """Essential and common keywords whose effect no test shows."""
    return [name for name, each in keywords().items() if each.rank is not Rank.RARE and name not in shown()]


def main(argv: list[str]) -> int:
    """Print the table, or what is missing."""
    if argv == ["--check"]:
        missing = gaps()
        print("\n".join(missing))
        return 1 if missing else 0
    for name, keyword in keywords().items():
        state = "no effect" if keyword.without_effect else " ".join(shown().get(name, ("-",)))
        print(f"{keyword.rank.value} {name}: {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
