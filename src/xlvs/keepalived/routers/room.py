# SPDX-License-Identifier: Apache-2.0
"""How many addresses an advertisement holds: the others are virtual ones too, but not advertised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from xlvs.vrrp.ah import HEADER as AH
from xlvs.vrrp.packet import AUTHENTICATION_BYTES, HEADER, AuthenticationType

if TYPE_CHECKING:
    from xlvs.keepalived.routers.vrrp_plan import Instance

_ETHERNET, _IPV4, _IPV6 = 14, 20, 40
_COUNT_MAX: Final = 255
"""The count is one byte."""


def room(plan: Instance, mtu: int) -> int:
    """For how many addresses there is room. The original takes the Ethernet header for a part of the MTU."""
    size, network = (4, _IPV4) if plan.family == 4 else (16, _IPV6)
    used = _ETHERNET + network + HEADER.size
    used += AUTHENTICATION_BYTES if plan.router.version == 2 else 0
    used += AH.size if plan.router.authentication is AuthenticationType.AH else 0
    return max(min((mtu - used) // size, _COUNT_MAX), 0)


def fitted(plan: Instance, mtu: int) -> Instance:
    """The plan with those addresses among the excluded ones for which there is no room."""
    most = room(plan, mtu)
    if len(plan.addresses) <= most:
        return plan
    kept, rest = plan.addresses[:most], plan.addresses[most:]
    router = replace(plan.router, addresses=tuple(each.address for each in kept))
    return replace(plan, addresses=kept, excluded=plan.excluded + rest, router=router)
