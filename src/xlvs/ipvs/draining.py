# SPDX-License-Identifier: Apache-2.0
"""One destination on its way out of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout, running
from xlvs.ipvs.ending import end_of_destination, forget_templates
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.policy import Fate

if TYPE_CHECKING:
    from xlvs.ipvs.pinned import PinnedTables
    from xlvs.ipvs.selection import Chosen
    from xlvs.model.destination import Destination
    from xlvs.model.service import ServiceKey


class Draining:
    """`destination` is as it is configured when this begins."""

    def __init__(self, tables: PinnedTables, service: ServiceKey, destination: Destination) -> None:
        self._tables = tables
        self._store = tables.store()
        self._service = service
        self._destination = destination
        self._number = self._listed()

    def begin(self) -> None:
        """No new connections from now on; persistent clients forget the destination."""
        self._tables.update_destination(self._service, self._destination._replace(weight=0), by_policy=False)
        forget_templates(self._store, self._number)

    def restore(self) -> int:
        """Give it the weight that it had last; returns it."""
        weight = self._store.dest_word(self._number, layout.DEST_LAST_WEIGHT) or 1
        self._tables.update_destination(self._service, self._destination._replace(weight=weight))
        return weight

    def left(self) -> int:
        """Its connections; persistence templates are none."""
        running.sweep(self._store.directory)
        place = self._number * layout.DEST_SIZE + layout.DEST_COUNTS
        counts: tuple[int, ...] = layout.COUNTS.unpack_from(self._store.dests.memory, place)
        return counts[0] + counts[1]

    def is_quiesced(self) -> bool:
        """False when somebody gave it weight, or removed it."""
        return self._listed() == self._number and not self._store.dest_word(self._number, layout.DEST_WEIGHT)

    def end(self) -> Chosen:
        """Reset what is left of TCP, and let UDP go elsewhere."""
        return end_of_destination(self._store, self._number, Fate.RESET)

    def _listed(self) -> int:
        """Its number, 0 when the service has it no more."""
        end = layout.wide(self._destination.key.address) + self._destination.key.port.to_bytes(2, "big")
        with self._store.reading():
            service = self._store.find_service(pack_service_key(self._service))
            for number in self._store.listed(service) if service else ():
                base = number * layout.DEST_SIZE
                if self._store.dests.memory[base : base + len(end)] == end:
                    return number
        return 0
