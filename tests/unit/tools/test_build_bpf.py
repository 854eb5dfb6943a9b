# SPDX-License-Identifier: Apache-2.0
"""What makes an object be built again, and what a user is told when it cannot be."""

from pathlib import Path

import build_bpf
import pytest

# Stands in for clang: writes its source into the object (the last argument, after -o), or refuses a source that says so.
COMPILER = """#!/bin/sh
while [ $# -gt 2 ]; do [ "$1" != -c ] || source=$2; shift; done
if grep -q MISTAKE "$source"; then echo "$source:1: expected ';'" >&2; exit 1; fi
echo run >> runs
cp "$source" "$2"
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one program and one header, with a clang that notes its runs."""
    (tmp_path / "bpf" / "ipvs").mkdir(parents=True)
    (tmp_path / "bpf" / "director.bpf.c").write_text("int program;\n")
    (tmp_path / "bpf" / "ipvs" / "types.h").write_text("struct key;\n")
    (tmp_path / "headers" / "bpf").mkdir(parents=True)
    (tmp_path / "headers" / "bpf" / "bpf_helpers.h").touch()
    clang = tmp_path / "clang"
    clang.write_text(COMPILER)
    clang.chmod(0o755)
    monkeypatch.setenv("CLANG", str(clang))
    monkeypatch.setattr(build_bpf, "HEADER_PLACES", [tmp_path / "headers"])
    return tmp_path


def build(checkout: Path) -> list[Path]:
    """Build into the checkout's own folder."""
    return build_bpf.build(checkout, checkout / "out")


def runs(checkout: Path) -> int:
    """How often the compiler ran."""
    return len((checkout / "runs").read_text().splitlines())


def test_object_stands_beside_its_name(checkout: Path) -> None:
    """`x.bpf.c` becomes `x.bpf.o`, whole and alone."""
    assert build(checkout) == [checkout / "out" / "director.bpf.o"]
    assert sorted(path.name for path in (checkout / "out").iterdir()) == ["director.bpf.o", "director.bpf.stamp"]


def test_nothing_changed_builds_nothing(checkout: Path) -> None:
    """A second build finds the object good, even if every file has a new date."""
    build(checkout)
    (checkout / "bpf" / "director.bpf.c").touch()
    build(checkout)
    assert runs(checkout) == 1


@pytest.mark.parametrize("changed", ["bpf/director.bpf.c", "bpf/ipvs/types.h", "bpf/ipvs/new.h"])
def test_changed_source_or_header_builds_again(checkout: Path, changed: str) -> None:
    """A program depends on its source and on every header."""
    build(checkout)
    (checkout / changed).write_text("int other;\n")
    build(checkout)
    assert runs(checkout) == 2


def test_changed_flags_build_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object made by another command line is not the one asked for."""
    build(checkout)
    monkeypatch.setattr(build_bpf, "FLAGS", ["-O1"])
    build(checkout)
    assert runs(checkout) == 2


def test_mistake_is_shown_and_keeps_the_last_good_object(checkout: Path) -> None:
    """The compiler's own words reach the user, and whoever loads the object still can."""
    [target] = build(checkout)
    (checkout / "bpf" / "director.bpf.c").write_text("MISTAKE\n")
    with pytest.raises(build_bpf.BuildError, match=r"director\.bpf\.c:1: expected ';'"):
        build(checkout)
    assert target.read_text() == "int program;\n"


def test_object_of_a_deleted_program_goes(checkout: Path) -> None:
    """A program that is no more leaves no object that could be loaded by mistake."""
    build(checkout)
    (checkout / "bpf" / "director.bpf.c").rename(checkout / "bpf" / "other.bpf.c")
    build(checkout)
    assert [path.name for path in (checkout / "out").glob("*.o")] == ["other.bpf.o"]


def test_missing_headers_name_their_package(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libbpf's headers the user learns what to install."""
    monkeypatch.setattr(build_bpf, "HEADER_PLACES", [checkout / "nowhere"])
    with pytest.raises(build_bpf.BuildError, match="apt-get install libbpf-dev"):
        build(checkout)


def test_no_compiler_names_both(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without clang and ziglang the user learns that either would do."""
    monkeypatch.setenv("CLANG", str(checkout / "nowhere"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(build_bpf.BuildError, match="apt-get install clang, or pip install ziglang"):
        build(checkout)
