# SPDX-License-Identifier: Apache-2.0
"""Named network namespaces of ``ip netns``: entering one, listing them, finding the processes inside."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from xlvs.lab.errors import LabError

_DIRECTORY: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000


def names() -> list[str]:
    """Every named network namespace of this host."""
    try:
        return sorted(path.name for path in _DIRECTORY.iterdir())
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def entered(name: str) -> Iterator[None]:
    """Put the calling thread into a namespace for the length of a with block.

    Sockets made inside stay there; child processes started inside live there; /proc/sys/net is the namespace's own.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(name)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def processes_in(namespaces: Iterable[str]) -> list[int]:
    """The processes of this host that live in any of the namespaces, the caller left out."""
    wanted = {identity for name in namespaces if (identity := _identity(_DIRECTORY / name))}
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and _identity(Path(f"/proc/{pid}/ns/net")) in wanted]


def write_sysctl(key: str, value: str) -> None:
    """Set a value in the caller's namespace; `key` as in sysctl.conf(5). IPv6 keys are skipped where IPv6 is off."""
    path = Path("/proc/sys", *key.split("."))
    if key.startswith("net.ipv6.") and not Path("/proc/sys/net/ipv6").exists():
        return
    try:
        path.write_text(value)
    except OSError as error:
        raise LabError(f"cannot set {key} to {value}: {error.strerror}") from error


def _enter(name: str) -> None:
    try:
        target = os.open(_DIRECTORY / name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise LabError(f"there is no network namespace {name}", "see `xlvs lab list`") from None
    try:
        _setns(target)
    finally:
        os.close(target)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise LabError(f"cannot enter a network namespace: {os.strerror(number)}", "run it as root")
