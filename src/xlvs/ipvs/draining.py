# SPDX-License-Identifier: Apache-2.0
"""One destination on its way out of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.ipvs import drained, layout, running
from xlvs.ipvs.ending import end_of_destination, forget_templates
from xlvs.ipvs.observed import pack_service_key, unpack_service_key
from xlvs.model.address import Family
from xlvs.model.destination import DestinationKey
from xlvs.model.policy import Fate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.pinned import PinnedTables
    from xlvs.ipvs.selection import Chosen
    from xlvs.ipvs.store import Store
    from xlvs.model.destination import Destination
    from xlvs.model.service import ServiceKey


class DrainedServer(NamedTuple):
    """A destination that somebody drained, see `drained.py`; `weight` is the one that it is to have again."""

    service: ServiceKey
    destination: DestinationKey
    number: int
    weight: int
    connections: int
    listed: bool


def drained_servers(store: Store) -> Iterator[DrainedServer]:
    """All of them, those included that a checker has removed for the time being."""
    for number in drained.numbers(store):
        identity = store.dest_identity(number)
        service, address = unpack_service_key(identity[: layout.SERVICE_KEY.size]), identity[-18:-2]
        family = Family(store.dests.memory[number * layout.DEST_SIZE + layout.DEST_FAMILY])
        yield DrainedServer(
            service,
            DestinationKey(family, layout.narrow(address, family), int.from_bytes(identity[-2:], "big")),
            number,
            drained.weight_of(store, number) or 0,
            drained.connections(store, number),
            bool(store.dest_word(number, layout.DEST_FLAGS) & layout.AVAILABLE),
        )


def forget(store: Store, number: int) -> None:
    """A destination that is not there at present is drained no more."""
    with store.edit():
        drained.forget(store, number)


class Draining:
    """`destination` is as it is configured when this begins."""

    def __init__(self, tables: PinnedTables, service: ServiceKey, destination: Destination) -> None:
        self._tables = tables
        self._store = tables.store()
        self._service = service
        self._destination = destination
        self._number = self._listed()

    def begin(self) -> None:
        """No new connections from now on, whatever checkers find; persistent clients forget the destination."""
        with self._store.edit():
            drained.mark(self._store, self._number, self._destination.weight or self._last_weight())
            self._tables.update_destination(self._service, self._destination._replace(weight=0), by_policy=False)
        forget_templates(self._store, self._number)

    def restore(self) -> int:
        """Give it the weight that it is to have; returns it."""
        with self._store.edit():
            wanted = drained.weight_of(self._store, self._number)
            weight = self._last_weight() if wanted is None else wanted
            drained.forget(self._store, self._number)
            self._tables.update_destination(self._service, self._destination._replace(weight=weight))
        return weight

    def _last_weight(self) -> int:
        return self._store.dest_word(self._number, layout.DEST_LAST_WEIGHT) or 1

    def left(self) -> int:
        """Its connections; persistence templates are none."""
        running.sweep(self._store.directory)
        return drained.connections(self._store, self._number)

    def is_quiesced(self) -> bool:
        """False when somebody gave it weight, or removed it."""
        return self._listed() == self._number and not self._store.dest_word(self._number, layout.DEST_WEIGHT)

    def is_listed(self) -> bool:
        """False when its service has it no more."""
        return self._listed() == self._number

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
