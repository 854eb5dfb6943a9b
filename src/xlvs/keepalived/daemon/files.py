# SPDX-License-Identifier: Apache-2.0
"""The files and the host that a configuration is about."""

from __future__ import annotations

import glob
import grp
import os
import pwd
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from xlvs.config.files import Unreadable
from xlvs.config.host import Program
from xlvs.linux.interface import interfaces

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        # The kernel is asked: /sys may be that of another namespace.
        found = interfaces()
        self.interfaces = frozenset(each.name for each in found)
        self.loopbacks = frozenset(each.name for each in found if each.loopback)

    def program(self, name: str) -> Program:
        """A program by path or name."""
        if "/" in name and not os.path.isfile(name):
            return Program.MISSING
        if shutil.which(name):
            return Program.RUNS
        return Program.NOT_EXECUTABLE if "/" in name else Program.MISSING

    def has_user(self, name: str) -> bool:
        """By name."""
        try:
            pwd.getpwnam(name)
        except KeyError:
            return False
        return True

    def resolves(self, name: str) -> bool:
        """As the resolver says."""
        try:
            return bool(socket.getaddrinfo(name, None))
        except (OSError, UnicodeError):
            return False

    def has_group(self, name: str) -> bool:
        """By name."""
        try:
            grp.getgrnam(name)
        except KeyError:
            return False
        return True
