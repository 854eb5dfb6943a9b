# SPDX-License-Identifier: Apache-2.0
"""The traffic program, compiled when it is first wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
SOURCES: Final = ("traffic.c", "transfer.c", "server.c")
FLAGS: Final = ("-O2", "-Wall", "-Wextra", "-Werror", "-pthread")


class NoCompiler(Exception):
    """There is no C compiler on this host."""


def compiled(folder: Path, *flags: str) -> Path:
    """Compile the program into `folder`; its path. Raises NoCompiler, CalledProcessError."""
    compiler = next(filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))), None)
    if compiler is None:
        raise NoCompiler("no C compiler: apt-get install gcc")
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "traffic"
    subprocess.run([compiler, *FLAGS, *flags, "-o", program, *(HERE / source for source in SOURCES)], check=True)
    return program
