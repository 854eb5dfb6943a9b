# SPDX-License-Identifier: Apache-2.0
"""use_vmac_addr: addresses on other interfaces than the router's are put on devices of its hardware address there."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.keepalived.routers.vrrp_plan import Instance, VirtualAddress


def with_devices(instances: Sequence[tuple[Instance, frozenset[bytes]]], prefix: str) -> tuple[Instance, ...]:
    """The instances, each with the addresses that move to such a device; `prefix` begins the devices' names."""
    used = {each.vmac for each, _ in instances if each.vmac}
    found = []
    for instance, moving in instances:
        names: dict[str, str] = {}
        for each in instance.all_addresses:
            if each.address in moving and each.interface not in {"", instance.interface, *names}:
                names[each.interface] = _free(prefix, instance.router.vrid, used)
                used.add(names[each.interface])
        found.append(
            replace(
                instance,
                addresses=_moved(instance.addresses, moving, names),
                excluded=_moved(instance.excluded, moving, names),
                extra_vmacs=tuple((name, interface) for interface, name in names.items()),
            )
        )
    return tuple(found)


def _moved(
    addresses: Iterable[VirtualAddress], moving: frozenset[bytes], names: dict[str, str]
) -> tuple[VirtualAddress, ...]:
    return tuple(
        replace(each, interface=names[each.interface]) if each.address in moving and each.interface in names else each
        for each in addresses
    )


def _free(prefix: str, vrid: int, used: set[str]) -> str:
    """The first name that no other device has: vrrp.5, vrrp1.5, vrrp2.5."""
    names = (f"{prefix}{number or ''}.{vrid}" for number in count())
    return next(name for name in names if name not in used)
