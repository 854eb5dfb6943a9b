# SPDX-License-Identifier: Apache-2.0
"""The command xlvs: finding front ends, and ending well."""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest

import xlvs
from xlvs.cli import commands
from xlvs.cli.main import main
from xlvs.model.errors import PermissionDenied


@pytest.fixture
def status(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[str]], int]], None]:
    """Put a function in the place of ``xlvs status``."""

    def replace(function: Callable[[list[str]], int]) -> None:
        module = ModuleType("xlvs.control.status")
        module.main = function  # type: ignore[attr-defined]  # made at run time
        monkeypatch.setitem(sys.modules, "xlvs.control", ModuleType("xlvs.control"))
        monkeypatch.setitem(sys.modules, module.__name__, module)

    return replace


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is hidden."""
    assert main(["--help"]) == 0

    text = capsys.readouterr().out
    assert [command.name for command in commands.COMMANDS if f"  {command.name} " not in text] == []


@pytest.mark.parametrize("command", commands.COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_front_end(command: commands.Command) -> None:
    """The table names functions by text, which only a test can check."""
    module, _, function = command.entry.partition(":")

    assert callable(getattr(import_module(module), function))


def test_help_fits_a_terminal_of_120_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrapped help is hard to read."""
    main(["--help"])

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 120


def test_without_a_command_help_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A script whose variable is empty must notice."""
    assert main([]) == 2

    assert "usage: xlvs COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["version", "-V", "--version"])
def test_version(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is the package's."""
    assert main([word]) == 0

    assert capsys.readouterr().out == f"xlvs {xlvs.__version__}\n"


def test_a_misspelt_command_is_met_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 2."""
    assert main(["stauts"]) == 2

    assert capsys.readouterr().err == (
        "xlvs: there is no command `stauts`; did you mean `status`? (see `xlvs --help`)\n"
    )


def test_the_rest_of_the_line_goes_to_the_command(status: Callable[[Callable[[list[str]], int]], None]) -> None:
    """And its exit code comes back."""
    seen: list[list[str]] = []

    def note(argv: list[str]) -> int:
        seen.append(argv)
        return 7

    status(note)

    assert main(["status", "-x", "eth0"]) == 7
    assert seen == [["-x", "eth0"]]


def test_an_error_is_one_sentence(
    status: Callable[[Callable[[list[str]], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """With its remedy and its exit code."""

    def refuse(_: list[str]) -> int:
        raise PermissionDenied("reading the tables")

    status(refuse)

    assert main(["status"]) == 1
    assert capsys.readouterr().err == "xlvs: reading the tables: permission denied (run it as root)\n"


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (RuntimeError("odd"), 70)])
def test_nothing_ends_in_a_traceback(
    error: BaseException,
    code: int,
    status: Callable[[Callable[[list[str]], int]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ctrl-C is silent; a bug of ours is named as one."""

    def fail(_: list[str]) -> int:
        raise error

    status(fail)

    assert main(["status"]) == code
    text = capsys.readouterr().err
    assert "Traceback" not in text
    assert ("internal error: RuntimeError: odd" in text) == (code == 70)


def test_a_bug_can_be_looked_into(
    status: Callable[[Callable[[list[str]], int]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """XLVS_DEBUG gives the traceback back."""

    def fail(_: list[str]) -> int:
        raise RuntimeError("odd")

    status(fail)
    monkeypatch.setenv("XLVS_DEBUG", "1")

    with pytest.raises(RuntimeError, match="odd"):
        main(["status"])
