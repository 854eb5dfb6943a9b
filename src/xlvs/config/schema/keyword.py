# SPDX-License-Identifier: Apache-2.0
"""What a keyword and a block are: the rows of the schema."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from xlvs.config.tree import Form

if TYPE_CHECKING:
    from xlvs.config.values import Value


class Rank(Enum):
    """How much a keyword matters to real configurations."""

    ESSENTIAL = "E"
    COMMON = "C"
    RARE = "R"


class Repeat(Enum):
    """What a keyword means that stands more than once in its block."""

    LAST = "last"
    FIRST = "first"
    """Another one is an error."""
    AGREE = "agree"
    """The first counts; one that says something else is an error."""
    REPLACE = "replace"
    """The last counts, and is an error all the same."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of a block. Exactly one of `value`, `block` and `lines` says what follows it."""

    name: str
    rank: Rank
    doc: str
    value: Value | None = None
    """Words on its line."""
    block: str = ""
    """Name of the block in its braces."""
    lines: Value | None = None
    """What each line in its braces holds."""
    default: str = ""
    """As it would be written in the file; or in brackets, a text for people."""
    since: str = "2.2.7"
    """Version of Keepalived that has it; 2.2.7 stands for that and older ones."""
    command: bool = False
    """Its line is split as a shell would."""
    repeat: Repeat = Repeat.LAST
    means: str = ""
    """The keyword that this is another name of."""
    deprecated: str = ""
    """What to write instead; using it is an error, though it works."""
    outdated: str = ""
    """What to write instead; using it is worth a notice."""
    unchecked: bool = False
    """The original takes any value without a word: a wrong one is worth a notice."""
    goes_on: bool = False
    """Without its value it is an error like any other; otherwise the original stops reading there."""
    without_effect: str = ""
    """What is not done: the keyword is checked and answered with this in a warning. Empty: it has its effect."""
    spellings: tuple[str, ...] = ()
    """Wrong ones that are in circulation: they work, with a warning that gives the real one."""

    @property
    def form(self) -> Form:
        """How it is read."""
        if self.block:
            return Form.BLOCK
        if self.lines:
            return Form.LIST
        return Form.COMMAND if self.command else Form.VALUES

    @property
    def field(self) -> str:
        """Where its value stands in the typed result."""
        return (self.means or self.name).replace("-", "_").lower()


@dataclass(frozen=True, slots=True)
class Block:
    """A block and what may stand in it."""

    name: str
    keywords: tuple[Keyword, ...]
    head: Value | None = None
    """What follows the block's keyword, before the brace."""


E = Rank.ESSENTIAL
C = Rank.COMMON
R = Rank.RARE
