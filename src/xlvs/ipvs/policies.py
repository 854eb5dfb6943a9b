# SPDX-License-Identifier: Apache-2.0
"""What services have of their own, in their entries of the tables, and acting by it when a destination goes."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout
from xlvs.model.errors import NoSuchService
from xlvs.model.policy import Fate, ServicePolicy

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_POLICY: Final = Struct("<3I2B")
_MEMBERS: Final = 5  # that stand there; the last one is a flag of the service


def read(store: Store, service: int) -> ServicePolicy:
    """The policy of the service of a number."""
    tcp_s, tcp_fin_s, udp_s, removed, quiesced = _POLICY.unpack_from(store.services.memory, _place(service))
    no_toa = bool(store.service_flags(service) & layout.NO_TOA)
    return ServicePolicy(tcp_s, tcp_fin_s, udp_s, Fate(removed), Fate(quiesced), no_toa)


def write(store: Store, key: bytes, policy: ServicePolicy) -> None:
    """Set the policy of the service of a packed key. Raises NoSuchService."""
    with store.edit():
        service = store.find_service(key)
        if not service:
            raise NoSuchService
        _POLICY.pack_into(store.services.memory, _place(service), *policy[:_MEMBERS])
        flags = store.service_flags(service) & ~layout.NO_TOA | policy.no_toa * layout.NO_TOA
        store.set_service_word(service, layout.SERVICE_FLAGS, flags)
        count(store)


def count(store: Store) -> None:
    """Count the services with a timeout of their own: with none, packets look for none."""
    services = sum(any(read(store, number)[:3]) for number in store.live_services())
    store.set_setting(layout.SETTINGS_SERVICES_TIMEOUTS, services)


def fate_of_removed(store: Store, service: int) -> Fate:
    """What becomes of the connections of a destination that this service loses."""
    return Fate(store.services.memory[service * layout.SERVICE_SIZE + layout.SERVICE_ON_REMOVED])


def fate_of_quiesced(store: Store, service: int) -> Fate:
    """What becomes of the connections of a destination whose weight becomes 0."""
    return Fate(store.services.memory[service * layout.SERVICE_SIZE + layout.SERVICE_ON_QUIESCED])


def flags_of_removed(fate: Fate) -> int:
    """Flags of a deleted destination. What is reset is kept as well: a connection that began just now goes on."""
    return layout.USED | {Fate.DROP: layout.DROPPED, Fate.KEEP: layout.KEPT, Fate.RESET: layout.KEPT}.get(fate, 0)


def _place(service: int) -> int:
    return service * layout.SERVICE_SIZE + layout.SERVICE_TIMEOUTS
