# SPDX-License-Identifier: Apache-2.0
"""The director as a whole, in its pinned maps: made when something is to change, its settings, statistics and daemons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvs import layout, rules, running
from xlvs.ipvs.observed import Observed, pack_service_key, ticks_per_second
from xlvs.ipvs.store import Store
from xlvs.linux import bpffs
from xlvs.model.errors import DaemonRunning, KernelError, NoDaemon, NoSuchDevice, NoSuchService, TableError

if TYPE_CHECKING:
    from xlvs.ipvs.program import Sizes
    from xlvs.model.service import ServiceKey
    from xlvs.model.settings import DaemonRole, SyncDaemon, Timeouts

_RATE_RESET = bytes(5 * 8)


class Director(Observed):
    """What of `IpvsTables` concerns no single service or destination."""

    def __init__(self, wanted: Sizes | None = None, *, heeds_drains: bool = False) -> None:
        super().__init__(heeds_drains=heeds_drains)
        self._wanted = wanted

    def store(self) -> Store:
        """The director's store, made when there is none."""
        present = self.present_store()
        if present is not None:
            return present
        from xlvs.linux import capability

        capability.require_director("using the director's tables")
        directory = bpffs.director()
        with bpffs.lock(directory):
            if not running.is_loaded(directory):
                from xlvs.ipvs.program import load

                load(directory, self._wanted)
        from xlvs.ipvs.stale import remove_stale

        remove_stale(directory)
        self._opened = Store(directory)
        return self._opened

    def _store_or(self, missing: type[TableError]) -> Store:
        """The store where there is one; a change of what cannot be there loads nothing."""
        store = self.present_store()
        if store is None:
            raise missing
        return store

    # Statistics and settings

    def zero(self, key: ServiceKey | None) -> None:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None:
            if key is None:
                return
            raise NoSuchService
        with store.edit():
            if key is None:
                wanted = list(store.live_services())
                zero_counters(store, "service_estimates", 0)
            else:
                number = store.find_service(pack_service_key(key))
                if not number:
                    raise NoSuchService
                wanted = [number]
            for number in wanted:
                zero_counters(store, "service_estimates", number)
                for dest in store.listed(number):
                    zero_counters(store, "dest_estimates", dest)

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """See `IpvsTables`."""
        store = self.store()
        with store.edit():
            merged = rules.merge_timeouts(self.timeouts(), timeouts)
            pace = ticks_per_second(store)
            for state, value in (
                (layout.STATE_ESTABLISHED, merged.tcp_s),
                (layout.STATE_FIN_WAIT, merged.tcp_fin_s),
                (layout.STATE_UDP, merged.udp_s),
            ):
                store.set_setting(layout.SETTINGS_TIMEOUTS + state * 4, value * pace)

    # Synchronisation daemons

    def start_daemon(self, daemon: SyncDaemon) -> None:
        """See `IpvsTables`. Returns when the daemon's process has its sockets."""
        from xlvs.ipvs import sync_daemons, sync_keys
        from xlvs.linux.interface import interface

        store = self.store()
        with store.edit():
            rules.check_daemon(daemon, mixed_families=_has_mixed_families(store))
            try:
                mtu = interface(daemon.interface).mtu
            except KernelError:
                raise NoSuchDevice from None
            if daemon.role in {each.role for each in sync_daemons.configured(store)}:
                raise DaemonRunning
            sync_daemons.begin(store, rules.daemon_in_force(daemon, mtu), sync_keys.key_at_hand())
        sync_daemons.await_start(store, daemon.role)

    def stop_daemon(self, role: DaemonRole) -> None:
        """See `IpvsTables`."""
        from xlvs.ipvs import sync_daemons

        store = self._store_or(NoDaemon)
        if role not in {each.role for each in sync_daemons.configured(store)}:
            raise NoDaemon
        sync_daemons.stop(store, role)

    def set_sysctl(self, name: str, value: str) -> None:
        """See `IpvsTables`."""
        from xlvs.ipvs import sysctls

        store = self.store()
        with store.edit():
            sysctls.write(store, name, value)
            if sysctls.is_defence(name):
                from xlvs.ipvs import defence

                defence.take_effect(store)


def _has_mixed_families(store: Store) -> bool:
    memory = store.dests.memory
    return any(
        memory[each * layout.DEST_SIZE + layout.DEST_FAMILY] != store.family_of(number)
        for number in store.live_services()
        for each in store.listed(number)
    )


def zero_counters(store: Store, name: str, number: int) -> None:
    """Have entry `number` of the estimates count from here: what it counted so far is subtracted in listings."""
    base = number * layout.ESTIMATE_SIZE
    memory = store.array(name).memory
    memory[base + layout.ESTIMATE_ZERO : base + layout.ESTIMATE_BASE] = memory[base : base + layout.COUNTERS.size]
    memory[base + layout.ESTIMATE_RATES : base + layout.ESTIMATE_SIZE] = _RATE_RESET
