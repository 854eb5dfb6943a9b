# SPDX-License-Identifier: Apache-2.0
"""The local addresses of full NAT in the maps: what `xlvs laddr` edits.

They belong to a service by its key and stay when the service goes, so that a table that is restored finds them again.
An entry that is taken away keeps its number until its last connection has ended.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout, slots
from xlvs.ipvs.observed import pack_service_key, unpack_service_key
from xlvs.model.errors import LocalAddressExists, NoSuchLocalAddress, TableFull
from xlvs.model.local_address import LocalAddress, LocalAddressView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.ipvs.store import Store
    from xlvs.model.service import ServiceKey

_MAP: Final = "local_addresses"


def present(store: Store) -> Iterator[LocalAddressView]:
    """All that are configured, in the order in which they take turns."""
    for number in _numbers(store):
        address, key, first, last, flags, _, used = _read(store, number)
        if flags & layout.LOCAL_ADDRESS_LISTED:
            service = unpack_service_key(key)
            narrow = layout.narrow(address, service.family)
            yield LocalAddressView(LocalAddress(service, narrow, first, last), used)


def check_new(store: Store, wanted: Sequence[LocalAddress]) -> None:
    """Raises LocalAddressExists when a service has one of these with other ports, or one is named twice."""
    if len({each.address for each in wanted}) < len(wanted) or any(_has_others(store, each) for each in wanted):
        raise LocalAddressExists


def check_present(store: Store, service: ServiceKey, addresses: Sequence[bytes]) -> None:
    """Raises NoSuchLocalAddress when a service lacks one of these, or one is named twice."""
    if len(set(addresses)) < len(addresses) or not all(_find(store, service, each)[0] for each in addresses):
        raise NoSuchLocalAddress


def add(store: Store, new: LocalAddress) -> None:
    """Let a service use one more, if it does not yet. Under the lock. Raises LocalAddressExists, TableFull."""
    key, wide = pack_service_key(new.service), layout.wide(new.address)
    listed, number = _find(store, new.service, new.address)
    if listed:
        check_new(store, [new])
        return
    number = number or _take(store)
    base, memory = number * layout.LOCAL_ADDRESS_SIZE, store.array(_MAP).memory
    head = layout.LOCAL_ADDRESS.pack(wide, key, new.first, new.last, 0, 0, 0)[: layout.LOCAL_ADDRESS_FLAGS]
    memory[base : base + len(head)] = head
    _set_flags(store, number, layout.LOCAL_ADDRESS_LISTED)
    try:
        publish(store, store.find_service(key), key)
    except TableFull:
        _set_flags(store, number, 0)
        raise


def add_all(store: Store, wanted: Sequence[LocalAddress]) -> None:
    """Let a service use all of these or, where there is no room, none more than before. As `add` otherwise."""
    check_new(store, wanted)
    new = [each for each in wanted if not _find(store, each.service, each.address)[0]]
    for count, each in enumerate(new):
        try:
            add(store, each)
        except TableFull:
            for added in new[:count]:
                delete(store, added.service, added.address)
            raise


def delete(store: Store, service: ServiceKey, address: bytes) -> None:
    """Take one away; its connections go on. Under the lock. Raises NoSuchLocalAddress."""
    listed, number = _find(store, service, address)
    if not listed:
        raise NoSuchLocalAddress
    _set_flags(store, number, 0)
    key = pack_service_key(service)
    with suppress(TableFull):  # packets pass over it in the list that there is
        publish(store, store.find_service(key), key)


def publish(store: Store, service: int, key: bytes) -> None:
    """Let a service's new connections use what is configured for its key; number 0 is no service. Raises TableFull."""
    if not service:
        return
    listed = [
        number
        for number in _numbers(store)
        if _flags(store, number) & layout.LOCAL_ADDRESS_LISTED and _read(store, number)[1] == key
    ]
    old = store.range_of(service, layout.SERVICE_LOCAL_LIST)
    new = slots.write(store, listed)
    store.set_range(service, layout.SERVICE_LOCAL_LIST, *new)
    slots.give_back(store, *old)
    for dest in store.listed(service):
        store.set_dest_word(dest, layout.DEST_DRY, 0)  # it may have been found dry just now


def _has_others(store: Store, wanted: LocalAddress) -> bool:
    listed, number = _find(store, wanted.service, wanted.address)
    return listed and _read(store, number)[2:4] != (wanted.first, wanted.last)


def _find(store: Store, service: ServiceKey, address: bytes) -> tuple[bool, int]:
    """Whether a service has an address, and its number; also that of one which was taken away. 0: none."""
    wanted = layout.wide(address), pack_service_key(service)
    known = [number for number in _numbers(store) if _read(store, number)[:2] == wanted]
    listed = [number for number in known if _flags(store, number) & layout.LOCAL_ADDRESS_LISTED]
    return bool(listed), (listed or known or [0])[0]


def _numbers(store: Store) -> range:
    return range(1, store.kept(layout.LEDGER_LOCAL_ADDRESS_HIGH) + 1)


def _read(store: Store, number: int) -> tuple[bytes, bytes, int, int, int, int, int]:
    found: tuple[bytes, bytes, int, int, int, int, int] = layout.LOCAL_ADDRESS.unpack_from(
        store.array(_MAP).memory, number * layout.LOCAL_ADDRESS_SIZE
    )
    return found


def _flags(store: Store, number: int) -> int:
    return store.array(_MAP).words[(number * layout.LOCAL_ADDRESS_SIZE + layout.LOCAL_ADDRESS_FLAGS) >> 2]


def _set_flags(store: Store, number: int, flags: int) -> None:
    store.array(_MAP).words[(number * layout.LOCAL_ADDRESS_SIZE + layout.LOCAL_ADDRESS_FLAGS) >> 2] = flags


def _take(store: Store) -> int:
    """A number that is nobody's, and that no connection counts on."""
    for number in _numbers(store):
        _, _, _, _, flags, _, used = _read(store, number)
        if not flags and not used:
            return number
    number = store.kept(layout.LEDGER_LOCAL_ADDRESS_HIGH) + 1
    entries = store.array(_MAP).entries
    if number >= entries:
        raise TableFull(f"No room for another local address: the table holds {entries - 1}")
    store.keep(layout.LEDGER_LOCAL_ADDRESS_HIGH, number)
    return number
