# SPDX-License-Identifier: Apache-2.0
"""What is configured of a destination, written into its entry."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import drained, layout
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.ipvs.store import Store
    from xlvs.model.destination import Destination

_CHANGEABLE: Final = Struct("<IIIBB2s")  # from the weight on: both thresholds, the tunnel


def write(
    store: Store,
    number: int,
    destination: Destination,
    *,
    overload_limit: int,
    source_towards: Callable[[bytes], bytes],
    heeds_drains: bool,
) -> None:
    """Write all but its end.

    `overload_limit` is the upper threshold until now: raising or removing it ends an overload. `source_towards` tells the
    director's address towards another one; for `heeds_drains` see `drained.py`.
    """
    base = number * layout.DEST_SIZE
    memory = store.dests.memory
    tunnel, upper = destination.tunnel, destination.upper_threshold
    weight = drained.weight_in_force(store, number, destination.weight, heeds=heeds_drains)
    memory[base + layout.DEST_FAMILY : base + layout.DEST_SERVICE] = bytes(
        (destination.key.family, destination.forwarding)
    )
    _CHANGEABLE.pack_into(
        memory, base + layout.DEST_WEIGHT, weight, upper, destination.lower_threshold,
        tunnel.type, tunnel.flags, tunnel.port.to_bytes(2, "big"),
    )  # fmt: skip
    if destination.forwarding is not ForwardingMethod.DIRECT_ROUTE:
        source = layout.wide(source_towards(destination.key.address))
        memory[base + layout.DEST_SOURCE : base + layout.DEST_SOURCE + 16] = source
    if weight:
        store.set_dest_word(number, layout.DEST_LAST_WEIGHT, weight)
    if upper == 0 or upper > overload_limit:
        store.set_dest_word(number, layout.DEST_OVERLOADED, 0)
