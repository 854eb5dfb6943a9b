# SPDX-License-Identifier: Apache-2.0
"""The files and the host that a configuration is about."""

from __future__ import annotations

import glob
import grp
import os
import pwd
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from xlvs.config.files import Unreadable
from xlvs.config.host import Program

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOPBACK_FLAG = 0x8


class DiskFiles:
    """Files of this host."""

    def matching(self, pattern: str) -> Sequence[str]:
        """Files that match; programs are left out, as the original does."""
        return [path for path in sorted(glob.glob(pattern)) if os.path.isfile(path) and not _is_program(path)]

    def read(self, path: str) -> str:
        """The text, bytes that are not UTF-8 kept."""
        try:
            return Path(path).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise Unreadable(error.strerror or "cannot be read") from None


def _is_program(path: str) -> bool:
    return bool(os.stat(path).st_mode & 0o111)


class ThisHost:
    """Interfaces, programs and users of the host, or of its network namespace."""

    def __init__(self) -> None:
        self.interfaces = frozenset(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net") else frozenset()
        self.loopbacks = frozenset(name for name in self.interfaces if _is_loopback(name))

    def program(self, name: str) -> Program:
        """A program by path or name."""
        if "/" in name and not os.path.isfile(name):
            return Program.MISSING
        if shutil.which(name):
            return Program.RUNS
        return Program.NOT_EXECUTABLE if "/" in name else Program.MISSING

    def has_user(self, name: str) -> bool:
        """By name or number."""
        try:
            _ = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        except (KeyError, OverflowError):
            return name.isdigit()
        return True

    def has_group(self, name: str) -> bool:
        """By name or number."""
        try:
            _ = grp.getgrgid(int(name)) if name.isdigit() else grp.getgrnam(name)
        except (KeyError, OverflowError):
            return name.isdigit()
        return True


def _is_loopback(name: str) -> bool:
    try:
        flags = Path("/sys/class/net", name, "flags").read_text(encoding="ascii")
    except OSError:
        return False
    return bool(int(flags, 16) & _LOOPBACK_FLAG)
