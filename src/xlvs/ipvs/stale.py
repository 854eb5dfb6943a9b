# SPDX-License-Identifier: Apache-2.0
"""Directors whose network namespace is gone: their pins, and with them the memory of their tables, remain.

A director is looked at closer when all the interfaces that it was attached to are gone: the kernel detaches a link
then. It goes when no process and no name in /run/netns holds a namespace with its cookie. One that was never attached
by a link (a kernel before 6.6, or no interface) is left alone.
"""

import os
from contextlib import suppress

from xlvs.linux import bpffs, namespace
from xlvs.linux.bpf_link import Link
from xlvs.model.errors import KernelError, XlvsError

_LINK_PINS = ("tc_", "xdp_")


def remove_stale(own: str) -> list[str]:
    """Remove the directors, other than `own` (a folder), whose namespace is gone; returns their folders."""
    root = os.path.dirname(own)
    suspects = {number: f"{root}/{number:x}" for number in bpffs.directors()}
    gone = abandoned({number: path for number, path in suspects.items() if path != own})
    for directory in gone.values():
        # Another command may remove it at the same moment.
        with suppress(KernelError, FileNotFoundError), bpffs.lock(directory):
            bpffs.remove(directory)
    return list(gone.values())


def abandoned(folders: dict[int, str]) -> dict[int, str]:
    """Those folders, by the cookies of their namespaces, whose namespace is gone."""
    suspects = {number: path for number, path in folders.items() if _lost_its_interfaces(path)}
    alive = cookies_alive() if suspects else set()
    return {number: path for number, path in suspects.items() if number not in alive}


def _lost_its_interfaces(directory: str) -> bool:
    try:
        pins = [name for name in os.listdir(directory) if name.startswith(_LINK_PINS)]
    except FileNotFoundError:
        return False
    return bool(pins) and not any(_is_attached(f"{directory}/{name}") for name in pins)


def _is_attached(pin: str) -> bool:
    try:
        with Link.from_pin(pin) as link:
            return link.info.ifindex != 0
    except KernelError:
        return True


def cookies_alive() -> set[int]:
    """Cookies of the namespaces that a process is in or a name stands for."""
    paths: dict[int, list[str]] = {}
    processes = [f"/proc/{name}/ns/net" for name in os.listdir("/proc") if name.isdigit()]
    for path in [*(namespace.path_of(name) for name in namespace.names()), *processes]:
        # Processes end meanwhile, and there are some that we may not look at.
        with suppress(OSError):
            paths.setdefault(os.stat(path).st_ino, []).append(path)
    cookies = (cookie_behind(same) for same in paths.values())
    return {cookie for cookie in cookies if cookie is not None}


def cookie_behind(paths: list[str]) -> int | None:
    """That of the namespace to which all of these lead, by the first that still does."""
    for path in paths:
        with suppress(OSError, XlvsError), namespace.entered(path):
            return namespace.cookie()
    return None
