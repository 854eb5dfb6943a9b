# SPDX-License-Identifier: Apache-2.0
"""What a network namespace holds beyond its links: processes, sysctls, the tables of a director."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from xlvs.lab.errors import LabError
from xlvs.linux import bpffs, namespace
from xlvs.model.errors import KernelError
from xlvs.realserver import decap, journal, toa

SERVER: Final = str(Path(__file__).with_name("server.py"))
"""The program of the web servers."""


def processes_in(namespaces: Iterable[str]) -> list[int]:
    """The processes of this host that live in any of the named namespaces, the caller left out."""
    wanted = {identity for name in namespaces if (identity := _identity(namespace.path_of(name)))}
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and _identity(f"/proc/{pid}/ns/net") in wanted]


def servers_in(name: str) -> list[int]:
    """Which of the processes of a namespace are web servers of its lab."""
    program = b"\0" + SERVER.encode() + b"\0"
    return [pid for pid in processes_in([name]) if program in _command_line(pid)]


def runs_module(pid: int, module: str) -> bool:
    """Whether a process is ``python -m MODULE``."""
    return b"\0-m\0" + module.encode() + b"\0" in _command_line(pid)


def write_sysctls(inside: str, settings: Iterable[tuple[str, str]]) -> None:
    """Set values in a namespace; keys as in sysctl.conf(5). IPv6 keys are skipped where the kernel has no IPv6."""
    without_ipv6 = not Path("/proc/sys/net/ipv6").exists()
    with namespace.entered(inside):
        for key, value in settings:
            if key.startswith("net.ipv6.") and without_ipv6:
                continue
            try:
                Path("/proc/sys", *key.split(".")).write_text(value)
            except OSError as error:
                raise LabError(f"cannot set {key} to {value}: {error.strerror}") from error


def remove_tables(inside: str) -> None:
    """Remove what a director or real server pinned and wrote, which would outlive its namespace; nothing is fine."""
    with contextlib.suppress(KernelError, FileNotFoundError):
        with namespace.entered(inside):
            number = namespace.cookie()
        journal.forget(number)
        decap.abandon(number)
        toa.abandon(number)
        bpffs.remove(bpffs.director(number, create=False))


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
