# SPDX-License-Identifier: Apache-2.0
"""Every pinned map of a director, byte by byte."""

from __future__ import annotations

import os
import struct
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from xlvs.ipvs import layout
from xlvs.ipvs.objects import object_path
from xlvs.linux.bpf import Map, Object
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.progrun.director import Director
    from xlvs.ipvs.store import Store

T = TypeVar("T")


# What the clock writes in each of its rounds, whatever packets do.
_CLOCKED = {"clockworks", "ticks_taken", "service_estimates", "dest_estimates"}


class Snapshot:
    """What all maps hold; `began` and `ended` are how often the clock had run before and after they were read."""

    def __init__(self, store: Store) -> None:
        self.began = _clock_ticks(store)
        present = (name for name in map_names() if os.path.exists(f"{store.directory}/{name}"))
        self._maps = {name: _content(store, name) for name in present}
        self.ended = _clock_ticks(store)

    def differences(self, other: Snapshot) -> list[str]:
        """Names of the maps that hold something else in the other."""
        assert self._maps.keys() == other._maps.keys()
        return [name for name, content in self._maps.items() if content != other._maps[name]]


def changed_by(director: Director, what: Callable[[], T]) -> tuple[T, list[str]]:
    """Do something; its result, and the names of the maps that hold something else since.

    Where the clock ran meanwhile, its own maps are left out, and anything else is tried again.
    """
    while True:
        director.hold()
        early, before = Snapshot(director.store), Snapshot(director.store)
        found = what()
        after = Snapshot(director.store)
        changed = before.differences(after)
        # A round of the clock that is under way shows in the first two.
        if early.began == after.ended and not early.differences(before):
            return found, changed
        if not set(changed) - _CLOCKED and not set(early.differences(before)) - _CLOCKED:
            return found, []


def _clock_ticks(store: Store) -> int:
    clockwork = store.map("clockworks").lookup(bytes(4))
    assert clockwork is not None
    return int(struct.unpack_from("<I", clockwork, layout.CLOCKWORK_TICKS)[0])


@cache
def map_names() -> frozenset[str]:
    """All maps that the packet path has; pins are called so."""
    names = set()
    for each in ("director_tc", "director_xdp"):
        with Object.open(object_path(each)) as opened:
            names |= {name for name in opened.map_names() if "." not in name}
    return frozenset(names)


def _content(store: Store, name: str) -> dict[bytes, bytes]:
    found = store.map(name)
    try:
        return dict(found.batches(min(found.max_entries, 4096)))
    except KernelError:
        return _singly(found)


def _singly(found: Map) -> dict[bytes, bytes]:
    """Of kinds that the kernel does not give in batches."""
    return {key: found.lookup(key) or b"" for key in list(found.keys())}
