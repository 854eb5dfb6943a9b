# SPDX-License-Identifier: Apache-2.0
"""The program around the commands: streams, rights, errors."""

from __future__ import annotations

import errno
import io
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests.oracle.replay.server import Names
from xlvs.ipvs.memory import MemoryTables
from xlvs.ipvsadm import main as program
from xlvs.ipvsadm.main import run, run_here, standard_input
from xlvs.ipvsadm.save import main_save
from xlvs.linux import capability
from xlvs.model.errors import NotSupported, PermissionDenied
from xlvs.model.settings import SyncDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator


class Without(MemoryTables):
    """Tables of a version that has no daemons."""

    def start_daemon(self, daemon: SyncDaemon) -> None:
        """Refuse."""
        raise NotSupported("the daemon", f"{daemon.role} is not written yet")


def call(words: str, tables: MemoryTables, *portions: list[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of one command line."""
    stdout, stderr = io.StringIO(), io.StringIO()
    code = run(words.split(), tables, portions, stdout, stderr, Names())
    return code, stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> MemoryTables:
    """Tables in place of this host's, and the rights to them."""
    tables = MemoryTables()
    stand_in = ModuleType("xlvs.ipvs.pinned")
    vars(stand_in)["open_tables"] = lambda: tables
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    monkeypatch.setattr(capability, "require_rights", lambda _operation: None)
    return tables


def test_a_feature_that_is_missing_is_said_plainly() -> None:
    """With a non-zero exit."""
    code, _, errors = call("--start-daemon master", Without())
    assert code != 0
    assert errors == "the daemon is not available: master is not written yet\n"


def test_input_goes_on_after_what_the_tables_refuse() -> None:
    """A missing feature is no more than a refusal."""
    tables = Without()
    code, _, errors = call("-R", tables, ["--start-daemon master", "-A -t 10.0.0.1:80"])
    assert (code, errors.count("\n")) == (0, 1)
    assert len(list(tables.services())) == 1


def test_each_portion_of_input_is_carried_out_as_it_arrives() -> None:
    """Nothing waits for the end of input."""
    tables = MemoryTables()

    def arriving() -> Iterator[list[str]]:
        yield ["-A -t 10.0.0.1:80"]
        assert len(list(tables.services())) == 1
        yield ["-A -t 10.0.0.2:80"]

    assert run(["-R"], tables, arriving(), io.StringIO(), io.StringIO(), Names()) == 0
    assert len(list(tables.services())) == 2


def test_without_rights_nothing_is_looked_at(
    here: MemoryTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even help is given."""
    assert here is not None

    def refuse(operation: str) -> None:
        raise PermissionDenied(operation)

    monkeypatch.setattr(capability, "require_rights", refuse)
    assert run_here([["-h"]], ()) == 2
    assert capsys.readouterr() == (
        "",
        (
            "Can't initialize ipvs: Permission denied (you must be root)\n"
            "Are you sure that IP Virtual Server is built in the kernel or as module?\n"
        ),
    )


def test_tables_that_cannot_be_opened_are_explained_once(
    here: MemoryTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence with the remedy; help needs no tables."""
    assert here is not None

    def refuse() -> MemoryTables:
        raise NotSupported("xlvs", "this is Linux 4.19", "boot a newer kernel")

    monkeypatch.setattr(sys.modules["xlvs.ipvs.pinned"], "open_tables", refuse)
    assert run_here([["-Ln"]], ()) == 2
    assert capsys.readouterr().err == (
        "Can't initialize ipvs: xlvs is not available: this is Linux 4.19 (boot a newer kernel)\n"
    )
    assert run_here([["-v"]], ()) == 0


def test_several_command_lines_give_the_last_ones_code(here: MemoryTables) -> None:
    """As ipvsadm-restore needs it."""
    assert run_here([["-D", "-t", "10.0.0.1:80"], ["-A", "-t", "10.0.0.1:80"]], ()) == 0
    assert len(list(here.services())) == 1


class FullDisk(io.StringIO):
    """Takes what is written, but cannot keep it."""

    def flush(self) -> None:
        """Fail."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_an_error(
    here: MemoryTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules that were not saved must not look saved."""
    assert here is not None
    monkeypatch.setattr("xlvs.linux.streams.drop_output", lambda: None)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", FullDisk())
        assert run_here([["-v"]], ()) == 1
    assert capsys.readouterr().err == "ipvsadm: No space left on device\n"


def test_input_arrives_in_lines_whatever_bytes_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are no text pass; a last line needs no newline."""
    parts = iter([b"-A -t 10.0", b".0.1:80\n\xff\n-", b"L", b""])
    monkeypatch.setattr(program, "_read_some", lambda: next(parts))
    assert list(standard_input()) == [["-A -t 10.0.0.1:80", "\udcff"], ["-L"]]


@pytest.mark.parametrize("words", [["-x"], ["-n", "-x"], ["-nn"], ["--numeric"], ["-"], ["--", "-n"]])
def test_saving_refuses_other_options(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before it looks at anything."""
    assert main_save(words) == 1
    assert capsys.readouterr().err.startswith("ipvsadm-save: Script to save")


def test_saving_needs_no_option(here: MemoryTables, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does it mind other words."""
    call("-A -t 10.0.0.1:12345 -s rr", here)
    assert main_save(["x"]) == 0
    assert main_save(["x", "-n"]) == 0
    assert capsys.readouterr().out == "-A -t 10.0.0.1:12345 -s rr\n" * 2


def test_full_nat_is_listed_and_saved() -> None:
    """As FullNat, with its own port; what is saved makes it anew."""
    tables, again = MemoryTables(), MemoryTables()
    call("-A -t 10.0.0.1:80 -s rr", tables)
    call("-a -t 10.0.0.1:80 -r 10.2.1.2:8080 --fullnat -w 3", tables)
    saved = call("-S -n", tables)[1]
    call("-R", again, saved.splitlines())

    assert saved.splitlines()[1] == "-a -t 10.0.0.1:80 -r 10.2.1.2:8080 --fullnat -w 3"
    assert "  -> 10.2.1.2:8080                FullNat 3      0          0         " in call("-L -n", again)[1]


def test_full_nat_is_one_of_the_forwarding_methods() -> None:
    """Of which a destination has one."""
    tables = MemoryTables()
    call("-A -t 10.0.0.1:80", tables)

    assert call("-a -t 10.0.0.1:80 -r 10.2.1.2 -m --fullnat", tables)[0] == 2
