# SPDX-License-Identifier: Apache-2.0
"""`xlvs keepalived check` and --config-test on real files."""

from pathlib import Path

import pytest

from xlvs.config.files import Identity
from xlvs.config.line import Origin
from xlvs.config.problem import Problem, Severity
from xlvs.keepalived.config_check import config_test, exit_code, main
from xlvs.keepalived.daemon.files import DiskFiles, ThisHost
from xlvs.keepalived.main import main as keepalived
from xlvs.model.errors import UsageError

GOOD = "virtual_server 10.0.0.1 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n real_server 10.0.0.2 80 {\n }\n}\n"


def written(folder: Path, text: str) -> str:
    """A file with a text."""
    path = folder / "keepalived.conf"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_check_of_a_good_file_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says what it holds."""
    assert main([written(tmp_path, GOOD)]) == 0
    assert capsys.readouterr().out == "0 errors, 0 notices; 0 virtual routers, 1 virtual server, 1 real server\n"


def test_check_names_every_mistake_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line, column, the line with a caret, a suggestion; exit code 1."""
    path = written(tmp_path, GOOD.replace("lb_algo rr", "lb_algo rrr").replace("protocol TCP", "protocl TCP"))
    assert main(["--no-host", path]) == 1
    out = capsys.readouterr().out
    assert f"{path}:2:10: error: lb_algo: rrr is not one of rr|wrr|" in out
    assert (
        f"{path}:4:2: error: unknown keyword protocl\n   protocl TCP\n   ^^^^^^^\n  remedy: did you mean protocol"
        in out
    )


def test_check_prints_bytes_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A question mark stands for them."""
    path = tmp_path / "keepalived.conf"
    path.write_bytes(b"\xff\xfe x\n")
    assert main([str(path)]) == 1
    assert "unknown keyword ??" in capsys.readouterr().out


def test_check_of_no_file_is_a_usage_error(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(UsageError, match="No such file"):
        main([str(tmp_path / "nope")])


def test_config_test_of_no_file_ends_with_0_as_the_original_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so on stderr."""
    assert config_test(str(tmp_path / "nope"), Identity("main")) == 0
    assert "No such file" in capsys.readouterr().err


def test_config_test_writes_its_lines_to_a_file(tmp_path: Path) -> None:
    """--config-test=FILE."""
    path = written(tmp_path, "foo\n")
    assert config_test(path, Identity("main"), log=str(tmp_path / "log")) == 5
    assert (tmp_path / "log").read_text() == f"({path}: Line 1) unknown keyword foo\n"


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ((), 0),
        ((Severity.NOTICE,), 0),
        ((Severity.FATAL,), 4),
        ((Severity.FATAL, Severity.ERROR), 5),
        ((Severity.ERROR, Severity.SECURITY), 6),
        ((Severity.SECURITY, Severity.PARAMETER), 2),
    ],
)
def test_exit_code_of_several_problems_is_the_originals(severities: tuple[Severity, ...], expected: int) -> None:
    """The mildest kind counts, but for a keyword without its value."""
    assert exit_code(Problem("x", Origin("f", 1, "x"), severity=each) for each in severities) == expected


def test_files_of_a_pattern_leave_programs_and_folders_out(tmp_path: Path) -> None:
    """An included file that is executable is not read."""
    for name in ("b.conf", "a.conf", "program.conf"):
        (tmp_path / name).touch()
    (tmp_path / "program.conf").chmod(0o755)
    (tmp_path / "folder.conf").mkdir()
    found = DiskFiles().matching(f"{tmp_path}/*.conf")
    assert [Path(path).name for path in found] == ["a.conf", "b.conf"]


def test_this_host_has_a_loopback_interface_and_root() -> None:
    """And not what nobody has."""
    host = ThisHost()
    assert "lo" in host.loopbacks
    assert host.has_user("root")
    assert host.has_group("root")
    assert not host.has_user("0")
    assert not host.has_user("nobody-has-this-name")


def test_options_of_the_original_reach_the_config_test(tmp_path: Path) -> None:
    """-t and --config-test=FILE, with -f and -i."""
    path = written(tmp_path, "@one foo\n")
    assert keepalived(["-t", "-f", path, "-i", "two"]) == 0
    assert keepalived([f"--config-test={tmp_path / 'log'}", "-f", path, "-i", "one"]) == 5
    assert "unknown keyword foo" in (tmp_path / "log").read_text()


def test_check_is_a_word_of_the_command(tmp_path: Path) -> None:
    """`xlvs keepalived check FILE`."""
    assert keepalived(["check", written(tmp_path, GOOD)]) == 0


def test_a_mail_server_without_an_address_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the original's config test has it."""
    monkeypatch.setattr(ThisHost, "resolves", lambda _, name: name == "known.example.com")
    path = "global_defs {\nsmtp_server {name}.example.com 26\n}\n"
    assert keepalived(["-t", "-f", written(tmp_path, path.replace("{name}", "known"))]) == 0
    assert keepalived(["-t", "-f", written(tmp_path, path.replace("{name}", "unknown"))]) == 5
