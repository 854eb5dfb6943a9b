# SPDX-License-Identifier: Apache-2.0
"""Control groups of the second version, on which programs for sockets hang."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xlvs.linux import syscall
from xlvs.model.errors import KernelError, NotSupported

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A descriptor of a group; of the root of all when `path` is empty, mounted or not. Raises KernelError, NotSupported.

    `ip netns exec` mounts another /sys, where no group is to be seen, so the root is not looked for there.
    """
    descriptor = _group(path) if path else _root()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _group(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(f"opening the control group {path}", error.errno or 0) from None


def _root() -> int:
    try:
        return syscall.detached_mount("cgroup2")
    except KernelError as error:
        why, remedy = error.message, "name a group by --cgroup"
        raise NotSupported("the hierarchy of control groups", why, remedy) from None
