# SPDX-License-Identifier: Apache-2.0
"""BPF maps: single entries, batches, shared memory.

Keys and values are `bytes` of exactly `key_size` and `value_size`; a wrong length is refused here, since the kernel
would read past the end of a short buffer.
"""

import ctypes
import mmap
from collections.abc import Collection, Iterator, Sequence
from ctypes import byref, c_uint32, c_uint64, create_string_buffer
from errno import EFAULT, ENOENT, ENOSPC
from typing import Final, Self

from xlvs.linux.handle import Handle, open_pin
from xlvs.linux.kernel_info import MapInfo, map_info
from xlvs.linux.libbpf import check, failure, library, possible_cpus

ANY: Final = 0
NO_EXIST: Final = 1
EXIST: Final = 2
LOCK: Final = 4

TYPE_HASH: Final = 1
TYPE_ARRAY: Final = 2
TYPE_PERCPU_HASH: Final = 5
TYPE_PERCPU_ARRAY: Final = 6
TYPE_LRU_HASH: Final = 9
TYPE_LRU_PERCPU_HASH: Final = 10
TYPE_RINGBUF: Final = 27
F_NO_PREALLOC: Final = 1 << 0
F_MMAPABLE: Final = 1 << 10
F_INNER_MAP: Final = 1 << 12

_PER_CPU: Final = frozenset((TYPE_PERCPU_HASH, TYPE_PERCPU_ARRAY, TYPE_LRU_PERCPU_HASH))
_BATCH: Final = 4096


class _BatchOptions(ctypes.Structure):
    _fields_ = [("sz", ctypes.c_size_t), ("elem_flags", c_uint64), ("flags", c_uint64)]


class _CreateOptions(ctypes.Structure):
    _fields_ = [
        ("sz", ctypes.c_size_t),
        ("btf_fd", c_uint32),
        ("btf_key_type_id", c_uint32),
        ("btf_value_type_id", c_uint32),
        ("btf_vmlinux_value_type_id", c_uint32),
        ("inner_map_fd", c_uint32),
        ("map_flags", c_uint32),
        ("map_extra", c_uint64),
        ("numa_node", c_uint32),
        ("map_ifindex", c_uint32),
    ]


