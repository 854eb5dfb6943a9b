# SPDX-License-Identifier: Apache-2.0
"""Which scripts may run: each case is what the real Keepalived 2.2.7 does with such a path, and says."""

from __future__ import annotations

import os
import pwd
import stat
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived.notices.script_security import Fault, Finding, examine, judge, rights_of
from xlvs.model.errors import UsageError
from xlvs.model.rights import Rights

if TYPE_CHECKING:
    from pathlib import Path

ROOT = Rights(0, 0)
NOBODY = Rights(65534, 65534)
NAME = "/d/x"
FOLDER = stat.S_IFDIR | 0o755
PROGRAM = stat.S_IFREG | 0o755
UNSAFE = f"Unsafe permissions found for script '{NAME}'"


def seen(mode: int, uid: int = 0, gid: int = 0) -> os.stat_result:
    """What stat says."""
    return os.stat_result((mode, 1, 1, 1, uid, gid, 0, 0, 0, 0))


SAFE = [
    ("usual", seen(FOLDER), seen(PROGRAM)),
    ("for root alone", seen(stat.S_IFDIR | 0o700), seen(stat.S_IFREG | 0o700)),
    ("writable by root's group", seen(stat.S_IFDIR | 0o775), seen(stat.S_IFREG | 0o775)),
    ("in a directory with the sticky bit", seen(stat.S_IFDIR | 0o1777), seen(PROGRAM)),
    ("run by everybody", seen(FOLDER), seen(stat.S_IFREG | 0o711)),
]
INSECURE = [
    ("writable by all", seen(FOLDER), seen(stat.S_IFREG | 0o757)),
    ("in a directory writable by all", seen(stat.S_IFDIR | 0o777), seen(PROGRAM)),
    ("in a directory writable by a group", seen(stat.S_IFDIR | 0o775, gid=1), seen(PROGRAM)),
    ("in somebody's directory", seen(FOLDER, uid=65534), seen(PROGRAM)),
    ("somebody's own", seen(FOLDER), seen(PROGRAM, uid=65534)),
    ("writable by a group", seen(FOLDER), seen(stat.S_IFREG | 0o775, gid=1)),
]


@pytest.mark.parametrize(("folder", "program"), [each[1:] for each in SAFE], ids=[each[0] for each in SAFE])
def test_root_runs_what_only_root_can_change(folder: os.stat_result, program: os.stat_result) -> None:
    """Nothing is said."""
    assert judge(NAME, (seen(FOLDER), folder, program), ROOT, secure=True) == Finding(NAME)


@pytest.mark.keyword("global_defs.enable_script_security")
@pytest.mark.parametrize(("folder", "program"), [each[1:] for each in INSECURE], ids=[each[0] for each in INSECURE])
def test_root_does_not_run_what_others_can_change(folder: os.stat_result, program: os.stat_result) -> None:
    """With script security; without it is said, and runs."""
    parts = (seen(FOLDER), folder, program)

    assert judge(NAME, parts, ROOT, secure=True) == Finding(NAME, Fault.INSECURE, True, (f"{UNSAFE} - disabling.",))
    assert judge(NAME, parts, ROOT, secure=False) == Finding(NAME, None, True, (f"{UNSAFE}.",))
    assert judge(NAME, parts, Rights(65534, 0), secure=True).fault is Fault.INSECURE
    assert judge(NAME, parts, NOBODY, secure=True) == Finding(NAME)


@pytest.mark.parametrize(
    ("who", "folder", "mode"),
    [
        (ROOT, FOLDER, 0o644),
        (NOBODY, FOLDER, 0o700),
        (NOBODY, stat.S_IFDIR | 0o700, 0o755),
    ],
    ids=["nobody may", "root alone may", "root alone gets there"],
)
def test_what_is_not_executable_does_not_run(who: Rights, folder: int, mode: int) -> None:
    """For the user that it would run as."""
    found = judge(NAME, (seen(FOLDER), seen(folder), seen(stat.S_IFREG | mode)), who, secure=False)

    text = f"WARNING - script '{NAME}' is not executable for uid:gid {who.uid}:{who.gid} - disabling."
    assert found == Finding(NAME, Fault.NOT_EXECUTABLE, lines=(text,))


