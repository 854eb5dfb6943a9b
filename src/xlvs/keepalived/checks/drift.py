# SPDX-License-Identifier: Apache-2.0
"""Looking whether the tables still hold what the checks want, a service at a time, so that no probe waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.model.errors import NoSuchService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.healthcheck.health import Health
    from xlvs.healthcheck.virtual_server import VirtualServer
    from xlvs.ipvs.interface import IpvsTables
    from xlvs.model.service import VirtualService


def look(health: Health, tables: IpvsTables) -> Iterator[bool]:
    """For one service after the other: whether it is not as it should be at that moment. Raises what the tables raise."""
    for virtual_server in health.virtual_servers:
        for service in virtual_server.settings.services:
            yield _differs(tables, virtual_server, service)


def _differs(tables: IpvsTables, virtual_server: VirtualServer, service: VirtualService) -> bool:
    try:
        view = tables.service(service.key)
    except NoSuchService:
        return True
    return view.service != service or {each.destination for each in view.destinations} != virtual_server.destinations()