class Map(Handle):
    """A map of the kernel. `slot_size` is what one value takes in a transfer: for per-CPU maps, all CPUs' values."""

    def __init__(self, fd: int, *, owned: bool = True) -> None:
        super().__init__(fd, owned=owned)
        self.info: MapInfo = map_info(fd)
        self.key_size = self.info.key_size
        self.value_size = self.info.value_size
        self.max_entries = self.info.max_entries
        self.per_cpu = self.info.type in _PER_CPU
        self.stride = (self.value_size + 7) & ~7
        self.slot_size = self.stride * possible_cpus() if self.per_cpu else self.value_size
        self._slot = ctypes.c_char * self.slot_size
        self._library = library()

    @classmethod
    def from_pin(cls, path: str) -> Self:
        """Open the map pinned at `path`."""
        return cls(open_pin(path))

    @classmethod
    def from_id(cls, map_id: int) -> Self:
        """Open the map with the kernel-wide number `map_id`."""
        return cls(check(f"opening map {map_id}", library().bpf_map_get_fd_by_id(map_id)))

    @classmethod
    def create(
        cls, kind: int, name: str, key_size: int, value_size: int, max_entries: int, *, flags: int = 0, inner: int = 0
    ) -> Self:
        """Make a map without a BPF object; `inner` is the descriptor of a sample inner map for a map of maps."""
        options = _CreateOptions(sz=ctypes.sizeof(_CreateOptions), map_flags=flags, inner_map_fd=inner)
        create = library().bpf_map_create
        fd = create(kind, name.encode(), key_size, value_size, max_entries, byref(options))
        return cls(check(f"creating map {name}", fd))

    def lookup(self, key: bytes) -> bytes | None:
        """The value of `key`, None when there is none; a per-CPU map gives all CPUs' values one after another."""
        self._need_key(key)
        slot = self._slot()
        result: int = self._library.bpf_map_lookup_elem(self.fd, key, slot)
        if result == 0:
            return bytes(slot.raw)
        self._absent("reading", result)
        return None

    def lookup_cpus(self, key: bytes) -> list[bytes] | None:
        """The value of `key` on every possible CPU, or None."""
        whole = self.lookup(key)
        if whole is None:
            return None
        return [whole[start : start + self.value_size] for start in range(0, len(whole), self.stride)]

    def update(self, key: bytes, value: bytes, flags: int = ANY) -> None:
        """Write one entry. Raises KernelError with EEXIST (NO_EXIST), ENOENT (EXIST), or E2BIG when the map is full."""
        self._need_key(key)
        if len(value) != self.slot_size:
            raise ValueError(f"map {self.info.name}: value of {len(value)} bytes, not {self.slot_size}")
        result: int = self._library.bpf_map_update_elem(self.fd, key, value, flags)
        if result:
            raise failure(f"writing map {self.info.name}", -result)

    def update_cpus(self, key: bytes, values: Sequence[bytes], flags: int = ANY) -> None:
        """Write one value per possible CPU."""
        self.update(key, b"".join(value.ljust(self.stride, b"\0") for value in values), flags)

    def delete(self, key: bytes) -> bool:
        """Remove one entry; False when there was none."""
        self._need_key(key)
        result: int = self._library.bpf_map_delete_elem(self.fd, key)
        if result:
            self._absent("deleting from", result)
        return result == 0

    def pop(self, key: bytes) -> bytes | None:
        """Read and remove one entry in one step (hash maps), None when there was none."""
        self._need_key(key)
        slot = self._slot()
        result: int = self._library.bpf_map_lookup_and_delete_elem(self.fd, key, slot)
        if result == 0:
            return bytes(slot.raw)
        self._absent("deleting from", result)
        return None

    def keys(self) -> Iterator[bytes]:
        """Every key, one call each. The key last given may be deleted meanwhile; other deletions may restart a hash."""
        step = self._library.bpf_map_get_next_key
        buffer = create_string_buffer(self.key_size)
        result = step(self.fd, None, buffer)
        while result == 0:
            key = buffer.raw
            result = step(self.fd, key, buffer)
            yield key
        self._absent("listing", result)

    def items(self, chunk: int = _BATCH) -> Iterator[tuple[bytes, bytes]]:
        """Every entry as (key, value), read in batches."""
        key_size, slot = self.key_size, self.slot_size
        for keys, values in self.batches(chunk):
            for index in range(len(keys) // key_size):
                yield (
                    keys[index * key_size : (index + 1) * key_size],
                    values[index * slot : (index + 1) * slot],
                )

    def batches(self, chunk: int = _BATCH, *, delete: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Every entry as (concatenated keys, concatenated values); with `delete`, removed as they are read.

        `chunk` grows by itself when a bucket of a hash holds more entries than it.
        """
        name = "bpf_map_lookup_and_delete_batch" if delete else "bpf_map_lookup_batch"
        read = getattr(self._library, name)
        position, following = None, create_string_buffer(max(self.key_size, 8))
        result = 0
        while result == 0:
            keys = create_string_buffer(self.key_size * chunk)
            values = create_string_buffer(self.slot_size * chunk)
            count = c_uint32(chunk)
            result = read(self.fd, position, following, keys, values, byref(count), None)
            if result == -ENOSPC:
                chunk, result = chunk * 2, 0
                continue
            if result not in (0, -ENOENT):
                raise failure(f"listing map {self.info.name}", -result)
            if count.value:
                yield keys.raw[: count.value * self.key_size], values.raw[: count.value * self.slot_size]
            position = following.raw

    def update_batch(self, keys: bytes, values: bytes, flags: int = ANY) -> int:
        """Write entries given as concatenated keys and values; returns how many. Stops with an error at the first bad."""
        count = c_uint32(self._count(keys))
        if len(values) != count.value * self.slot_size:
            raise ValueError(f"map {self.info.name}: {len(values)} bytes of values for {count.value} keys")
        options = _BatchOptions(sz=ctypes.sizeof(_BatchOptions), elem_flags=flags)
        if count.value:
            result = self._library.bpf_map_update_batch(self.fd, keys, values, byref(count), byref(options))
            check(f"writing map {self.info.name}", result)
        return count.value

    def delete_batch(self, keys: bytes) -> int:
        """Remove entries given as concatenated keys; returns how many. A key that is not there is passed over."""
        remaining, deleted = keys, 0
        while remaining:
            count = c_uint32(self._count(remaining))
            result = self._library.bpf_map_delete_batch(self.fd, remaining, byref(count), None)
            # On EFAULT the kernel has not written the count, so it must not be trusted.
            if result == -EFAULT or result not in (0, -ENOENT):
                raise failure(f"deleting from map {self.info.name}", -result)
            deleted += count.value
            if result == 0:
                break
            remaining = remaining[(count.value + 1) * self.key_size :]
        return deleted

    def clear(self) -> None:
        """Remove every entry (hash maps)."""
        for _ in self.batches(delete=True):
            pass

    def hold(self, keys: Collection[bytes], value: bytes) -> None:
        """Make its keys these, without a moment at which one that stays is gone; `value` for new ones."""
        present = set(self.keys())
        for key in set(keys) - present:
            self.update(key, value)
        for key in present.difference(keys):
            self.delete(key)

    def memory(self, *, writable: bool = True) -> mmap.mmap:
        """The values of an F_MMAPABLE array as shared memory; entry i starts at i * `stride`. The caller closes it."""
        length = self.stride * self.max_entries
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        try:
            return mmap.mmap(self.fd, length, mmap.MAP_SHARED, protection)
        except OSError as error:
            raise failure(f"mapping map {self.info.name} into memory", error.errno or 0) from None

    def freeze(self) -> None:
        """Make the map read-only for user space, for good."""
        check(f"freezing map {self.info.name}", self._library.bpf_map_freeze(self.fd))

    def _need_key(self, key: bytes) -> None:
        if len(key) != self.key_size:
            raise ValueError(f"map {self.info.name}: key of {len(key)} bytes, not {self.key_size}")

    def _count(self, keys: bytes) -> int:
        count, rest = divmod(len(keys), self.key_size)
        if rest:
            raise ValueError(f"map {self.info.name}: {len(keys)} bytes are no whole number of keys")
        return count

    def _absent(self, verb: str, result: int) -> None:
        if result != -ENOENT:
            raise failure(f"{verb} map {self.info.name}", -result)
