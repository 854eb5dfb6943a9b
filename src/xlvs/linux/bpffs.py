# SPDX-License-Identifier: Apache-2.0
"""Where pins live: one bpffs at /run/xlvs for the whole host, in it a directory per director, and its lock.

Not under /sys/fs/bpf: `ip netns exec` remounts /sys. Since it also runs its command in a private mount namespace, a
bpffs mounted from there would die with the command; so it is always mounted in the mount namespace of process 1.
Names inside a bpffs may hold no dot.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from fcntl import LOCK_EX, LOCK_SH, flock
from typing import Final

from xlvs.linux.namespace import cookie
from xlvs.linux.process import in_child
from xlvs.linux.syscall import CLONE_NEWNS, MS_NODEV, MS_NOEXEC, MS_NOSUID, is_bpffs, mount, setns
from xlvs.model.errors import KernelError, PermissionDenied

# Plain os calls below: pathlib would cost every command 5 ms of start-up.
# ruff: noqa: PTH103, PTH106, PTH108, PTH112, PTH114, PTH116, PTH208

MOUNT_POINT: Final = "/run/xlvs"
_THROUGH_INIT: Final = "/proc/1/root" + MOUNT_POINT
_OPEN_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def root(*, create: bool = True) -> str:
    """Path of the bpffs as this process sees it, mounted first when it is not (unless `create` is False).

    Usually /run/xlvs; from a mount namespace that does not see the host's, the way through process 1.
    Raises PermissionDenied, or KernelError with ENOENT when it is not there and may not be made.
    """
    try:
        if not _in_private_mount_namespace():
            return _ready(MOUNT_POINT, create=create)
        path = _ready(_THROUGH_INIT, create=create)
        return MOUNT_POINT if _same_filesystem(MOUNT_POINT, path) else path
    except PermissionError:
        raise PermissionDenied(f"using {MOUNT_POINT}") from None


def director(number: int | None = None, *, create: bool = True) -> str:
    """Directory of one director's pins: that of the namespace with this cookie, or of the current one.

    With `create` it exists afterwards; without, it may not (the director has no tables then).
    """
    directory = f"{root(create=create)}/{cookie() if number is None else number:x}"
    if create:
        make_directory(directory)
    return directory


def directors() -> list[int]:
    """The cookies of all directors that have a directory; their namespaces may be gone."""
    try:
        return sorted(int(name, 16) for name in os.listdir(root(create=False)))
    except KernelError:
        return []


def make_directory(path: str) -> None:
    """Make a directory for root alone; fine when it is there."""
    os.makedirs(path, mode=0o700, exist_ok=True)


def remove(directory: str) -> None:
    """Remove a directory of pins with all that is in it; links pinned there and held by nothing else detach."""
    for name in os.listdir(directory):
        path = f"{directory}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            remove(path)
        else:
            os.unlink(path)
    os.rmdir(directory)


def unpin(path: str) -> bool:
    """Take a pin away; False when there was none."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def lock(directory: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a director: alone, or `shared` with other readers. Waits; ends with the process at the latest."""
    fd = os.open(directory, _OPEN_DIRECTORY)
    try:
        flock(fd, LOCK_SH if shared else LOCK_EX)
        yield
    finally:
        os.close(fd)


def _in_private_mount_namespace() -> bool:
    """Whether process 1 sees other mounts than we do. Without a /proc that shows process 1, ours is the only one."""
    try:
        return os.stat("/proc/1/ns/mnt").st_ino != os.stat("/proc/self/ns/mnt").st_ino
    except FileNotFoundError:
        return False


def _ready(path: str, *, create: bool) -> str:
    if is_bpffs(path):
        return path
    if not create:
        raise KernelError(f"opening {MOUNT_POINT}", ENOENT)
    if path == MOUNT_POINT:
        _mount_here()
    else:
        in_child(f"mounting {MOUNT_POINT}", _mount_in_host)
    if not is_bpffs(path):
        raise KernelError(f"opening {path}", ENOENT)
    return path


def _mount_here() -> None:
    """Mount once, however many processes try: the second mount would hide the tables in the first."""
    make_directory(MOUNT_POINT)
    with lock(MOUNT_POINT):
        if not is_bpffs(MOUNT_POINT):
            mount("xlvs", MOUNT_POINT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700")


def _mount_in_host() -> None:
    fd = os.open("/proc/1/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    setns(fd, CLONE_NEWNS)
    _mount_here()


def _same_filesystem(first: str, second: str) -> bool:
    try:
        return os.stat(first).st_dev == os.stat(second).st_dev
    except FileNotFoundError:
        return False
