# SPDX-License-Identifier: Apache-2.0
"""Processes that edit a director's tables at the same time, and what must hold of the tables whenever they stop."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.errors import TableError
from xlvs.model.service import Protocol, ServiceKey, VirtualService

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from xlvs.ipvs.pinned import PinnedTables
    from xlvs.ipvs.store import Store

_VIP: Final = bytes((10, 0, 0, 1))


def service(port: int) -> VirtualService:
    """TCP 10.0.0.1:PORT, by weighted round robin."""
    return VirtualService(ServiceKey(Protocol.TCP, Family.IPV4, _VIP, port), "wrr")


def destination(number: int, weight: int = 1) -> Destination:
    """10.9.x.y:80 behind NAT."""
    key = DestinationKey(Family.IPV4, bytes((10, 9, number >> 8, number & 255)), 80)
    return Destination(key, ForwardingMethod.MASQUERADE, weight)


def random_edit(tables: PinnedTables, chance: random.Random, ports: range, servers: range) -> None:
    """One change of any kind; that it is refused is fine."""
    key = service(chance.choice(ports)).key
    server = destination(chance.choice(servers), chance.randrange(5))
    edits: tuple[Callable[[], None], ...] = (
        lambda: tables.add_service(VirtualService(key, "wrr")),
        lambda: tables.update_service(VirtualService(key, chance.choice(("rr", "wlc", "sh")))),
        lambda: tables.delete_service(key),
        lambda: tables.add_destination(key, server),
        lambda: tables.add_destination(key, server),
        lambda: tables.add_destination(key, server),
        lambda: tables.update_destination(key, server),
        lambda: tables.delete_destination(key, server.key),
    )
    try:
        chance.choice(edits)()
    except TableError:
        return


def forked(action: Callable[[], None]) -> int:
    """Run an action in a child, which ends with exit code 0 when it does; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        action()
        code = 0
    finally:
        os._exit(code)


def kill(pid: int) -> None:
    """As `kill -9` does, and wait for the end."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def faults_for_packets(store: Store) -> list[str]:
    """What a packet may not meet, at any moment: lists with numbers that are no destinations of this director."""
    found = []
    high = store.setting(layout.SETTINGS_DEST_HIGH)
    for number in store.live_services():
        found += [f"service {number} lists {each}" for each in store.listed(number) if not 0 < each <= high]
    return found


def faults(store: Store) -> list[str]:
    """What may not be once an edit was completed, or a broken one repaired."""
    live = list(store.live_services())
    numbers = {key: int.from_bytes(value, "little") for key, value in store.map("service_numbers").items()}
    listed = {each: number for number in live for each in store.listed(number)}
    found = faults_for_packets(store)
    if sorted(numbers.values()) != live:
        found.append(f"live are {live}, found by key {sorted(numbers.values())}")
    counted = sum(store.setting(offset) for offset in layout.SETTINGS_SERVICES.values())
    if counted != len(live):
        found.append(f"{len(live)} services, counted {counted}")
    found += _faults_of_destinations(store, listed)
    found += _faults_of_places(store, live)
    return found + _faults_of_free_numbers(store, set(live), set(listed))


def _faults_of_destinations(store: Store, listed: dict[int, int]) -> list[str]:
    """A destination is in the list of its service, and available just then."""
    found = []
    for number in range(1, store.setting(layout.SETTINGS_DEST_HIGH) + 1):
        available = bool(store.dest_word(number, layout.DEST_FLAGS) & layout.AVAILABLE)
        if available != (number in listed):
            found.append(f"destination {number}: available {available}, listed {number in listed}")
        if number in listed and store.dest_word(number, layout.DEST_SERVICE) != listed[number]:
            found.append(f"destination {number} does not know its service {listed[number]}")
    return found


def _faults_of_places(store: Store, live: list[int]) -> list[str]:
    """No two lists share a place."""
    found: list[str] = []
    owners: dict[int, int] = {}
    for number in live:
        for member in (layout.SERVICE_LIST, layout.SERVICE_TABLE):
            start, length = store.range_of(number, member)
            shared = [place for place in range(start, start + length) if place in owners]
            found += [f"place {place} serves {owners[place]} and {number}" for place in shared]
            owners |= dict.fromkeys(range(start, start + length), number)
    return found


def _faults_of_free_numbers(store: Store, live: set[int], listed: set[int]) -> list[str]:
    """Free lists end, and lead to nothing that is in use."""
    found: list[str] = []
    seen: set[int] = set()
    number = store.kept(layout.LEDGER_SERVICE_FREE)
    while number:
        if number in seen or number in live:
            return [*found, f"service {number} is free twice or in use"]
        seen.add(number)
        number, _ = store.range_of(number, layout.SERVICE_LIST)
    seen.clear()
    number = store.kept(layout.LEDGER_DEST_FREE)
    while number:
        if number in seen or number in listed:
            return [*found, f"destination {number} is free twice or in use"]
        seen.add(number)
        number = store.dest_word(number, layout.DEST_SERVICE)
    return found


def is_found(store: Store, key: ServiceKey) -> bool:
    """Whether a packet finds the service."""
    return bool(store.find_service(pack_service_key(key)))