def test_groups_count() -> None:
    """The user's own, and supplementary ones."""
    parts = (seen(FOLDER), seen(FOLDER), seen(stat.S_IFREG | 0o750, gid=7))

    assert judge(NAME, parts, Rights(9, 9), secure=False).fault is Fault.NOT_EXECUTABLE
    assert judge(NAME, parts, Rights(9, 7), secure=False).fault is None
    assert judge(NAME, parts, Rights(9, 9, (9, 7)), secure=False).fault is None


def test_a_directory_is_no_script() -> None:
    """Not even without script security."""
    found = judge(NAME, (seen(FOLDER), seen(FOLDER)), ROOT, secure=False)

    assert found == Finding(NAME, Fault.INSECURE, lines=(f"Wrong file type found in script path '{NAME}'.",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a program, a link to it beside it, and one to it from elsewhere."""
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("program", "elsewhere"):
        (inner / name).write_text("#!/bin/sh\n", encoding="ascii")
        (inner / name).chmod(0o755)
    (inner / "beside").symlink_to("program")
    (inner / "over").symlink_to("../inner/program")
    (tmp_path / "link").symlink_to(inner / "program")
    (tmp_path / "way").symlink_to(inner)
    (tmp_path / "dangling").symlink_to("nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("inner/program", "inner/program"),
        ("inner/beside", "inner/beside"),
        ("inner/over", "inner/over"),
        ("link", "inner/program"),
        ("way/program", "inner/program"),
        ("inner/../inner/program", "inner/program"),
    ],
)
def test_links_are_followed_but_one_beside_its_program_keeps_its_name(folder: Path, name: str, program: str) -> None:
    """Some programs know by their name what to do."""
    own = Rights(os.geteuid(), os.getegid())

    assert examine(f"{folder}/{name}", own, secure=False).program == f"{folder}/{program}"


@pytest.mark.keyword("global_defs.use_symlink_paths")
def test_links_stay_where_that_is_asked_for(folder: Path) -> None:
    """What is behind them is looked at all the same."""
    own = Rights(os.geteuid(), os.getegid())

    assert examine(f"{folder}/link", own, secure=False, keeps_links=True).program == f"{folder}/link"


def test_what_is_not_there_is_said(folder: Path) -> None:
    """By its name, and where a link leads nowhere."""
    for name in (f"{folder}/missing", f"{folder}/dangling"):
        line = f"Script {name} cannot be accessed - No such file or directory"
        assert examine(name, ROOT, secure=False) == Finding(name, Fault.MISSING, lines=(line,))
    line = "Cannot find script no-such-program in path - disabling"
    assert examine("no-such-program", ROOT, secure=False) == Finding("no-such-program", Fault.MISSING, lines=(line,))


def test_a_name_is_looked_for_in_the_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the log asks for the whole of it."""
    monkeypatch.setenv("PATH", f"{folder}/inner")
    own = Rights(os.geteuid(), os.getegid())
    path = f"{folder}/inner/program"

    found = examine("program", own, secure=False)

    line = f"WARNING - script `program` resolved by path search to `{path}`. Please specify full path."
    assert (found.program, found.lines[0]) == (path, line)


def test_users_are_known_by_name() -> None:
    """A user's own group is taken where none is named; a number is no name."""
    me = pwd.getpwuid(os.getuid())
    assert rights_of(me.pw_name) == Rights(me.pw_uid, me.pw_gid)
    for user, group, text in (
        ("no-such-user", "", "Script user 'no-such-user' does not exist"),
        (me.pw_name, "no-such-group", "Script group 'no-such-group' does not exist"),
        ("1", "", "Script user '1' does not exist"),
    ):
        with pytest.raises(UsageError, match=text):
            rights_of(user, group)


@pytest.mark.keyword("global_defs.set_supplementary_groups")
def test_supplementary_groups_are_those_of_the_user() -> None:
    """Where they are asked for."""
    me = pwd.getpwuid(os.getuid())

    assert set(rights_of(me.pw_name, supplementary=True).groups) == set(os.getgrouplist(me.pw_name, me.pw_gid))
    assert rights_of(me.pw_name).groups == ()
