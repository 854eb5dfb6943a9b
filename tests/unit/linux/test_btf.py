# SPDX-License-Identifier: Apache-2.0
"""Layouts that C declares once are read from the object as the compiler laid them out."""

import struct
from pathlib import Path

import pytest

from tests.unit.linux.probe import build
from xlvs.linux.btf import Btf, elf_section


@pytest.fixture(scope="module")
def btf(tmp_path_factory: pytest.TempPathFactory) -> Btf:
    """The types of the probe object."""
    return Btf.from_elf(build(tmp_path_factory.mktemp("probe")).read_bytes())


def raw_btf(types: bytes, strings: bytes) -> bytes:
    """A BTF blob of one type section and one string section."""
    return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings


def test_members_have_the_compilers_offsets_and_sizes(btf: Btf) -> None:
    """Nested structs, arrays, a pointer and the padding before it."""
    expected = {
        "client": (0, 20),
        "servers": (20, 60),
        "both": (80, 8),
        "low": (80, 4),
        "high": (84, 4),
        "few": (88, 4),
        "more": (88, 4),
        "name": (89, 8),
        "next": (104, 8),
        "verdict": (112, 4),
    }
    entry = btf.layout("entry")
    assert expected == entry.offsets()
    assert entry.size == 120


def test_an_array_tells_its_length_over_all_dimensions(btf: Btf) -> None:
    """`char name[2][4]` is eight characters, `struct end servers[3]` three structs."""
    assert btf.layout("entry").member("name").length == 8
    servers = btf.layout("entry").member("servers")
    assert (servers.length, servers.type_name) == (3, "end")


def test_a_dotted_path_reaches_into_a_nested_struct(btf: Btf) -> None:
    """Offsets count from the start of the outermost struct."""
    port = btf.layout("entry").member("client.port")
    assert (port.offset, port.size, port.type_name) == (16, 2, "__u16")
    assert btf.layout("entry").member("client.address.ip").type_name == "__be32"


def test_bit_fields_tell_their_bits(btf: Btf) -> None:
    """`few : 3, more : 5` share one byte."""
    entry = btf.layout("entry")
    assert (entry.member("few").bits, entry.member("few").bit_offset) == (3, 0)
    assert (entry.member("more").bits, entry.member("more").bit_offset) == (5, 3)


def test_enums_give_names_and_signed_values(btf: Btf) -> None:
    """A verdict of -1 is -1 whatever the compiler says about its sign."""
    expected = {"VERDICT_GO_ON": -1, "VERDICT_DROP": 2}
    assert expected == btf.enum("verdict")
    assert expected == btf.constants()


def test_64_bit_enums_are_read_whole() -> None:
    """BTF_KIND_ENUM64 splits a value into two halves, signed when the kind flag says so."""
    strings = b"\0wide\0BIG\0LOW\0"
    body = struct.pack("<IIIIII", 6, 0x9ABC, 0x1234, 10, 0xFFFFFFFF, 0xFFFFFFFF)
    unsigned = struct.pack("<III", 1, 19 << 24 | 2, 8) + body
    signed = struct.pack("<III", 1, 1 << 31 | 19 << 24 | 2, 8) + body
    assert Btf(raw_btf(unsigned, strings)).enum("wide") == {"BIG": 0x123400009ABC, "LOW": (1 << 64) - 1}
    assert Btf(raw_btf(signed, strings)).enum("wide") == {"BIG": 0x123400009ABC, "LOW": -1}


@pytest.mark.parametrize("name", ["missing", "verdict", ""])
def test_an_unknown_struct_is_a_key_error(btf: Btf, name: str) -> None:
    """Also the name of something that is no struct."""
    with pytest.raises(KeyError):
        btf.layout(name)


@pytest.mark.parametrize("path", ["missing", "client.missing", "next.client"])
def test_an_unknown_member_is_a_key_error(btf: Btf, path: str) -> None:
    """A pointer is not followed."""
    with pytest.raises(KeyError):
        btf.layout("entry").member(path)


@pytest.mark.parametrize("raw", [b"", b"\x9f\xeb", bytes(24), b"\0" * 100])
def test_what_is_no_btf_is_refused(raw: bytes) -> None:
    """Neither a short nor a foreign blob is taken for one."""
    with pytest.raises(ValueError, match="no BTF"):
        Btf(raw)


def test_sections_are_found_by_name(tmp_path: Path) -> None:
    """The licence section is there, another is not, and a text file has none."""
    image = build(tmp_path).read_bytes()
    assert elf_section(image, "license") == b"Dual MIT/GPL\0"
    with pytest.raises(KeyError):
        elf_section(image, ".missing")
    with pytest.raises(ValueError, match="ELF"):
        elf_section(b"text", "license")
