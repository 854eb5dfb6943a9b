# SPDX-License-Identifier: Apache-2.0
"""System calls that Python 3.11 does not offer: mounts, namespaces, the cookie of a network namespace."""

import ctypes
import os
from ctypes import byref, c_char_p, c_int, c_uint32, c_uint64, c_ulong
from errno import EPERM
from functools import cache
from typing import Final

from xlvs.model.errors import KernelError, PermissionDenied

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWNET: Final = 0x40000000
MS_NOSUID: Final = 1 << 1
MS_NODEV: Final = 1 << 2
MS_NOEXEC: Final = 1 << 3
MS_BIND: Final = 1 << 12
MS_REC: Final = 1 << 14
MS_SHARED: Final = 1 << 20
MNT_DETACH: Final = 2
BPF_FS_MAGIC: Final = 0xCAFE4A11

# The same numbers on every architecture.
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_FSCONFIG_CMD_CREATE: Final = 6
_FSOPEN_CLOEXEC: Final = 1
_FSMOUNT_CLOEXEC: Final = 1
_AF_INET: Final = 2
_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
_SOCK_DGRAM_CLOEXEC: Final = 2 | 0o2000000
_SOL_SOCKET: Final = 1
_SO_NETNS_COOKIE: Final = 71
_STATFS_WORDS: Final = 32


@cache
def libc() -> ctypes.CDLL:
    """The C library."""
    return ctypes.CDLL(None, use_errno=True)


def _check(operation: str, result: int) -> int:
    if result >= 0:
        return result
    errno = ctypes.get_errno()
    raise PermissionDenied(operation) if errno == EPERM else KernelError(operation, errno)


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """Mount; an empty `kind` or `options` is passed as no argument."""
    arguments = [c_char_p(text.encode()) if text else None for text in (source, target, kind, options)]
    result = libc().mount(*arguments[:3], c_ulong(flags), arguments[3])
    _check(f"mounting {target}", result)


def unmount(target: str, flags: int = MNT_DETACH) -> None:
    """Call umount2(2)."""
    _check(f"unmounting {target}", libc().umount2(os.fsencode(target), flags))


def detached_mount(kind: str) -> int:
    """A descriptor of the root of a file system that is mounted nowhere; it goes with its last descriptor."""
    library, operation = libc(), f"mounting {kind}"
    context = _check(operation, library.syscall(_FSOPEN, kind.encode(), _FSOPEN_CLOEXEC))
    try:
        _check(operation, library.syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0))
        return _check(operation, library.syscall(_FSMOUNT, context, _FSMOUNT_CLOEXEC, 0))
    finally:
        os.close(context)


def setns(fd: int, kind: int) -> None:
    """Move this thread into the namespace behind `fd`."""
    _check("entering a namespace", libc().setns(fd, kind))


def unshare(kinds: int) -> None:
    """Give this thread new namespaces of its own."""
    _check("making a namespace", libc().unshare(kinds))


def lock_memory(*, lock: bool) -> None:
    """Keep all memory of this process from being swapped, what it will have too; or no longer."""
    _check("locking memory", libc().mlockall(_MCL_CURRENT | _MCL_FUTURE) if lock else libc().munlockall())


def is_bpffs(path: str) -> bool:
    """Whether `path` lies in a bpffs; False when it does not exist."""
    answer = (c_ulong * _STATFS_WORDS)()
    if libc().statfs(os.fsencode(path), byref(answer)):
        return False
    return answer[0] == BPF_FS_MAGIC


def netns_cookie() -> int:
    """The number of this thread's network namespace, never used twice between two boots (SO_NETNS_COOKIE, Linux 5.14)."""
    library = libc()
    operation = "reading the cookie of the network namespace"
    fd = _check(operation, library.socket(_AF_INET, _SOCK_DGRAM_CLOEXEC, 0))
    try:
        cookie, size = c_uint64(), c_uint32(8)
        result = library.getsockopt(c_int(fd), _SOL_SOCKET, _SO_NETNS_COOKIE, byref(cookie), byref(size))
        _check(operation, result)
        return cookie.value
    finally:
        os.close(fd)
