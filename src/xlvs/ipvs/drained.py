# SPDX-License-Identifier: Apache-2.0
"""Destinations that somebody drained: they keep weight 0, whatever a checker of health wants, until somebody says otherwise.

The mark stands in the destination's entry and remembers the weight that it is to have again. `heeds`: whoever writes is
a checker, for whom the destination has that weight, and who changes only that; an entry that it removes and adds again
keeps the mark. Anybody else ends it, by a weight that is not 0 or by removing the destination.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store


def mark(store: Store, number: int, weight: int) -> None:
    """A destination is drained; one that is already keeps the weight of before."""
    if not store.dest_word(number, layout.DEST_DRAINED):
        store.set_dest_word(number, layout.DEST_DRAINED, 1 + weight)


def forget(store: Store, number: int) -> None:
    """It is drained no more."""
    store.set_dest_word(number, layout.DEST_DRAINED, 0)


def weight_of(store: Store, number: int) -> int | None:
    """The weight that a drained destination is to have again; None: it is not drained."""
    marked = store.dest_word(number, layout.DEST_DRAINED)
    return marked - 1 if marked else None


def weight_in_force(store: Store, number: int, wanted: int, *, heeds: bool) -> int:
    """The weight that a destination gets when somebody wants another one for it."""
    if weight_of(store, number) is None:
        return wanted
    if heeds:
        store.set_dest_word(number, layout.DEST_DRAINED, 1 + wanted)
        return 0
    if wanted:
        forget(store, number)
    return wanted


def numbers(store: Store) -> Iterator[int]:
    """All that are drained, those included that a checker has removed for the time being."""
    for number in range(1, store.setting(layout.SETTINGS_DEST_HIGH) + 1):
        if store.dest_word(number, layout.DEST_DRAINED) and store.dest_word(number, layout.DEST_FLAGS) & layout.USED:
            yield number


def connections(store: Store, number: int) -> int:
    """How many a destination has; persistence templates are none."""
    place = number * layout.DEST_SIZE + layout.DEST_COUNTS
    counts: tuple[int, ...] = layout.COUNTS.unpack_from(store.dests.memory, place)
    return counts[0] + counts[1]
