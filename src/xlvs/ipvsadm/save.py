# SPDX-License-Identifier: Apache-2.0
"""The programs `ipvsadm-save` and `ipvsadm-restore`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xlvs.ipvsadm.main import run_here, standard_input

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAVE_USAGE = """\
ipvsadm-save: Script to save the IPVS table to stdout.
   With the -n option, prints out the table in numeric format.
"""


def main_save(argv: Sequence[str] | None = None) -> int:
    """`ipvsadm -S`, numeric with -n. Another option is refused; words that are none are ignored."""
    words = sys.argv[1:] if argv is None else argv
    if any(word[:1] == "-" and word != "-n" for word in words):
        sys.stderr.write(_SAVE_USAGE)
        return 1
    return run_here([["-S", "-n"] if "-n" in words else ["-S"]], ())


def main_restore(argv: Sequence[str] | None = None) -> int:  # noqa: ARG001 - the original ignores all arguments
    """`ipvsadm -C`, then `ipvsadm -R` of the input without the lines that begin with #."""
    rules = ([line for line in lines if line[:1] != "#"] for lines in standard_input())
    return run_here([["-C"], ["-R"]], rules)
