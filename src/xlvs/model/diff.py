# SPDX-License-Identifier: Apache-2.0
"""From the tables as they are to the tables as they shall be: the operations between, in an order that traffic bears.

Every front end that states a whole desired set (a file of rules, a configuration, a service proxy) comes through here:
nothing is flushed and refilled, so what stays keeps its connections and counters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from xlvs.model.destination import Destination, DestinationKey
from xlvs.model.service import ServiceKey, VirtualService


@dataclass(frozen=True, slots=True)
class ConfiguredService:
    """A service with its destinations in the order in which they were added."""

    service: VirtualService
    destinations: tuple[Destination, ...] = ()


@dataclass(frozen=True, slots=True)
class AddService:
    """A service that is not there yet."""

    service: VirtualService


@dataclass(frozen=True, slots=True)
class UpdateService:
    """A service that shall be otherwise than `before`."""

    service: VirtualService
    before: VirtualService


@dataclass(frozen=True, slots=True)
class DeleteService:
    """A service that shall not be there, with its destinations."""

    service: VirtualService


@dataclass(frozen=True, slots=True)
class AddDestination:
    """A destination that its service has not yet."""

    key: ServiceKey
    destination: Destination


@dataclass(frozen=True, slots=True)
class UpdateDestination:
    """A destination that shall be otherwise than `before`."""

    key: ServiceKey
    destination: Destination
    before: Destination


@dataclass(frozen=True, slots=True)
class DeleteDestination:
    """A destination that its service shall not have."""

    key: ServiceKey
    destination: Destination


Operation = AddService | UpdateService | DeleteService | AddDestination | UpdateDestination | DeleteDestination


def _everything(_: ServiceKey) -> bool:
    return True


def diff(
    current: Iterable[ConfiguredService],
    desired: Iterable[ConfiguredService],
    owns: Callable[[ServiceKey], bool] = _everything,
) -> list[Operation]:
    """The operations that make `current` into `desired`; none when they are the same.

    Args:
        current: the tables as they are.
        desired: the tables as they shall be; each service and each of its destinations once.
        owns: says of a service that is only in `current` whether it may be deleted, since tables record no owner.

    A packet between two operations meets a valid table: destinations come before others change or go, one that begins
    to take connections comes before one that ceases to, deletions are last. What is in both stays where it is, so the
    order of a service's destinations may differ from that of `desired`.
    """
    present = {each.service.key: each for each in current}
    wanted = {each.service.key: each for each in desired}
    additions: list[Operation] = []
    updates: list[UpdateDestination] = []
    services: list[Operation] = []
    deletions: list[Operation] = []
    for key, after in wanted.items():
        before = present.get(key)
        if before is None:
            additions.append(AddService(after.service))
            before = ConfiguredService(after.service)
        elif before.service != after.service:
            services.append(UpdateService(after.service, before.service))
        added, updated, deleted = _between(key, before.destinations, after.destinations)
        additions += added
        updates += updated
        deletions += deleted
    deletions += [DeleteService(each.service) for key, each in present.items() if key not in wanted and owns(key)]
    updates.sort(key=_ceases)
    return [*additions, *services, *updates, *deletions]


def _ceases(update: UpdateDestination) -> bool:
    return update.destination.weight == 0


def _between(
    key: ServiceKey, before: Iterable[Destination], after: Iterable[Destination]
) -> tuple[list[AddDestination], list[UpdateDestination], list[DeleteDestination]]:
    """The destinations of one service."""
    present: dict[DestinationKey, Destination] = {each.key: each for each in before}
    wanted: dict[DestinationKey, Destination] = {each.key: each for each in after}
    return (
        [AddDestination(key, each) for each in wanted.values() if each.key not in present],
        [
            UpdateDestination(key, each, present[each.key])
            for each in wanted.values()
            if each.key in present and present[each.key] != each
        ],
        [DeleteDestination(key, each) for each in present.values() if each.key not in wanted],
    )
