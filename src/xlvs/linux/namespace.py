# SPDX-License-Identifier: Apache-2.0
"""Network namespaces, named the way ip-netns(8) names them: a bind mount under /run/netns."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from xlvs.linux.process import in_child
from xlvs.linux.syscall import (
    CLONE_NEWNET,
    MS_BIND,
    MS_REC,
    MS_SHARED,
    mount,
    netns_cookie,
    setns,
    unmount,
    unshare,
)
from xlvs.model.errors import KernelError

DIRECTORY: Final = "/run/netns"
_OWN: Final = "/proc/thread-self/ns/net"


def cookie() -> int:
    """The number of the current network namespace: the key of a director. Raises KernelError below Linux 5.14."""
    return netns_cookie()


def path_of(namespace: str) -> str:
    """The file of a namespace given by name or by path (anything with a slash)."""
    return namespace if "/" in namespace else f"{DIRECTORY}/{namespace}"


def names() -> list[str]:
    """All named namespaces, sorted."""
    try:
        return sorted(os.listdir(DIRECTORY))
    except FileNotFoundError:
        return []


def create(name: str) -> None:
    """Make a named namespace (KernelError EEXIST when the name is taken); ip-netns(8) sees it too."""
    os.makedirs(DIRECTORY, mode=0o755, exist_ok=True)
    _share_directory()
    target = path_of(name)
    try:
        os.close(os.open(target, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0))
    except OSError as error:
        raise KernelError(f"making namespace {name}", error.errno or 0) from None

    def bind_new_namespace() -> None:
        unshare(CLONE_NEWNET)
        mount(_OWN, target, "none", MS_BIND)

    try:
        in_child(f"making namespace {name}", bind_new_namespace)
    except BaseException:
        os.unlink(target)
        raise


def delete(name: str) -> None:
    """Take the name away; the namespace itself ends with its last process or descriptor."""
    unmount(path_of(name))
    os.unlink(path_of(name))


def enter(namespace: str) -> None:
    """Move this thread into a namespace given by name or path, for good."""
    try:
        fd = os.open(path_of(namespace), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(f"entering namespace {namespace}", error.errno or 0) from None
    try:
        setns(fd, CLONE_NEWNET)
    finally:
        os.close(fd)


@contextmanager
def entered(namespace: str) -> Iterator[None]:
    """Be in a namespace, this thread only, until the end of `with`. /sys still shows the devices of the old one."""
    own = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(namespace)
        try:
            yield
        finally:
            setns(own, CLONE_NEWNET)
    finally:
        os.close(own)


def _share_directory() -> None:
    """Let new names reach other mount namespaces, as ip-netns(8) does; a bind mount makes it a mount first."""
    try:
        mount("", DIRECTORY, "none", MS_SHARED | MS_REC)
    except KernelError:
        mount(DIRECTORY, DIRECTORY, "none", MS_BIND | MS_REC)
        mount("", DIRECTORY, "none", MS_SHARED | MS_REC)
