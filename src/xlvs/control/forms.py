# SPDX-License-Identifier: Apache-2.0
"""The forms in which a command lists what it set: a table for people, JSON, or the commands that make it anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence


class Row(Protocol):
    """One thing that is listed."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""

    def command(self) -> str:
        """What makes it anew."""


def show(rows: Sequence[Row], table: Iterable[str], options: argparse.Namespace) -> None:
    """Print the rows in the form that `options` ask for; `table` are the lines of the one for people."""
    if options.json:
        print(json.dumps([row.as_json() for row in rows], indent=2))
        return
    for line in (row.command() for row in rows) if options.commands else table:
        print(line)
