# SPDX-License-Identifier: Apache-2.0
"""The original's command line."""

from __future__ import annotations

import shlex
import syslog
from pathlib import Path
from typing import Any

import pytest

from xlvs.config.build.config import load
from xlvs.config.files import Identity
from xlvs.keepalived import options
from xlvs.keepalived.daemon.files import DiskFiles
from xlvs.keepalived.daemon.parts import process_name
from xlvs.keepalived.daemon.pid_file import pid_files, written
from xlvs.keepalived.main import main
from xlvs.model.errors import UsageError

EVERY = (
    "-f F -P -C -B --all -l -D -S 3 -g G --flush-log-file -G -u 022 -X -V -I -R -n -d -p P -r R -c C -a -b B -x -A S -s N "
    "-m -Mpattern -e -i ID --perf=all --debug=DvE --no-mem-check"
)


def test_every_option_of_the_original_is_known() -> None:
    """Short and long, together and apart."""
    found = options.parse(shlex.split(EVERY))
    assert (found.use_file, found.log_facility, found.umask, found.core_dump_pattern) == ("F", "3", 0o22, "pattern")
    joined = options.parse(["-nlDGP", "-tlog"])
    assert joined.dont_fork
    assert joined.vrrp
    assert joined.config_test == "log"


def test_what_has_no_effect_is_said() -> None:
    """One line each."""
    assert len(options.notices(options.parse(shlex.split(EVERY)))) == 2
    assert options.notices(options.parse([])) == []


@pytest.mark.parametrize(
    ("word", "number"),
    [("0", syslog.LOG_LOCAL0), ("local7", syslog.LOG_LOCAL7), ("user", syslog.LOG_USER), ("daemon", syslog.LOG_DAEMON)],
)
def test_facilities_are_the_originals(word: str, number: int) -> None:
    """0 to 7, local0 to local7, user, daemon."""
    assert options.facility(word) == number


@pytest.mark.parametrize("words", [["-S", "9"], ["-S", ""], ["-u", "x"], ["-u", "7777"]])
def test_wrong_values_are_refused(words: list[str]) -> None:
    """Before anything starts."""
    with pytest.raises(UsageError):
        options.parse(words)


def test_signals_have_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """--signum, as scripts use it; an unknown one is 1."""
    for word, number in (("STOP", 15), ("RELOAD", 1), ("DATA", 10), ("STATS", 12), ("STATS_CLEAR", 63), ("JSON", 36)):
        assert main([f"--signum={word}"]) == 0
        assert capsys.readouterr().out == f"{number}\n"
    assert main(["--signum=TDATA"]) == 1
    assert "Unknown sigfunc TDATA" in capsys.readouterr().err


def test_the_version_is_found_by_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """-v: on stderr, beginning as the original's."""
    assert main(["-v"]) == 0
    assert capsys.readouterr().err.startswith("Keepalived v2.2.7 (")


@pytest.mark.parametrize(
    ("how", "parent", "vrrp"),
    [
        ({}, "/run/keepalived.pid", "/run/vrrp.pid"),
        ({"instance": "foo"}, "/run/keepalived/keepalived_foo.pid", "/run/keepalived/vrrp_foo.pid"),
        ({"own_directory": True}, "/run/keepalived/keepalived.pid", "/run/keepalived/vrrp.pid"),
        (
            {"namespace": "blue"},
            "/run/keepalived/keepalived_blue/keepalived.pid",
            "/run/keepalived/keepalived_blue/vrrp.pid",
        ),
    ],
)
def test_pid_files_are_where_they_were(how: dict[str, Any], parent: str, vrrp: str) -> None:
    """Those of the original; in a network namespace where the original's are seen from outside."""
    found = pid_files(("", "", "", ""), **how)
    assert (found.parent, found.vrrp) == (Path(parent), Path(vrrp))


def test_a_pid_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """No folder is made for it outside of our own."""
    with pytest.raises(UsageError, match="No such file"), written(tmp_path / "nowhere" / "pid"):
        pass
    assert not (tmp_path / "nowhere").exists()


def test_pid_files_of_the_command_line_come_first() -> None:
    """Each by itself."""
    found = pid_files(("/a", "", "/c", ""), instance="foo")
    assert [str(each) for each in (found.parent, found.vrrp, found.checkers)] == [
        "/a",
        "/run/keepalived/vrrp_foo.pid",
        "/c",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["keepalived"] * 4),
        ("process_names", ["keepalived", "keepalived_vrrp", "keepalived_lvs", "keepalived_bfd"]),
        ("process_name a\n vrrp_process_name b\n checker_process_name c\n bfd_process_name d", ["a", "b", "c", "d"]),
        ("lvs_process_name c", ["keepalived", "keepalived", "c", "keepalived"]),
    ],
)
def test_processes_are_called_as_configured(text: str, names: list[str], tmp_path: Path) -> None:
    """process_names, process_name, vrrp_process_name, checker_process_name, lvs_process_name, bfd_process_name."""
    file = tmp_path / "keepalived.conf"
    file.write_text(f"global_defs {{\n {text}\n}}\n")
    settings = load(str(file), DiskFiles(), Identity()).config.settings
    assert [process_name(settings, part) for part in ("", "vrrp", "checkers", "bfd")] == names


def test_the_pid_directory_is_asked_for(tmp_path: Path) -> None:
    """use_pid_dir."""
    file = tmp_path / "keepalived.conf"
    file.write_text("use_pid_dir\n")
    assert load(str(file), DiskFiles(), Identity()).config.process.use_pid_dir
