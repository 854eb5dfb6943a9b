# SPDX-License-Identifier: Apache-2.0
"""BTF, the type description in a BPF object (Documentation/bpf/btf.rst): struct layouts, enums, variables.

C declares a layout once; this reads it, so that the Python side can take it over or be checked against it.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

_MAGIC: Final = 0xEB9F
_HEADER: Final = struct.Struct("<HBBIIIII")
_TYPE: Final = struct.Struct("<III")
_TRIPLE: Final = struct.Struct("<III")
_ENUM: Final = struct.Struct("<Ii")
_ELF_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_ELF_SECTION: Final = struct.Struct("<IIQQQQIIQQ")


class Kind(IntEnum):
    """BTF_KIND_*."""

    VOID = 0
    INT = 1
    POINTER = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FORWARD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNCTION = 12
    FUNCTION_PROTOTYPE = 13
    VARIABLE = 14
    DATA_SECTION = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


_FIXED_TAIL: Final = {Kind.INT: 4, Kind.ARRAY: 12, Kind.VARIABLE: 4, Kind.DECL_TAG: 4}
_ITEM_TAIL: Final = {
    Kind.STRUCT: 12,
    Kind.UNION: 12,
    Kind.ENUM: 8,
    Kind.FUNCTION_PROTOTYPE: 8,
    Kind.DATA_SECTION: 12,
    Kind.ENUM64: 12,
}
_ALIASES: Final = frozenset((Kind.TYPEDEF, Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG))
_POINTER_SIZE: Final = 8


class Member(NamedTuple):
    """One member of a struct: `offset` and `size` in bytes; `length` is 0 unless it is an array of that many elements.

    `type_name` is the element's type with typedefs kept (`__be32`) and qualifiers dropped. A bit-field has `bits` > 0
    and starts `bit_offset` bits into the byte at `offset`. `layout` describes the element when it is a struct or union.
    """

    name: str
    offset: int
    size: int
    type_name: str
    length: int = 0
    bits: int = 0
    bit_offset: int = 0
    layout: "Layout | None" = None


class Layout(NamedTuple):
    """A struct or union: size in bytes, members in order; those of anonymous inner structs and unions stand inline."""

    name: str
    size: int
    members: tuple[Member, ...]

    def member(self, path: str) -> Member:
        """The member `a`, or `a.b` inside the struct `a`, with its offset from the start of this struct (KeyError)."""
        first, _, rest = path.partition(".")
        for found in self.members:
            if found.name == first:
                if not rest:
                    return found
                if found.layout is None:
                    break
                inner = found.layout.member(rest)
                return inner._replace(name=path, offset=found.offset + inner.offset)
        raise KeyError(f"struct {self.name} has no member {path}")

    def offsets(self) -> dict[str, tuple[int, int]]:
        """{member: (offset, size)}, the form to compare a Python layout with."""
        return {member.name: (member.offset, member.size) for member in self.members}


class _Type(NamedTuple):
    name: str
    kind: Kind
    flag: bool
    items: int
    value: int  # size in bytes, or the type referred to
    tail: int  # where the kind's own data starts


class Btf:
    """Parsed BTF. Raises ValueError when `raw` is none."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) < _HEADER.size:
            raise ValueError("no BTF: too short")
        magic, _, _, header, type_offset, type_length, string_offset, string_length = _HEADER.unpack_from(raw)
        if magic != _MAGIC:
            raise ValueError("no BTF: wrong magic number")
        self._raw = raw
        self._strings = raw[header + string_offset : header + string_offset + string_length]
        self._types = [_Type("void", Kind.VOID, flag=False, items=0, value=0, tail=0)]
        self._types.extend(self._parse(header + type_offset, header + type_offset + type_length))
        self._names = {(t.name, t.kind): number for number, t in enumerate(self._types) if t.name}

    @classmethod
    def from_elf(cls, image: bytes) -> "Btf":
        """The `.BTF` section of an object file. Offsets of variables are only final in an opened `Object`'s BTF."""
        return cls(elf_section(image, ".BTF"))

    def layout(self, name: str) -> Layout:
        """The struct, union, or typedef of one that is called `name` (KeyError)."""
        for kind in (Kind.STRUCT, Kind.UNION, Kind.TYPEDEF):
            number = self._names.get((name, kind))
            if number is not None:
                return self._layout(self._resolve(number))._replace(name=name)
        raise KeyError(f"no struct {name} in the BTF")

    def enum(self, name: str) -> dict[str, int]:
        """{constant: value} of the enum called `name` (KeyError)."""
        for kind in (Kind.ENUM, Kind.ENUM64, Kind.TYPEDEF):
            number = self._names.get((name, kind))
            if number is not None:
                return dict(self._constants(self._types[self._resolve(number)]))
        raise KeyError(f"no enum {name} in the BTF")

    def constants(self) -> dict[str, int]:
        """{constant: value} over all enums, the anonymous ones too."""
        enums = (each for each in self._types if each.kind in (Kind.ENUM, Kind.ENUM64))
        return {name: value for each in enums for name, value in self._constants(each)}

    def variables(self, section: str) -> Layout:
        """The variables of a data section (`.rodata`, `.bss`) in the form of a struct (KeyError)."""
        number = self._names.get((section, Kind.DATA_SECTION))
        if number is None:
            raise KeyError(f"no section {section} in the BTF")
        found = self._types[number]
        members = []
        for type_number, offset, _ in self._triples(found):
            variable = self._types[type_number]
            members.append(self._member(variable.name, variable.value, offset * 8))
        return Layout(section, found.value, tuple(members))

    def _parse(self, position: int, end: int) -> Iterator[_Type]:
        while position < end:
            name, info, value = _TYPE.unpack_from(self._raw, position)
            kind, count = Kind(info >> 24 & 0x1F), info & 0xFFFF
            position += _TYPE.size
            yield _Type(self._string(name), kind, bool(info >> 31), count, value, position)
            position += _FIXED_TAIL.get(kind, 0) + _ITEM_TAIL.get(kind, 0) * count

    def _string(self, offset: int) -> str:
        return self._strings[offset : self._strings.index(b"\0", offset)].decode()

    def _triples(self, of: _Type) -> Iterator[tuple[int, int, int]]:
        return _TRIPLE.iter_unpack(self._raw[of.tail : of.tail + of.items * _TRIPLE.size])

    def _constants(self, of: _Type) -> Iterator[tuple[str, int]]:
        if of.kind is Kind.ENUM64:
            for name, low, high in self._triples(of):
                value = high << 32 | low
                yield self._string(name), value - (1 << 64) if of.flag and value >> 63 else value
            return
        for name, value in _ENUM.iter_unpack(self._raw[of.tail : of.tail + of.items * _ENUM.size]):
            yield self._string(name), value  # clang before 16 marks no enum as signed, so all count as such

    def _resolve(self, number: int) -> int:
        """Behind typedefs and qualifiers."""
        while self._types[number].kind in _ALIASES:
            number = self._types[number].value
        return number

    def _layout(self, number: int) -> Layout:
        found = self._types[number]
        return Layout(found.name, found.value, tuple(self._members(found, 0)))

    def _members(self, of: _Type, base_bits: int) -> Iterator[Member]:
        for name, type_number, where in self._triples(of):
            bits = where >> 24 if of.flag else 0
            start = base_bits + (where & 0xFFFFFF if of.flag else where)
            if name:
                yield self._member(self._string(name), type_number, start, bits)
            else:
                yield from self._members(self._types[self._resolve(type_number)], start)

    def _member(self, name: str, type_number: int, start: int, bits: int = 0) -> Member:
        element, count = self._element(type_number)
        resolved = self._types[self._resolve(element)]
        layout = self._layout(self._resolve(element)) if resolved.kind in (Kind.STRUCT, Kind.UNION) else None
        size = self._size(type_number)
        return Member(name, start // 8, size, self._type_name(element), count, bits, start % 8, layout)

    def _element(self, number: int) -> tuple[int, int]:
        """An array's element type and how many there are over all its dimensions; 0 when it is no array."""
        count = 0
        while self._types[self._resolve(number)].kind is Kind.ARRAY:
            number, _, length = _TRIPLE.unpack_from(self._raw, self._types[self._resolve(number)].tail)
            count = (count or 1) * length
        return number, count

    def _size(self, number: int) -> int:
        found = self._types[self._resolve(number)]
        if found.kind is Kind.ARRAY:
            element, _, length = _TRIPLE.unpack_from(self._raw, found.tail)
            return self._size(element) * int(length)
        return _POINTER_SIZE if found.kind is Kind.POINTER else found.value

    def _type_name(self, number: int) -> str:
        found = self._types[number]
        while found.kind in _ALIASES and found.kind is not Kind.TYPEDEF:
            found = self._types[found.value]
        return self._type_name(found.value) + " *" if found.kind is Kind.POINTER else found.name


def elf_section(image: bytes, name: str) -> bytes:
    """One section of a little-endian 64-bit ELF file (KeyError when it has none; ValueError when it is no such file)."""
    if image[:6] != b"\x7fELF\x02\x01" or len(image) < _ELF_HEADER.size:
        raise ValueError("not a little-endian 64-bit ELF file")
    fields = _ELF_HEADER.unpack_from(image)
    table, entry_size, count, names_index = fields[6], fields[11], fields[12], fields[13]
    sections = [_ELF_SECTION.unpack_from(image, table + index * entry_size) for index in range(count)]
    names = sections[names_index]
    for section in sections:
        start = names[4] + section[0]
        if image[start : image.index(b"\0", start)] == name.encode():
            return image[section[4] : section[4] + section[5]]
    raise KeyError(f"no section {name}")
