# SPDX-License-Identifier: Apache-2.0
"""A BPF object file: open it, adjust it, load it, take its maps and programs."""

import ctypes
import os
from collections.abc import Iterator, Mapping
from ctypes import byref, c_size_t, c_uint32
from errno import ENOENT
from typing import Final, Self

from xlvs.linux.bpf_map import Map
from xlvs.linux.bpf_program import Program
from xlvs.linux.btf import Btf
from xlvs.linux.libbpf import check, check_pointer, library, take_messages
from xlvs.model.errors import KernelError

_CONSTANTS: Final = ".rodata"


class Object:
    """An opened object; everything up to `load` adjusts, everything after takes out.

    Maps and programs that it gives are borrowed: valid until `close`. What must live on is pinned or attached first.
    """

    def __init__(self, pointer: int, name: str) -> None:
        self._pointer: int | None = pointer
        self._library = library()
        self.name = name

    @classmethod
    def open(cls, path: str) -> Self:
        """Open a BPF ELF file."""
        take_messages()
        pointer = library().bpf_object__open_file(os.fsencode(path), None)
        return cls(check_pointer(f"opening {path}", pointer), path.rpartition("/")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free everything; harmless when repeated."""
        pointer, self._pointer = self._pointer, None
        if pointer:
            self._library.bpf_object__close(pointer)

    def map_names(self) -> list[str]:
        """Names of all maps, internal ones (`….rodata`) too."""
        return list(self._names("map"))

    def program_names(self) -> list[str]:
        """Names of all programs."""
        return list(self._names("program"))

    def btf(self) -> Btf:
        """The object's types, with the final offsets of its variables."""
        size = c_uint32()
        btf = check_pointer(f"reading the types of {self.name}", self._library.bpf_object__btf(self._pointer))
        return Btf(ctypes.string_at(self._library.btf__raw_data(btf, byref(size)), size.value))

    def set_constants(self, values: Mapping[str, bytes], section: str = _CONSTANTS) -> None:
        """Give `const volatile` variables (or, by `section`, `.data` or `.bss`) their values, before `load`.

        Raises KeyError for a variable that is not there, ValueError for a value of another size.
        """
        layout = self.btf().variables(section)
        size = c_size_t()
        start = self._library.bpf_map__initial_value(self._map(section), byref(size))
        for name, value in values.items():
            member = layout.member(name)
            if len(value) != member.size or member.offset + member.size > size.value:
                raise ValueError(f"{name} has {member.size} bytes, not {len(value)}")
            ctypes.memmove(start + member.offset, value, member.size)

    def entry_size(self, name: str) -> tuple[int, int]:
        """Bytes of a map's key and of its value, as the object declares them."""
        found = self._map(name)
        return self._library.bpf_map__key_size(found), self._library.bpf_map__value_size(found)

    def resize(self, name: str, max_entries: int) -> None:
        """Set a map's number of entries, before `load`."""
        check(f"resizing map {name}", self._library.bpf_map__set_max_entries(self._map(name), max_entries))

    def set_pin_path(self, name: str, path: str) -> None:
        """Before `load`: use the map pinned at `path`, which must fit, or make one and pin it there."""
        path_bytes = os.fsencode(path)
        check(f"naming the pin of map {name}", self._library.bpf_map__set_pin_path(self._map(name), path_bytes))

    def reuse(self, name: str, present: Map) -> None:
        """Before `load`: use this map instead of making one. Its size counts; its key and value must be the same."""
        check(f"reusing map {name}", self._library.bpf_map__reuse_fd(self._map(name), present.fd))

    def set_inner_map(self, name: str, sample: Map) -> None:
        """Before `load`: the shape of the maps inside a map of maps."""
        check(f"shaping map {name}", self._library.bpf_map__set_inner_map_fd(self._map(name), sample.fd))

    def skip_map(self, name: str) -> None:
        """Before `load`: do not make this map; no program that is loaded may use it."""
        check(f"leaving out map {name}", self._library.bpf_map__set_autocreate(self._map(name), 0))

    def set_autoload(self, name: str, *, enabled: bool) -> None:
        """Before `load`: load this program or leave it out."""
        check(f"choosing program {name}", self._library.bpf_program__set_autoload(self._program(name), enabled))

    def load(self) -> None:
        """Make the maps, have the programs verified and loaded.

        Raises KernelError, whose `details` hold the verifier's log.
        """
        take_messages()
        check(f"loading {self.name}", self._library.bpf_object__load(self._pointer))

    def map(self, name: str) -> Map:
        """A map of the loaded object (`.rodata`, `.bss` for the internal ones)."""
        return Map(check(f"map {name}", self._library.bpf_map__fd(self._map(name))), owned=False)

    def program(self, name: str) -> Program:
        """A program of the loaded object."""
        return Program(check(f"program {name}", self._library.bpf_program__fd(self._program(name))), owned=False)

    def _map(self, name: str) -> int:
        return self._find("map", name)

    def _program(self, name: str) -> int:
        return self._find("program", name)

    def _find(self, kind: str, name: str) -> int:
        found: int | None = getattr(self._library, f"bpf_object__find_{kind}_by_name")(self._pointer, name.encode())
        if not found:
            raise KernelError(f"{self.name} has no {kind} {name}", ENOENT)
        return found

    def _names(self, kind: str) -> Iterator[str]:
        following = getattr(self._library, f"bpf_object__next_{kind}")
        name_of = getattr(self._library, f"bpf_{kind}__name")
        found = following(self._pointer, None)
        while found:
            yield name_of(found).decode()
            found = following(self._pointer, found)
