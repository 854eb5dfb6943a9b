# SPDX-License-Identifier: Apache-2.0
"""Services for tests in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.progrun.packets import TCP, End, end
from xlvs.model.address import family_of
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService

if TYPE_CHECKING:
    from xlvs.ipvs.pinned import PinnedTables


def service_key(virtual: End, protocol: int = TCP) -> ServiceKey:
    """Key of a service by its virtual end."""
    return ServiceKey(Protocol(protocol), family_of(virtual[0]), *virtual)


def destination(
    real: End,
    *,
    forwarding: ForwardingMethod = ForwardingMethod.MASQUERADE,
    weight: int = 1,
    upper: int = 0,
    lower: int = 0,
) -> Destination:
    """A destination, by masquerading unless something else is said."""
    key = DestinationKey(family_of(real[0]), *real)
    return Destination(key, forwarding, weight, upper, lower)


def add(
    tables: PinnedTables,
    protocol: int,
    virtual: str,
    *reals: str,
    scheduler: str = "rr",
    forwarding: ForwardingMethod = ForwardingMethod.MASQUERADE,
) -> ServiceKey:
    """Add a service with destinations, given as text."""
    key = service_key(end(virtual), protocol)
    tables.add_service(VirtualService(key, scheduler))
    for real in reals:
        tables.add_destination(key, destination(end(real), forwarding=forwarding))
    return key
