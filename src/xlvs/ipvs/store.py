# SPDX-License-Identifier: Apache-2.0
"""The pinned maps as memory: arrays are mapped, and a change is a plain store that the packet path sees at once.

What the packet path reads as one word (ranges, flags) is stored as one word. Everything that changes more than one
place goes through `Store.edit`: it holds the director's lock, and an edit whose process died is repaired by the next.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from errno import ENOENT
from struct import pack
from typing import TYPE_CHECKING

from xlvs.ipvs import layout
from xlvs.linux import bpffs
from xlvs.linux.bpf_map import Map
from xlvs.model.errors import KernelError, OtherVersion, TableError, TableFull

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator


class Array:
    """One mapped array: `bytes` to slice, `words` (32 bits) and `longs` (64 bits) for single stores."""

    def __init__(self, path: str, value_size: int | None) -> None:
        with Map.from_pin(path) as opened:
            if value_size is not None and opened.value_size != value_size:
                raise OtherVersion(f"map {opened.info.name}")
            self.entries = opened.max_entries
            self.memory: mmap.mmap = opened.memory()
        whole = memoryview(self.memory)
        self.words = whole.cast("I")
        self.longs = whole.cast("Q")


class Store:
    """Everything of one director that user space edits."""

    def __init__(self, directory: str, *, any_version: bool = False) -> None:
        """Raises OtherVersion, unless `any_version`: for who removes the tables, whatever stands in them."""
        self.directory = directory
        self._any_version = any_version
        self.settings = self._array("settings")
        self.ledger = self._array("ledger")
        self.services = self._array("services")
        self.dests = self._array("dests")
        if self.kept(layout.LEDGER_LAYOUT) != layout.LAYOUT and not any_version:
            raise OtherVersion(f"layout {self.kept(layout.LEDGER_LAYOUT)}, not {layout.LAYOUT}")
        self._inode = os.stat(f"{directory}/ledger").st_ino
        self._depth = 0
        self._late: dict[str, Array] = {}
        self._maps: dict[str, Map] = {}

    def _array(self, name: str) -> Array:
        return Array(f"{self.directory}/{name}", None if self._any_version else layout.MAP_VALUES.get(name))

    def array(self, name: str) -> Array:
        """A mapped array that few commands need."""
        found = self._late.get(name)
        if found is None:
            found = self._late[name] = self._array(name)
        return found

    def room(self, name: str) -> int:
        """How many entries an array has, number 0 among them, without mapping it: that takes 7 ms for the connections."""
        found = self._late.get(name)
        return self.map(name).max_entries if found is None else found.entries

    def map(self, name: str) -> Map:
        """A map that is reached by system calls."""
        found = self._maps.get(name)
        if found is None:
            found = self._maps[name] = Map.from_pin(f"{self.directory}/{name}")
        return found

    # Single settings

    def setting(self, offset: int) -> int:
        """A 32-bit member of the settings."""
        return self.settings.words[offset >> 2]

    def set_setting(self, offset: int, value: int) -> None:
        """Store a 32-bit member of the settings."""
        self.settings.words[offset >> 2] = value

    def kept(self, offset: int) -> int:
        """A 32-bit member of the ledger."""
        return self.ledger.words[offset >> 2]

    def keep(self, offset: int, value: int) -> None:
        """Store a 32-bit member of the ledger."""
        self.ledger.words[offset >> 2] = value

    # Editing

    @contextmanager
    def edit(self) -> Iterator[None]:
        """Hold the director's lock; edits inside an edit share it."""
        if self._depth:
            yield
            return
        with bpffs.lock(self.directory):
            if self._is_removed():
                raise KernelError("editing the tables, which were removed meanwhile", ENOENT)
            if self.kept(layout.LEDGER_EDITING):
                from xlvs.ipvs.repair import repair

                repair(self)
            self.keep(layout.LEDGER_EDITING, 1)
            self._depth = 1
            try:
                yield
            except TableFull:
                raise  # found out amid the edit
            except TableError:
                self.keep(layout.LEDGER_EDITING, 0)  # refused before anything was changed
                raise
            finally:
                self._depth = 0
            # Not reached when something unforeseen went wrong amid the edit: the next one repairs.
            self.keep(layout.LEDGER_EDITING, 0)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep editors away while something longer is read; inside an edit that is so already."""
        if self._depth:
            yield
            return
        with bpffs.lock(self.directory, shared=True):
            yield

    def _is_removed(self) -> bool:
        """Whether the director was taken off the host since it was opened, made anew perhaps: these maps are nobody's."""
        try:
            return os.stat(f"{self.directory}/ledger").st_ino != self._inode
        except FileNotFoundError:
            return True

    # Numbers

    def service_flags(self, number: int) -> int:
        """Flags of a service; 0: the number is free."""
        return self.service_word(number, layout.SERVICE_FLAGS)

    def family_of(self, number: int) -> int:
        """Family of a service: 2 or 10."""
        return self.services.memory[number * layout.SERVICE_SIZE + layout.SERVICE_FAMILY]

    def count_service(self, number: int, by: int) -> None:
        """One service more or less of a family: with the last one, the family's packets pass untouched."""
        offset = layout.SETTINGS_SERVICES[self.family_of(number)]
        self.set_setting(offset, max(self.setting(offset) + by, 0))

    def count_engines(self) -> None:
        """Count the services with a persistence engine: with the last one, nobody looks for requests of servers."""
        last = (self.setting(layout.SETTINGS_SERVICE_HIGH) + 1) * layout.SERVICE_SIZE
        column = self.services.memory[layout.SERVICE_ENGINE : last : layout.SERVICE_SIZE]
        self.set_setting(layout.SETTINGS_SERVICES_ENGINE, len(column) - column.count(0))

    def find_service(self, key: bytes) -> int:
        """Number of a live service by its packed key, 0: none."""
        found = self.map("service_numbers").lookup(key)
        number = int.from_bytes(found, "little") if found else 0
        return number if number and self.service_flags(number) & layout.LIVE else 0

    def live_services(self) -> Iterator[int]:
        """Numbers of all live services, in table order."""
        words, step = self.services.words, layout.SERVICE_SIZE >> 2
        for number in range(1, self.setting(layout.SETTINGS_SERVICE_HIGH) + 1):
            if words[number * step + (layout.SERVICE_FLAGS >> 2)] & layout.LIVE:
                yield number

    def range_of(self, number: int, member: int) -> tuple[int, int]:
        """Start and length of a service's list or table."""
        word = self.services.longs[(number * layout.SERVICE_SIZE + member) >> 3]
        return word & 0xFFFFFFFF, word >> 32

    def set_range(self, number: int, member: int, start: int, length: int) -> None:
        """Store a range as one word."""
        self.services.longs[(number * layout.SERVICE_SIZE + member) >> 3] = length << 32 | start

    def listed(self, number: int) -> list[int]:
        """Numbers of a service's destinations, newest first."""
        start, length = self.range_of(number, layout.SERVICE_LIST)
        return self.array("slots").words[start : start + length].tolist() if length else []

    def service_word(self, number: int, member: int) -> int:
        """A 32-bit member of a service."""
        return self.services.words[(number * layout.SERVICE_SIZE + member) >> 2]

    def set_service_word(self, number: int, member: int, value: int) -> None:
        """Store a 32-bit member of a service."""
        self.services.words[(number * layout.SERVICE_SIZE + member) >> 2] = value

    def dest_word(self, number: int, member: int) -> int:
        """A 32-bit member of a destination."""
        return self.dests.words[(number * layout.DEST_SIZE + member) >> 2]

    def set_dest_word(self, number: int, member: int, value: int) -> None:
        """Store a 32-bit member of a destination."""
        self.dests.words[(number * layout.DEST_SIZE + member) >> 2] = value

    def dest_identity(self, number: int) -> bytes:
        """What makes a deleted destination the same when it is added again: service key, address and port."""
        base = number * layout.DEST_SIZE
        memory = self.dests.memory
        return (
            memory[base + layout.DEST_KEY : base + layout.DEST_KEY + layout.SERVICE_KEY.size] + memory[base : base + 18]
        )

    # Counters

    def dest_counters(self, number: int) -> list[int]:
        """What a destination counted since the beginning, summed up over the processors: five numbers."""
        values = self.map("dest_counters").lookup_cpus(pack("<I", number)) or []
        return [sum(column) for column in zip(*(layout.COUNTERS.unpack(value) for value in values), strict=True)]

    def estimates(self, name: str, number: int) -> tuple[int, ...]:
        """All twenty members of an estimate: seen, zero, base, rates."""
        return layout.ESTIMATE.unpack_from(self.array(name).memory, number * layout.ESTIMATE_SIZE)

    # The filter

    def mark_address(self, address: bytes, *, destination: bool) -> None:
        """Let packets to a virtual address, or from a destination's, be looked at. Bits are never taken back singly."""
        bit = layout.filter_bit(address)
        index = (layout.FILTER_WORDS if destination else 0) + (bit >> 6)
        longs = self.array("filter").longs
        word = longs[index]
        if not word >> (bit & 63) & 1:
            longs[index] = word | 1 << (bit & 63)
