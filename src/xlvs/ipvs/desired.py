# SPDX-License-Identifier: Apache-2.0
"""Bringing tables to a desired set, all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from xlvs.model.diff import (
    AddDestination,
    AddService,
    ConfiguredService,
    DeleteDestination,
    DeleteService,
    UpdateDestination,
    UpdateService,
    diff,
)
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xlvs.ipvs.interface import IpvsTables
    from xlvs.model.diff import Operation
    from xlvs.model.service import ServiceKey


def configured(tables: IpvsTables) -> list[ConfiguredService]:
    """What is configured in the tables, in table order."""
    return [
        ConfiguredService(view.service, tuple(each.destination for each in reversed(view.destinations)))
        for view in tables.services()
    ]


def _everything(_: ServiceKey) -> bool:
    return True


def bring(
    tables: IpvsTables,
    desired: Iterable[ConfiguredService],
    owns: Callable[[ServiceKey], bool] = _everything,
) -> list[Operation]:
    """Make the tables hold exactly this; returns what it took. Services that are not owned stay as they are.

    Nobody else edits meanwhile. When an operation is refused, those before it are undone and its error is raised.
    """
    with tables.batch():
        before = configured(tables)
        operations = diff(before, desired, owns)
        try:
            for operation in operations:
                carry_out(tables, operation)
        except XlvsError:
            for undo in diff(configured(tables), before):
                carry_out(tables, undo)
            raise
    return operations


def carry_out(tables: IpvsTables, operation: Operation) -> None:
    """One operation. Raises what the tables raise."""
    match operation:
        case AddService(service):
            tables.add_service(service)
        case UpdateService(service):
            tables.update_service(service)
        case DeleteService(service):
            tables.delete_service(service.key)
        case AddDestination(key, destination):
            tables.add_destination(key, destination)
        case UpdateDestination(key, destination):
            tables.update_destination(key, destination)
        case DeleteDestination(key, destination):
            tables.delete_destination(key, destination.key)
        case _:
            assert_never(operation)
