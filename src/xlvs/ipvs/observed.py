# SPDX-License-Identifier: Apache-2.0
"""The reading half of the pinned tables: listings, statistics, connections, settings."""

from __future__ import annotations

from errno import ENOENT
from operator import sub
from typing import TYPE_CHECKING

from xlvs.ipvs import drained, layout, pool, running
from xlvs.ipvs.store import Store
from xlvs.linux import bpffs
from xlvs.model.address import Family
from xlvs.model.connection import Connection
from xlvs.model.destination import PLAIN_TUNNEL, Destination, DestinationKey, ForwardingMethod, Tunnel, TunnelType
from xlvs.model.errors import KernelError, NoSuchService
from xlvs.model.service import Protocol, ServiceKey, VirtualService
from xlvs.model.settings import Timeouts
from xlvs.model.statistics import NO_COUNTERS, NO_RATES, Counters, Rates, Totals
from xlvs.model.views import DestinationView, ServiceView
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.model.connection import ConnectionRow
    from xlvs.model.settings import SyncDaemon

ENGINES = ("", "sip")


class Observed:
    """What can be asked of a director's tables. Without tables, everything is empty and as by default."""

    def __init__(self, *, heeds_drains: bool = False) -> None:
        """`heeds_drains`: a drained destination has the weight that it is to have again, see `ipvs/drained.py`."""
        self._opened: Store | None = None
        self._heeds_drains = heeds_drains

    def present_store(self) -> Store | None:
        """The director's store, None when this host has none yet."""
        if self._opened is None:
            try:
                directory = bpffs.director(create=False)
            except KernelError as error:
                if error.errno != ENOENT:
                    raise
                return None
            if running.is_loaded(directory):
                self._opened = Store(directory)
                if self._opened.setting(layout.SETTINGS_SYNC):
                    from xlvs.ipvs import sync_daemons

                    sync_daemons.revive(self._opened)
        return self._opened

    # Services

    def services(self) -> Iterator[ServiceView]:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None:
            return
        running.sweep(store.directory)
        with store.reading():
            views = [service_view(store, number, heeds_drains=self._heeds_drains) for number in store.live_services()]
        yield from views

    def service(self, key: ServiceKey) -> ServiceView:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None:
            raise NoSuchService
        running.sweep(store.directory)
        with store.reading():
            number = store.find_service(pack_service_key(key))
            if not number:
                raise NoSuchService
            return service_view(store, number, heeds_drains=self._heeds_drains)

    def size(self) -> int:
        """See `IpvsTables`. The number of connections that the table holds, or would."""
        store = self.present_store()
        if store is not None:
            return store.room("conns")
        from xlvs.ipvs.program import default_sizes

        return default_sizes().connections

    # Connections

    def connections(self) -> Iterator[Connection]:
        """See `IpvsTables`."""
        store, last = self.swept_store(), pool.Last()
        for row in pool.rows(store, last=last) if store else ():
            family = Family.IPV4 if len(row[1]) == 4 else Family.IPV6
            other = Family.IPV4 if len(row[5]) == 4 else Family.IPV6
            origin = "SYNC" if last.is_synced else "LOCAL"
            yield Connection(Protocol(row[0]), family, row[1], row[2], row[3], row[4], other, *row[5:], origin)

    def connection_rows(self) -> Iterator[ConnectionRow]:
        """See `IpvsTables`."""
        store = self.swept_store()
        return pool.rows(store) if store else iter(())

    def swept_store(self) -> Store | None:
        """The director's tables where nothing is counted that has expired; None: there are none."""
        store = self.present_store()
        if store is not None:
            running.sweep(store.directory)
        return store

    # Settings and statistics

    def timeouts(self) -> Timeouts:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None:
            return Timeouts()
        pace = ticks_per_second(store)
        return Timeouts(
            *(
                store.setting(layout.SETTINGS_TIMEOUTS + state * 4) // pace
                for state in (layout.STATE_ESTABLISHED, layout.STATE_FIN_WAIT, layout.STATE_UDP)
            )
        )

    def daemons(self) -> list[SyncDaemon]:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None or not store.setting(layout.SETTINGS_SYNC):
            return []
        from xlvs.ipvs import sync_daemons

        return sync_daemons.configured(store)

    def totals(self) -> Totals:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None:
            return Totals(NO_COUNTERS, NO_RATES, ())
        from xlvs.linux.libbpf import possible_cpus

        sums = [[0] * 5 for _ in range(possible_cpus())]
        for number in range(store.setting(layout.SETTINGS_DEST_HIGH) + 1):
            values = store.map("dest_counters").lookup_cpus(number.to_bytes(4, "little")) or []
            for sum_, value in zip(sums, values, strict=True):
                for column, counted in enumerate(layout.COUNTERS.unpack(value)):
                    sum_[column] += counted
        counters, rates = _shown(store.estimates("service_estimates", 0))
        return Totals(counters, rates, tuple(Counters(*each) for each in sums))

    def sysctl_names(self) -> list[str]:
        """See `IpvsTables`."""
        from xlvs.model.sysctl import SYSCTLS

        return sorted(SYSCTLS)

    def sysctl(self, name: str) -> str:
        """See `IpvsTables`."""
        from xlvs.ipvs import sysctls

        return sysctls.read(self.present_store(), name)


