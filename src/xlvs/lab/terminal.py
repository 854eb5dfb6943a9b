# SPDX-License-Identifier: Apache-2.0
"""How the lab speaks: plain text, with colour where a person looks at it."""

from __future__ import annotations

import os
import sys
from typing import Final

_BOLD: Final = "\x1b[1m"
_GREEN: Final = "\x1b[32m"
_DIM: Final = "\x1b[2m"
_RESET: Final = "\x1b[0m"


def prompt(node: str, command: str, *, colour: bool) -> str:
    """A command as it is typed in a node."""
    if colour:
        return f"{_GREEN}[{node}]#{_RESET} {_BOLD}{command}{_RESET}"
    return f"[{node}]# {command}"


def remark(text: str, *, colour: bool) -> str:
    """What the lab itself has to say, set apart from commands and their output."""
    return f"{_DIM}-- {text}{_RESET}" if colour else f"-- {text}"


def heading(text: str, *, colour: bool) -> str:
    """The title of a scene."""
    return f"{_BOLD}== {text}{_RESET}" if colour else f"== {text}"


def wants_colour() -> bool:
    """Whether standard output is a terminal whose user has not said no (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
