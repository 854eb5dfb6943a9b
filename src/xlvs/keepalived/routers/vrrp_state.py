# SPDX-License-Identifier: Apache-2.0
"""What the routers do at this moment, for `xlvs keepalived status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.keepalived.routers.virtual_addresses import text as address_text
from xlvs.vrrp.effects import State

if TYPE_CHECKING:
    from xlvs.keepalived.routers.instance import RunningRouter
    from xlvs.keepalived.routers.vrrp_plan import VirtualAddress
    from xlvs.keepalived.routers.vrrp_process import VrrpProcess


def state(process: VrrpProcess) -> dict[str, object]:
    """As JSON has it: times in seconds since 1970, durations in seconds."""
    return {
        "instances": [_instance(each) for each in process.routers.values()],
        "groups": [
            {"name": each.name, "state": each.state.name, "members": [member.settings.name for member in each.members]}
            for each in process.groups.values()
        ],
        "scripts": [
            {"name": name, "state": {True: "up", False: "down", None: "unknown"}[script.up], "status": script.status}
            for name, script in process.tracker.scripts.items()
        ],
    }


def _instance(router: RunningRouter) -> dict[str, object]:
    core, plan = router.router, router.plan
    return {
        "name": router.name,
        "state": core.state.name,
        "since": router.changed_at,
        "version": core.settings.version,
        "interface": plan.interface,
        "vrid": core.settings.vrid,
        "priority": core.settings.priority,
        "effective_priority": core.priority,
        "master_priority": core.priority if core.state is State.MASTER else core.master_priority,
        "advert_interval": core.settings.interval_us / 1e6,
        "addresses": [_address(each, router) for each in plan.addresses],
        "excluded_addresses": [_address(each, router) for each in plan.excluded],
    }


def _address(each: VirtualAddress, router: RunningRouter) -> dict[str, object]:
    return {
        "address": f"{address_text(each.address)}/{each.prefix}",
        "interface": each.interface or router.plan.home,
        "present": router.has(each),
    }
