# SPDX-License-Identifier: Apache-2.0
"""What the health checks know at this moment, for `xlvs keepalived status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xlvs.healthcheck.probe import SECOND_US

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.healthcheck.checker import Checker
    from xlvs.healthcheck.virtual_server import RealServer, VirtualServer
    from xlvs.keepalived.checks.checking import Checking
    from xlvs.model.service import ServiceKey


def state(checking: Checking) -> dict[str, object]:
    """As JSON has it: times in seconds since 1970, null for never."""
    offset = time.time() - checking.now() / SECOND_US

    def moment(clock_us: int) -> float | None:
        return round(clock_us / SECOND_US + offset, 6) if clock_us else None

    return {"virtual_servers": [_virtual_server(each, moment) for each in checking.health.virtual_servers]}


def _virtual_server(server: VirtualServer, moment: Callable[[int], float | None]) -> dict[str, object]:
    settings = server.settings
    return {
        "name": settings.name,
        "services": [_key(each.key) for each in settings.services],
        "scheduler": settings.services[0].scheduler if settings.services else "",
        "quorum": settings.quorum,
        "quorum_up": server.quorum_up,
        "since": moment(server.changed_at),
        "suspended": server.active is False,
        "sorry_server": settings.sorry_name,
        "sorry_server_active": server.is_sorry,
        "real_servers": [_real_server(each, moment) for each in server.servers],
    }


def _key(key: ServiceKey) -> list[object]:
    return [key.protocol.name, key.family.name, key.address.hex(), key.port, key.fwmark]


def _real_server(server: RealServer, moment: Callable[[int], float | None]) -> dict[str, object]:
    return {
        "name": server.settings.name,
        "up": server.up,
        "weight": server.weight,
        "since": moment(server.changed_at),
        "checks": [_check(each, moment) for each in server.checkers],
    }


def _check(checker: Checker, moment: Callable[[int], float | None]) -> dict[str, object]:
    last = checker.last
    return {
        "kind": checker.settings.kind.value,
        "ok": not checker.failed,
        "last": moment(checker.last_at),
        "last_ok": last.ok if last else None,
        "reason": last.reason if last else "",
        "since": moment(checker.changed_at),
    }
