# SPDX-License-Identifier: Apache-2.0
"""The tables of a director, copied into maps of our own: what a packet can find there, and nothing else.

Mapped arrays are copied as memory, the rest in batches. The director's packets go on meanwhile: what one of them changes
is in the copy or not yet, as a packet that comes at this moment would see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.ipvs import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlvs.ipvs.store import Store
    from xlvs.linux.bpf import Map

_ARRAYS: Final = ("tunnel_ways", "index_states", "buckets", "datagrams", "clockworks")
_HASHES: Final = ("path_mtus", "service_numbers", "calls", "localities", "fragments", "pieces")
_SINGLY: Final = ("mark_ranges", "xdp_ports")  # of kinds that the kernel does not give or take in batches
_SLOTS_PER_LINE: Final = 16
# Where an editor among the packets holds its lock, in a value: the copy of a held one would be held for ever.
_LOCKS: Final = {"datagrams": 40, "localities": 8}


class Copy(NamedTuple):
    """What packets find: the copied arrays as bytes, in the layouts of `xlvs.ipvs.layout`."""

    settings: bytes
    filter: bytes
    services: bytes
    dests: bytes
    slots: bytes
    conns: bytes
    pool: bytes

    def connection(self, number: int) -> bytes:
        """One connection, empty where none was ever."""
        return self.conns[number * layout.CONN_SIZE : (number + 1) * layout.CONN_SIZE]


def copy_tables(store: Store, target: Mapping[str, Map]) -> Copy:
    """Copy what is in use of every map into the target of the same name. Under the director's lock, for reading."""
    for name in _ARRAYS:  # the index first: where it leads is there when the connections are copied
        _copy_entries(store.map(name), target[name], name)
    for name in _HASHES:
        target[name].clear()
        _copy_entries(store.map(name), target[name], name)
    for name in _SINGLY:
        if name in target:
            _copy_singly(store.map(name), target[name])
    copied = {}
    for name, entries in _used(store, store.array("pool").words[0]).items():
        copied[name] = store.array(name).memory[: entries * target[name].stride]
        with target[name].memory() as memory:
            memory[: len(copied[name])] = copied[name]
    return Copy(*(copied[name] for name in Copy._fields))


def read_tables(store: Store, target: Mapping[str, Map]) -> Copy:
    """What packets find in the target now, after others."""
    found = {}
    high = int.from_bytes((target["pool"].lookup(bytes(4)) or b"")[:4], "little")
    for name, entries in _used(store, high).items():
        with target[name].memory(writable=False) as memory:
            found[name] = memory[: entries * target[name].stride]
    return Copy(*(found[name] for name in Copy._fields))


def _used(store: Store, conns_high: int) -> dict[str, int]:
    """Mapped arrays, and how many of their entries may be in use."""
    return {
        "settings": 1,
        "filter": 1,
        "hops": store.room("hops"),
        "services": store.setting(layout.SETTINGS_SERVICE_HIGH) + 1,
        "dests": store.setting(layout.SETTINGS_DEST_HIGH) + 1,
        "slots": min(store.kept(layout.LEDGER_SLOT_NEXT) // _SLOTS_PER_LINE + 1, store.room("slots")),
        "local_addresses": store.kept(layout.LEDGER_LOCAL_ADDRESS_HIGH) + 1,
        "pool": 1,
        "conns": min(conns_high + 1, store.room("conns")),
    }


def _copy_entries(source: Map, target: Map, name: str) -> None:
    lock = _LOCKS.get(name)
    for keys, values in source.batches():
        target.update_batch(keys, values if lock is None else _unlocked(values, target.slot_size, lock))


def _copy_singly(source: Map, target: Map) -> None:
    for key in list(target.keys()):
        target.delete(key)
    for key in list(source.keys()):
        value = source.lookup(key)
        if value is not None:
            target.update(key, value)


def _unlocked(values: bytes, size: int, lock: int) -> bytes:
    changed = bytearray(values)
    for start in range(lock, len(changed), size):
        changed[start : start + 4] = bytes(4)
    return bytes(changed)
