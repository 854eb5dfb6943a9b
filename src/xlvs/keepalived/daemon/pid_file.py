# SPDX-License-Identifier: Apache-2.0
"""The files with the numbers of our processes: where they are, and whether one still runs."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIRECTORY: Final = Path("/run")
_OWN_DIRECTORY: Final = "keepalived"
_NAMES: Final = ("keepalived", "vrrp", "checkers", "bfd")
_COMMAND: Final = b"keepalived"
_PATIENCE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class PidFiles:
    """One for each process."""

    parent: Path
    vrrp: Path
    checkers: Path
    bfd: Path

    @property
    def control(self) -> Path:
        """The socket that tells what the daemon does."""
        return control(self.parent)


def control(file: Path) -> Path:
    """The socket of the daemon that has a pid file, beside it."""
    return file.with_suffix(".sock")


def pid_files(
    given: Sequence[str], *, instance: str = "", namespace: str = "", own_directory: bool = False
) -> PidFiles:
    """Names as the original has them; `given` are those of the command line in the order of PidFiles, "" for none."""
    directory = _DIRECTORY / _OWN_DIRECTORY if instance or namespace or own_directory else _DIRECTORY
    if namespace:
        directory = directory / f"{_OWN_DIRECTORY}_{namespace}"
    suffix = f"_{instance}" if instance else ""
    usual = (directory / f"{name}{suffix}.pid" for name in _NAMES)
    return PidFiles(*(Path(mine) if mine else default for mine, default in zip(given, usual, strict=True)))


def running(file: Path) -> int:
    """The process of ours whose number a file holds, 0 when it does not run any more."""
    try:
        number = int(file.read_text(encoding="ascii"))
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    return number if number != os.getpid() and _COMMAND in command else 0


def already_runs(parent: Path, parts: Sequence[Path]) -> bool:
    """Whether another daemon has these files: its own, and those of the parts that may run. Parts whose first process was killed are given the time to end."""
    deadline = time.monotonic() + _PATIENCE_S
    while any(running(each) for each in (parent, *parts)):
        if running(parent) or time.monotonic() > deadline:
            return True
        time.sleep(0.02)
    return False


def _make_directory(directory: Path) -> None:
    """With those above it, whatever the umask is."""
    before = os.umask(0o022)
    try:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    finally:
        os.umask(before)


@contextmanager
def written(file: Path) -> Iterator[None]:
    """A file with the number of this process, for as long as it runs. Raises UsageError when it cannot be written."""
    try:
        if file.is_relative_to(_DIRECTORY / _OWN_DIRECTORY):
            _make_directory(file.parent)
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
        file.chmod(0o644)
    except OSError as error:
        raise UsageError(f"the pid file {file} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink()
