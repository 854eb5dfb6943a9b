# SPDX-License-Identifier: Apache-2.0
"""The director's tables in pinned maps: `IpvsTables` over a `Store`.

Writes are ordered so that a packet between any two of them meets valid tables: an entry is complete before something
leads to it, and nothing leads to it before it is freed.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from struct import pack
from typing import TYPE_CHECKING

from xlvs.ipvs import dest_entry, drained, layout, local_addresses, numbers, policies, rules, running, scheduling, slots
from xlvs.ipvs.director import Director, zero_counters
from xlvs.ipvs.observed import ENGINES, pack_service_key
from xlvs.ipvs.store import Store
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import (
    DestinationExists,
    FullNatOnePacket,
    KernelError,
    NoSuchDestination,
    NoSuchService,
    ServiceExists,
    ServiceNotDefined,
)
from xlvs.model.policy import Fate
from xlvs.schedulers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.host import Host
    from xlvs.ipvs.program import Sizes
    from xlvs.linux.bpf_program import Program
    from xlvs.model.destination import Destination, DestinationKey
    from xlvs.model.service import ServiceKey, VirtualService

_FTP_PORT = 21
_EDIT_TICKS = 64  # EDIT_TICKS in estimate.h


def open_tables(*, heeds_drains: bool = False) -> PinnedTables:
    """The tables of the current network namespace. Nothing is loaded before something is to be changed.

    `heeds_drains` is for who checks destinations: those that somebody drained stay at weight 0 (`ipvs/drained.py`).

    Raises NotSupported, PermissionDenied.
    """
    from xlvs.linux import capability

    capability.require_rights("using the director's tables")
    return PinnedTables(heeds_drains=heeds_drains)


class PinnedTables(Director):
    """`IpvsTables` of the director in the current network namespace."""

    def __init__(self, wanted: Sizes | None = None, *, heeds_drains: bool = False) -> None:
        super().__init__(wanted, heeds_drains=heeds_drains)
        self._attached = False
        self._deleted: dict[bytes, int] | None = None
        self._hosts: rules.HostAddresses | None = None
        # Only inside a batch, where nobody else edits:
        self._many = False
        self._numbers: dict[ServiceKey, int] = {}
        self._remembered_host: Host | None = None
        self._clock: Program | None = None
        self._endings: list[tuple[int, Fate]] = []

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Hold the lock over many changes; each of them still is whole by itself."""
        store = self.store()
        self._endings.clear()
        try:
            with store.edit():
                self._many = True
                try:
                    yield
                finally:
                    self._many = False
                    self._detour_after(store, 0)
                    self._forget()
        finally:
            self._end_connections(store)

    def _forget(self) -> None:
        self._numbers.clear()
        self._deleted = None
        self._remembered_host = None
        if self._clock is not None:
            self._clock.close()
            self._clock = None

    def _host(self) -> Host:
        if self._remembered_host is None or not self._many:
            from xlvs.ipvs.host import Host

            self._remembered_host = Host()
        return self._remembered_host

    # Services

    def add_service(self, service: VirtualService) -> None:
        """See `IpvsTables`. The first one attaches the packet path, unless the user chose the interfaces."""
        if self.present_store() is None:
            rules.check_service(service)
        store = self.store()
        key = pack_service_key(service.key)
        with store.edit():
            if store.find_service(key):
                raise ServiceExists
            rules.check_service(service)
            self._attach(store)
            self._detour_before(store, service.key, key)
            number = numbers.take_service(store)
            base = number * layout.SERVICE_SIZE
            shape = store.service_word(number, layout.SERVICE_SHAPE)
            store.services.memory[base : base + layout.SERVICE_SIZE] = bytes(layout.SERVICE_SIZE)
            store.set_service_word(number, layout.SERVICE_SHAPE, shape)
            base = number * layout.ESTIMATE_SIZE
            store.array("service_estimates").memory[base : base + layout.ESTIMATE_SIZE] = bytes(layout.ESTIMATE_SIZE)
            self._write_service(store, number, service, key, 0)
            store.set_service_word(number, layout.SERVICE_INSTANCE, numbers.take_instance(store))
            store.set_setting(layout.SETTINGS_ACCEPT_LOCAL, self._host().accept_local)
            if service.key.port == _FTP_PORT:
                store.set_setting(layout.SETTINGS_UNPRIVILEGED_PORT, self._host().unprivileged_port)
            with scheduling.reshaping(store, number):
                scheduling.start(store, number, _scheduler_number(service))
            local_addresses.publish(store, number, key)
            if not service.key.fwmark:
                store.mark_address(key[:16], destination=False)
            store.map("service_numbers").update(key, pack("<I", number))
            self._set_flags(store, number, service)
            store.count_service(number, 1)
            if self._many:
                self._numbers[service.key] = number
            self._detour_after(store, service.key.fwmark)

    def update_service(self, service: VirtualService) -> None:
        """See `IpvsTables`."""
        store = self._store_or(NoSuchService)
        key = pack_service_key(service.key)
        with store.edit():
            number = store.find_service(key)
            if not number:
                raise NoSuchService
            rules.check_service(service)
            if service.one_packet:
                memory = store.dests.memory
                methods = (memory[each * layout.DEST_SIZE + layout.DEST_METHOD] for each in store.listed(number))
                rules.check_full_nat(service, map(ForwardingMethod, methods))
            before = store.services.memory[number * layout.SERVICE_SIZE + layout.SERVICE_SCHEDULER]
            after = _scheduler_number(service)
            with scheduling.reshaping(store, number):
                if before != after:
                    scheduling.start(store, number, after)
                self._write_service(store, number, service, key, store.service_flags(number))
                self._set_flags(store, number, service)
                if before != after:
                    scheduling.refill(store, number)

    def delete_service(self, key: ServiceKey) -> None:
        """See `IpvsTables`."""
        store = self._store_or(NoSuchService)
        packed = pack_service_key(key)
        with store.edit():
            number = store.find_service(packed)
            if not number:
                raise NoSuchService
            self._drop_service(store, number, packed)
            self._detour_after(store, key.fwmark)
            _end_lost_connections(store)
        self._end_connections(store)

    def flush(self) -> None:
        """See `IpvsTables`."""
        store = self.present_store()
        if store is None:
            return
        with store.edit():
            for number in list(store.live_services()):
                base = number * layout.SERVICE_SIZE
                self._drop_service(store, number, store.services.memory[base : base + layout.SERVICE_KEY.size])
            self._detour_after(store, 1)
            _end_lost_connections(store)
        self._end_connections(store)

    def _write_service(self, store: Store, number: int, service: VirtualService, key: bytes, flags: int) -> None:
        base = number * layout.SERVICE_SIZE
        head = pack(
            "<24sIBBxx",
            key,
            flags,
            _scheduler_number(service),
            ENGINES.index(service.persistence_engine),
        )
        store.services.memory[base : base + len(head)] = head
        start = base + layout.SERVICE_PERSISTENCE
        store.services.memory[start : start + 8] = pack("<II", service.persistence_timeout_s, service.netmask)
        if service.persistence_engine or store.setting(layout.SETTINGS_SERVICES_ENGINE):
            store.count_engines()

    def _set_flags(self, store: Store, number: int, service: VirtualService) -> None:
        flags = layout.LIVE | service.scheduler_flags & layout.SCHEDULER_FLAGS
        flags |= store.service_flags(number) & layout.NO_TOA
        if service.persistence_timeout_s:
            flags |= layout.PERSISTENT
        if service.one_packet:
            flags |= layout.ONE_PACKET
        store.set_service_word(number, layout.SERVICE_FLAGS, flags)

    def _drop_service(self, store: Store, number: int, key: bytes) -> None:
        store.map("service_numbers").delete(key)
        store.set_service_word(number, layout.SERVICE_FLAGS, 0)
        store.count_service(number, -1)
        if store.services.memory[number * layout.SERVICE_SIZE + layout.SERVICE_ENGINE]:
            store.services.memory[number * layout.SERVICE_SIZE + layout.SERVICE_ENGINE] = 0
            store.count_engines()
        fate = policies.fate_of_removed(store, number)
        with scheduling.reshaping(store, number):
            for each in store.listed(number):
                self._bury(store, each, fate)
            for member in (layout.SERVICE_LIST, layout.SERVICE_TABLE, layout.SERVICE_LOCAL_LIST):
                old = store.range_of(number, member)
                store.set_range(number, member, 0, 0)
                slots.give_back(store, *old)
        numbers.free_service(store, number)
        if store.setting(layout.SETTINGS_SERVICES_TIMEOUTS):
            policies.count(store)
        self._numbers.clear()

    # Destinations

    def add_destination(self, service: ServiceKey, destination: Destination) -> None:
        """See `IpvsTables`."""
        store = self._store_or(ServiceNotDefined)
        with store.edit():
            number = self._find_for_destination(store, service)
            rules.check_destination(service.family, destination, daemon_runs=_has_daemon(store))
            _check_one_packet(store, number, destination)
            listed = store.listed(number)
            if self._find_listed(store, listed, destination.key) is not None:
                raise DestinationExists
            identity = pack_service_key(service) + _pack_end(destination.key)
            returning = self._remembered(store).pop(identity, 0)
            if not returning:
                rules.check_new_destination_address(destination.key.address, self._host_addresses)
            dest = returning or numbers.take_destination(store)
            base = dest * layout.DEST_SIZE
            before = store.dest_word(dest, layout.DEST_UPPER_THRESHOLD) if returning else 0
            self._write_destination(store, dest, destination, before=before)
            store.set_dest_word(dest, layout.DEST_LAST_WEIGHT, destination.weight)
            store.dests.memory[base : base + 18] = _pack_end(destination.key)
            store.dests.memory[base + layout.DEST_KEY : base + layout.DEST_KEY + 24] = identity[:24]
            store.mark_address(identity[24:40], destination=True)
            with scheduling.reshaping(store, number):
                store.set_dest_word(dest, layout.DEST_SERVICE, number)
                if returning:
                    self._publish_returning(store, number, [dest, *listed])
                else:
                    self._publish_added(store, number, [dest, *listed])

    def update_destination(self, service: ServiceKey, destination: Destination, *, by_policy: bool = True) -> None:
        """See `IpvsTables`. Without `by_policy` the connections of one that is quiesced stay as they are."""
        store = self._store_or(ServiceNotDefined)
        with store.edit():
            number = self._find_for_destination(store, service)
            rules.check_destination(service.family, destination, daemon_runs=_has_daemon(store))
            _check_one_packet(store, number, destination)
            listed = store.listed(number)
            place = self._find_listed(store, listed, destination.key)
            if place is None:
                raise NoSuchDestination
            dest = listed[place]
            before = store.dest_word(dest, layout.DEST_UPPER_THRESHOLD)
            weight = store.dest_word(dest, layout.DEST_WEIGHT)
            with scheduling.reshaping(store, number):
                self._write_destination(store, dest, destination, before=before)
                scheduling.weights_changed(store, number)
                scheduling.refill(store, number, edited=True)
            if by_policy and weight and not destination.weight:
                self._endings.append((dest, policies.fate_of_quiesced(store, number)))
        self._end_connections(store)

    def delete_destination(self, service: ServiceKey, destination: DestinationKey) -> None:
        """See `IpvsTables`."""
        store = self._store_or(ServiceNotDefined)
        with store.edit():
            number = self._find_for_destination(store, service)
            listed = store.listed(number)
            place = self._find_listed(store, listed, destination)
            if place is None:
                raise NoSuchDestination
            dest = listed[place]
            with self._estimator_waits(store), scheduling.reshaping(store, number):
                scheduling.publish(store, number, listed[:place] + listed[place + 1 :], removed=place)
                self._bury(store, dest, policies.fate_of_removed(store, number))
                self._move_base(store, number, dest, store.dest_counters(dest), 1)
            _end_lost_connections(store)
        self._end_connections(store)

    def _find_for_destination(self, store: Store, key: ServiceKey) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = store.find_service(pack_service_key(key))
            if not number:
                raise ServiceNotDefined
            if self._many:
                self._numbers[key] = number
        return number

    def _find_listed(self, store: Store, listed: list[int], key: DestinationKey) -> int | None:
        """Place of a destination in its service's list."""
        end, memory = _pack_end(key), store.dests.memory
        for place, number in enumerate(listed):
            base = number * layout.DEST_SIZE
            if memory[base : base + 18] == end:
                return place
        return None

    def _write_destination(self, store: Store, number: int, destination: Destination, *, before: int) -> None:
        """`before`: the upper threshold until now."""
        dest_entry.write(
            store,
            number,
            destination,
            overload_limit=before,
            source_towards=lambda address: self._host().source_towards(address),
            heeds_drains=self._heeds_drains,
        )

    def _bury(self, store: Store, number: int, fate: Fate) -> None:
        """A destination is deleted: its connections keep its number."""
        store.set_dest_word(number, layout.DEST_FLAGS, policies.flags_of_removed(fate))
        if not self._heeds_drains:
            drained.forget(store, number)
        self._endings.append((number, fate))
        store.set_dest_word(number, layout.DEST_SERVICE, 0)
        store.set_dest_word(number, layout.DEST_PLACE, 0)
        store.set_dest_word(number, layout.DEST_DELETED, numbers.seconds())
        if self._deleted is not None:
            self._deleted[store.dest_identity(number)] = number

    def _end_connections(self, store: Store) -> None:
        """After an edit: the connections of destinations that went end, where their services want it."""
        if self._many:
            return
        endings = [each for each in self._endings if each[1] in {Fate.MOVE, Fate.RESET}]
        self._endings.clear()
        if endings:
            from xlvs.ipvs.ending import end_of_destination

            for number, fate in endings:
                end_of_destination(store, number, fate)

    def _publish_added(self, store: Store, service: int, listed: list[int]) -> None:
        """The first of `listed` is new in the list."""
        dest = listed[0]
        store.set_dest_word(dest, layout.DEST_INSTANCE, store.service_word(service, layout.SERVICE_INSTANCE))
        store.set_dest_word(dest, layout.DEST_FLAGS, layout.USED | layout.AVAILABLE)
        scheduling.publish(store, service, listed, added=True)

    def _publish_returning(self, store: Store, service: int, listed: list[int]) -> None:
        """Likewise; one that comes back to another service of the same key begins to count anew."""
        dest = listed[0]
        anew = store.dest_word(dest, layout.DEST_INSTANCE) != store.service_word(service, layout.SERVICE_INSTANCE)
        with self._estimator_waits(store):
            counted = store.dest_counters(dest)
            self._publish_added(store, service, listed)
            self._move_base(store, service, dest, counted, -1)
            if anew:
                zero_counters(store, "dest_estimates", dest)

    def _move_base(self, store: Store, service: int, dest: int, counted: list[int], sign: int) -> None:
        """What a destination counted stays with its service when it goes, and is not counted twice when it returns."""
        base = dest * layout.ESTIMATE_SIZE
        store.array("dest_estimates").memory[base : base + layout.COUNTERS.size] = layout.COUNTERS.pack(*counted)
        longs = store.array("service_estimates").longs
        first = (service * layout.ESTIMATE_SIZE + layout.ESTIMATE_BASE) >> 3
        for index, value in enumerate(counted):
            longs[first + index] = (longs[first + index] + sign * value) & 0xFFFFFFFFFFFFFFFF

    @contextmanager
    def _estimator_waits(self, store: Store) -> Iterator[None]:
        """Counters move from a destination to its service or back: the estimator sees them before or after."""
        begun = self._now(store)
        store.set_setting(layout.SETTINGS_EDITING_UNTIL, (begun + _EDIT_TICKS) & 0xFFFFFFFF)
        try:
            yield
        finally:
            store.set_setting(layout.SETTINGS_EDITING_UNTIL, begun)  # a time that is over

    def _now(self, store: Store) -> int:
        if not self._many:
            return running.now(store.directory)
        if self._clock is None:
            self._clock = running.clock(store.directory)
        return running.read(self._clock)

    def _remembered(self, store: Store) -> dict[bytes, int]:
        if self._deleted is None or not self._many:
            self._deleted = numbers.deleted_destinations(store)
        return self._deleted

    def _host_addresses(self) -> rules.HostAddresses:
        if self._hosts is None:
            from xlvs.ipvs.host import host_addresses

            self._hosts = host_addresses()
        return self._hosts

    def _attach(self, store: Store) -> None:
        if not self._attached:
            from xlvs.ipvs.attachments import attach_suitable

            attach_suitable(store)
            self._attached = True

    # Marks that netfilter sets

    def _detour_before(self, store: Store, service: ServiceKey, key: bytes) -> None:
        """The way to the mark device is there before the service of a mark is; refused, nothing has changed."""
        if not service.fwmark:
            return
        from xlvs.ipvs import detour

        try:
            detour.sync(store, key)
        except KernelError:
            with suppress(KernelError):
                detour.sync(store)
            store.keep(layout.LEDGER_EDITING, 0)
            raise

    def _detour_after(self, store: Store, mark: int) -> None:
        """After a service came or went: those by address take the detour as long as one by mark is there."""
        if (mark or store.setting(layout.SETTINGS_MARK_DEVICE)) and not (self._many and not mark):
            from xlvs.ipvs import detour

            detour.sync(store)


def _check_one_packet(store: Store, number: int, destination: Destination) -> None:
    if destination.forwarding is ForwardingMethod.FULL_NAT and store.service_flags(number) & layout.ONE_PACKET:
        raise FullNatOnePacket


def _pack_end(key: DestinationKey) -> bytes:
    return layout.wide(key.address) + key.port.to_bytes(2, "big")


def _scheduler_number(service: VirtualService) -> int:
    row = registry.find(service.scheduler)
    return row.number if row else 0


def _end_lost_connections(store: Store) -> None:
    """With expire_nodest_conn a deletion ends the connections of all deleted destinations, as the kernel's does."""
    from xlvs.ipvs import sysctls

    if sysctls.is_set(store, "expire_nodest_conn"):
        running.sweep(store.directory, lost_too=True)


def _has_daemon(store: Store) -> bool:
    return bool(store.setting(layout.SETTINGS_SYNC))