_NO_PORT = bytes(2)
_NO_ESTIMATE = bytes(layout.ESTIMATE_SIZE)
_NOTHING_COUNTED = NO_COUNTERS, NO_RATES
# Looked up, not made: an enumeration is slow to find its members.
_FAMILIES = {int(each): each for each in Family}
_PROTOCOLS = {int(each): each for each in Protocol}
_METHODS = {int(each): each for each in ForwardingMethod}


def ticks_per_second(store: Store) -> int:
    """The director's pace: ticks per second, as at its first load."""
    return store.kept(layout.LEDGER_TICKS_PER_SECOND)


def pack_service_key(key: ServiceKey) -> bytes:
    """A service's key as in the map."""
    address = bytes(16) if key.fwmark else layout.wide(key.address)
    return layout.SERVICE_KEY.pack(address, key.fwmark, key.port.to_bytes(2, "big"), key.protocol, key.family)


def unpack_service_key(packed: bytes) -> ServiceKey:
    """A service's key out of the map's."""
    address, fwmark, port, protocol, number = layout.SERVICE_KEY.unpack(packed)
    family = _FAMILIES[number]
    return ServiceKey(_PROTOCOLS[protocol], family, layout.narrow(address, family), int.from_bytes(port, "big"), fwmark)


def service_view(store: Store, number: int, *, heeds_drains: bool = False) -> ServiceView:
    """One service with its destinations, as it stands in the maps; for `heeds_drains` see `Observed`."""
    base = number * layout.SERVICE_SIZE
    fields = layout.SERVICE.unpack_from(store.services.memory, base)
    address, fwmark, port, protocol, family_number, flags, scheduler, engine, _, _, persistence_s, netmask, _, _ = (
        fields
    )
    family = _FAMILIES[family_number]
    key = ServiceKey(_PROTOCOLS[protocol], family, layout.narrow(address, family), int.from_bytes(port, "big"), fwmark)
    row = registry.find_number(scheduler)
    service = VirtualService(
        key,
        row.name if row else "",
        flags & layout.SCHEDULER_FLAGS,
        persistence_s,
        netmask,
        ENGINES[engine],
        bool(flags & layout.ONE_PACKET),
    )
    counters, rates = _statistics(store, "service_estimates", number)
    destinations = [dest_view(store, each) for each in store.listed(number)]
    if heeds_drains:
        destinations = [_as_before(store, *each) for each in zip(store.listed(number), destinations, strict=True)]
    return ServiceView(service, counters, rates, destinations)


def dest_view(store: Store, number: int) -> DestinationView:
    """One destination as it stands in the maps."""
    base = number * layout.DEST_SIZE
    memory = store.dests.memory
    fields = layout.DEST.unpack_from(memory, base)
    address, port, family_number, method, _, _, weight, upper, lower, tunnel_type, tunnel_flags, tunnel_port, _, _ = (
        fields
    )
    tunnel = PLAIN_TUNNEL
    if tunnel_type or tunnel_flags or tunnel_port != _NO_PORT:
        tunnel = Tunnel(TunnelType(tunnel_type), int.from_bytes(tunnel_port, "big"), tunnel_flags)
    family = _FAMILIES[family_number]
    key = DestinationKey(family, layout.narrow(address, family_number), int.from_bytes(port, "big"))
    destination = Destination(key, _METHODS[method], weight, upper, lower, tunnel)
    active, inactive, persistent, _ = layout.COUNTS.unpack_from(memory, base + layout.DEST_COUNTS)
    return DestinationView(destination, active, inactive, persistent, *_statistics(store, "dest_estimates", number))


def _as_before(store: Store, number: int, view: DestinationView) -> DestinationView:
    """With the weight that it has when it is drained no more."""
    weight = drained.weight_of(store, number)
    return view if weight is None else view._replace(destination=view.destination._replace(weight=weight))


def _statistics(store: Store, name: str, number: int) -> tuple[Counters, Rates]:
    """What is shown of an estimate; of large tables, most have counted nothing."""
    base = number * layout.ESTIMATE_SIZE
    estimate = store.array(name).memory[base : base + layout.ESTIMATE_SIZE]
    return _NOTHING_COUNTED if estimate == _NO_ESTIMATE else _shown(layout.ESTIMATE.unpack(estimate))


def _shown(estimate: tuple[int, ...]) -> tuple[Counters, Rates]:
    """Counters since the last zeroing; rates out of their fixed point, rounded as the kernel does."""
    counters = Counters(*map(sub, estimate[:5], estimate[5:10]))
    cps, inpps, outpps, inbps, outbps = estimate[15:]
    rates = Rates(
        (cps + 0x1FF) >> 10, (inpps + 0x1FF) >> 10, (outpps + 0x1FF) >> 10, (inbps + 0xF) >> 5, (outbps + 0xF) >> 5
    )
    return counters, rates
