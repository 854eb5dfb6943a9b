# SPDX-License-Identifier: Apache-2.0
"""What becomes of each keyword: it is read by the daemon, or a notice says what is not done."""

import ast
from functools import cache
from pathlib import Path
from random import Random

import pytest
from keepalived_coverage import identity, shown

from tests.unit.config.generated import Maker, around
from tests.unit.config.texts import read
from xlvs.config.problem import Severity
from xlvs.config.schema.blocks import BLOCKS, rows
from xlvs.config.schema.keyword import Keyword

WITHOUT = [
    pytest.param(block.name, keyword, id=f"{block.name}.{keyword.name}")
    for block in BLOCKS.values()
    for keyword in block.keywords
    if keyword.without_effect and not keyword.block
]
SOURCES = Path(__file__).parents[3] / "src" / "xlvs"


@pytest.mark.parametrize(("block", "keyword"), WITHOUT)
def test_keyword_without_effect_is_answered_with_one_notice(block: str, keyword: Keyword) -> None:
    """It says what is not done, and nothing else does."""
    maker = Maker(Random(1), since="xlvs")
    lines = next(
        line
        for line in (maker.line(keyword) for _ in range(500))
        if not [each for each in read(around(block, line)).problems if _is_error(each.message, keyword)]
    )
    notices = [each for each in read(around(block, lines)).problems if "has no effect" in each.message]
    assert [each.severity for each in notices] == [Severity.NOTICE]
    assert keyword.without_effect in notices[0].message
    assert notices[0].message.startswith((keyword.name, "auth_hmac"))


def _is_error(message: str, keyword: Keyword) -> bool:
    """A value that the keyword does not take."""
    return message.startswith(f"{keyword.name}:") or " is missing" in message


@cache
def read_names() -> frozenset[str]:
    """Every attribute and text in the code that takes settings up."""
    found: set[str] = set()
    for path in (*SOURCES.glob("keepalived/**/*.py"), *SOURCES.glob("config/build/*.py"), *SOURCES.glob("config/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def _is_read(field: str) -> bool:
    """By its name, or by the end of its name for those that each process has of its own."""
    part, _, end = field.partition("_")
    return field in read_names() or (part in {"vrrp", "checker", "bfd"} and end in read_names())


def test_every_other_keyword_is_taken_up() -> None:
    """Shown by a test, or at least read somewhere: nothing is dropped without a word."""
    dropped = [
        identity(block, keyword)
        for block, keyword in rows()
        if not keyword.without_effect
        and not keyword.deprecated
        and not {identity(block, keyword), f"{block}.{keyword.means}"} & set(shown())
        and not _is_read(keyword.field)
        and not keyword.block
    ]
    assert dropped == []
