# SPDX-License-Identifier: Apache-2.0
"""Where pins live: one bpffs at /run/xlvs for the whole host, in it a directory per director, and its lock.

Not under /sys/fs/bpf: `ip netns exec` remounts /sys. Since it also runs its command in a private mount namespace, a
bpffs mounted from there would die with the command; so it is always mounted in the mount namespace of process 1, or of
our parent (the caller of ip) where process 1 lives under another root or is closed even to us.
Names inside a bpffs may hold no dot.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EBUSY, ENOENT
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from typing import Final

from xlvs.linux.namespace import cookie
from xlvs.linux.process import in_child
from xlvs.linux.syscall import CLONE_NEWNS, MNT_DETACH, MS_NODEV, MS_NOEXEC, MS_NOSUID, is_bpffs, mount, setns, unmount
from xlvs.model.errors import KernelError, PermissionDenied

MOUNT_POINT: Final = "/run/xlvs"
_HEX_DIGITS: Final = frozenset("0123456789abcdef")
_KERNELS_OWN: Final = frozenset(("maps.debug", "progs.debug"))  # in every bpffs
_OPEN_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def root(*, create: bool = True) -> str:
    """Path of the bpffs as this process sees it, mounted first when it is not (unless `create` is False).

    Usually /run/xlvs; from a mount namespace that does not see the host's, a way through /proc, good for this process.
    Raises PermissionDenied, or KernelError with ENOENT when it is not there and may not be made.
    """
    outer = _outer_process()
    if outer is None:
        return _ready(MOUNT_POINT, _mount_here, create=create)
    path = f"/proc/{outer}/root{MOUNT_POINT}"
    _ready(path, lambda: _inside(outer, f"mounting {MOUNT_POINT}", _mount_here), create=create)
    return MOUNT_POINT if _same_file(MOUNT_POINT, path) else path


def director(number: int | None = None, *, create: bool = True) -> str:
    """Directory of one director's pins: that of the namespace with this cookie, or of the current one.

    With `create` it exists afterwards; without, it may not (the director has no tables then).
    """
    return folder(f"{cookie() if number is None else number:x}", create=create)


def folder(name: str, *, create: bool = True) -> str:
    """A directory of pins in the bpffs; with `create` it exists afterwards."""
    if not create:
        return f"{root(create=False)}/{name}"
    while True:
        path = root()
        with lock(path) as fd:
            if _is_root(fd):
                _make_inside(fd, name)
                return f"{path}/{name}"


def directors() -> list[int]:
    """The cookies of all directors that have a directory; their namespaces may be gone."""
    try:
        names = os.listdir(root(create=False))
    except KernelError:
        return []
    return sorted(int(name, 16) for name in names if set(name) <= _HEX_DIGITS)  # the kernel has files of its own there


def make_directory(path: str) -> None:
    """Make a directory for root alone; fine when it is there. Raises PermissionDenied."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise _failure(f"making {path}", error) from None


def _make_inside(fd: int, name: str) -> None:
    """Make a directory in the bpffs that was locked, never in what lies below its mount point."""
    try:
        os.mkdir(name, 0o700, dir_fd=fd)
    except FileExistsError:
        pass
    except OSError as error:
        raise _failure(f"making {name}", error) from None


def remove(directory: str) -> None:
    """Remove a directory of pins with all that is in it; links pinned there and held by nothing else detach."""
    for name in os.listdir(directory):
        path = f"{directory}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            remove(path)
        else:
            os.unlink(path)
    os.rmdir(directory)


def release() -> bool:
    """Unmount the bpffs when no director is left in it; False when it stays, or was not there."""
    try:
        with lock(root(create=False)) as fd:
            if not _is_root(fd) or set(os.listdir(fd)) - _KERNELS_OWN:
                return False
            _unmount()
    except KernelError as error:
        if error.errno not in (EBUSY, ENOENT):  # somebody was faster, with mounting or unmounting
            raise
        return False
    return True


def _unmount() -> None:
    outer = _outer_process()
    if outer is None:
        _unmount_here()
    else:
        _inside(outer, f"unmounting {MOUNT_POINT}", _unmount_here)


def unpin(path: str) -> bool:
    """Take a pin away; False when there was none."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def lock(directory: str, *, shared: bool = False) -> Iterator[int]:
    """Hold the lock of a director: alone, or `shared` with other readers. Waits; ends with the process at the latest.

    Yields the descriptor of the locked folder.
    """
    try:
        fd = os.open(directory, _OPEN_DIRECTORY)
    except OSError as error:
        raise _failure(f"opening {directory}", error) from None
    try:
        flock(fd, LOCK_SH if shared else LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def is_free(directory: str) -> bool:
    """Whether nobody holds the lock of a director at this moment."""
    fd = os.open(directory, _OPEN_DIRECTORY)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def _is_root(fd: int) -> bool:
    """Whether the bpffs that was locked is still the mounted one: who releases it does so under the same lock."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(root(create=False)))
    except (KernelError, OSError):
        return False


def _outer_process() -> int | None:
    """A process in whose mount namespace the pins must lie; None when that is our own."""
    own = _mount_namespace("self")
    for pid in (1, os.getppid()):
        theirs = _mount_namespace(str(pid))
        if theirs == own:
            return None
        if theirs is not None and _same_file("/", f"/proc/{pid}/root"):  # not outside of a chroot or container
            return pid
    return None


def _mount_namespace(process: str) -> int | None:
    try:
        return os.stat(f"/proc/{process}/ns/mnt").st_ino
    except OSError:
        return None


def _ready(path: str, mount_it: Callable[[], None], *, create: bool) -> str:
    if create and not is_bpffs(path):
        mount_it()
    if not is_bpffs(path):
        raise KernelError(f"opening {MOUNT_POINT}", ENOENT)
    return path


def _mount_here() -> None:
    """Mount once, however many processes try: the second mount would hide the tables in the first."""
    make_directory(MOUNT_POINT)
    with lock(MOUNT_POINT):
        if not is_bpffs(MOUNT_POINT):
            mount("xlvs", MOUNT_POINT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700")


def _unmount_here() -> None:
    """The mount point stays: to remove it would take away what another mount namespace has mounted there (rmdir(2))."""
    unmount(MOUNT_POINT, MNT_DETACH)  # the lock, which says that nobody needs it, keeps it busy


def _inside(pid: int, operation: str, action: Callable[[], None]) -> None:
    """Do something in the mount namespace of another process."""

    def act_there() -> None:
        namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        their_root = os.open(f"/proc/{pid}/root", _OPEN_DIRECTORY)
        setns(namespace, CLONE_NEWNS)
        os.fchdir(their_root)  # setns leads to the root of all mounts, which is not theirs after a chroot
        os.chroot(".")
        action()

    in_child(operation, act_there)


def _failure(operation: str, error: OSError) -> KernelError | PermissionDenied:
    if isinstance(error, PermissionError):
        return PermissionDenied(operation)
    return KernelError(operation, error.errno or 0)


def _same_file(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False
