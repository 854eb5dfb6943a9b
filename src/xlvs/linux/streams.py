# SPDX-License-Identifier: Apache-2.0
"""Standard streams of a process that was started without them, or whose reader is gone."""

import os
import sys


def open_closed() -> None:
    """Where standard output or error is closed, open one that leads nowhere.

    The interpreter has None there; and the next file opened would take the number, and get what is written.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - stays open


def drop_output() -> None:
    """Keep the interpreter from trying once more, and complaining, at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
