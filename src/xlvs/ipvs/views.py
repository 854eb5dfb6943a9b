# SPDX-License-Identifier: Apache-2.0
"""The views ip_vs, ip_vs_conn and ip_vs_stats: pinned BPF iterators that `cat` reads like the kernel's files."""

from __future__ import annotations

import os
from struct import pack
from typing import TYPE_CHECKING, Final

from xlvs.linux import bpffs
from xlvs.linux.bpf import Link, Map, Object
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from xlvs.ipvs.program import Sizes

# View -> the map in whose steps it walks (bpf/views.bpf.c).
VIEWS: Final = {
    "ip_vs": "dests",
    "ip_vs_conn": "services",
    "ip_vs_conn_sync": "services",
    "ip_vs_stats": "settings",
    "ip_vs_stats_percpu": "services",
}
_FRESH: Final = "_fresh"


def load_views(opened: Object, directory: str, room: Sizes) -> bool:
    """Load the opened object `views`, bind its iterators to the director's maps and pin them, over older ones if any.

    False, and nothing changed, when this kernel has no BPF iterators: the director does without views.
    Raises PermissionDenied.
    """
    opened.set_constants({"conns_per_step": pack("<I", -(-room.connections // room.services))})
    try:
        opened.load()
        for view, walked in VIEWS.items():
            _pin(opened, directory, view, walked)
    except KernelError:
        return False
    return True


def _pin(opened: Object, directory: str, view: str, walked: str) -> None:
    """A reader finds the old view or the new one, never none."""
    path = f"{directory}/{view}"
    bpffs.unpin(path + _FRESH)
    with Map.from_pin(f"{directory}/{walked}") as steps, Link.map_iterator(opened.program(view).fd, steps.fd) as link:
        link.pin(path + _FRESH)
    os.rename(path + _FRESH, path)
