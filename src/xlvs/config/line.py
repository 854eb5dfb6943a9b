# SPDX-License-Identifier: Apache-2.0
"""Lines of configuration and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ESCAPABLE = "#!"
_SPECIAL: Final = re.compile(r"[#!\\]")


@dataclass(frozen=True, slots=True)
class Origin:
    """A line of a file as the user wrote it: what an error shows."""

    path: str
    number: int
    """From 1 on."""
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line after comments, definitions and sequences are done with."""

    text: str
    origin: Origin


def without_comment(text: str) -> str:
    r"""A line up to `#` or `!`, which begin a comment unless they are quoted or escaped (`\#` stands for `#`)."""
    if not _SPECIAL.search(text):
        return text.rstrip()
    kept: list[str] = []
    quoted = escaped = False
    for char in text:
        if escaped:
            if char not in ESCAPABLE:
                kept.append("\\")
            kept.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in ESCAPABLE and not quoted:
            break
        else:
            quoted ^= char == '"'
            kept.append(char)
    if escaped:
        kept.append("\\")
    return "".join(kept).rstrip()
