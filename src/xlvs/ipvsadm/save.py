# SPDX-License-Identifier: Apache-2.0
"""The programs `ipvsadm-save` and `ipvsadm-restore`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xlvs.ipvsadm.main import collect_no_garbage, run_here, standard_input
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class SaveUsage(UsageError):
    """How `ipvsadm-save` is called."""

    message = (
        "ipvsadm-save: Script to save the IPVS table to stdout.\n"
        "   With the -n option, prints out the table in numeric format."
    )
    exit_code = 1


def main_save(argv: Sequence[str] | None = None) -> int:
    """The console entry of `ipvsadm-save`."""
    try:
        words = save_words(sys.argv[1:] if argv is None else argv)
    except SaveUsage as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    if argv is None:
        collect_no_garbage()
    return run_here([words], ())


def main_restore(argv: Sequence[str] | None = None) -> int:
    """The console entry of `ipvsadm-restore`: clears the table, then does what its input says.

    The original ignores all arguments.
    """
    if argv is None:
        collect_no_garbage()
    return run_here([["-C"], ["-R"]], without_comments(standard_input()))


def save_words(words: Sequence[str]) -> list[str]:
    """What `ipvsadm-save` has ipvsadm do: -S, numeric with -n. SaveUsage for another option; words count for nothing."""
    if any(word[:1] == "-" and word != "-n" for word in words):
        raise SaveUsage
    return ["-S", "-n"] if "-n" in words else ["-S"]


def without_comments(portions: Iterable[Iterable[str]]) -> Iterator[list[str]]:
    """The lines that `ipvsadm-restore` hands on: all but those that begin with #."""
    for lines in portions:
        yield [line for line in lines if line[:1] != "#"]
