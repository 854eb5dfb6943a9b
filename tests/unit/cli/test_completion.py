# SPDX-License-Identifier: Apache-2.0
"""Completion offers what there is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from xlvs.cli import completion
from xlvs.cli.commands import BY_NAME, COMMANDS
from xlvs.lab import words
from xlvs.model.errors import UsageError

ROOT = Path(__file__).parents[3]
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def completed(function: str, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    typed = " ".join(f"'{word}'" for word in words)
    script = (
        f'{completion.bash()}COMP_WORDS=({typed}) COMP_CWORD={len(words) - 1}; {function}; echo "${{COMPREPLY[*]}}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.split()


@needs_bash
def test_the_first_word_is_a_command() -> None:
    """All of them, when nothing is typed yet."""
    assert completed("_xlvs", "xlvs", "") == [*(command.name for command in COMMANDS), "--help", "--version"]


@needs_bash
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("xlvs", "lab", "d"), ["demo", "dr", "down"]),
        (("xlvs", "lab", "s"), ["sync", "show", "shell", "start", "stop"]),
        (("xlvs", "lab", "up", "fu"), ["fullnat"]),
        (("xlvs", "lab", "up", "examples/lab/w"), ["examples/lab/weights.toml"]),
        (("xlvs", "lab", "play", "--"), ["--name", "--keep", "--help"]),
        (("xlvs", "lab", "show", "k"), ["keepalived"]),
        (("xlvs", "lab", "rules", "--k"), ["--keep"]),
        (("xlvs", "lab", "get", "--k"), ["--keep-alive"]),
        (("xlvs", "lab", "fault", ""), ["link", "cut", "stop", "freeze", "kill", "list", "clear", "--help"]),
        (("xlvs", "lab", "fault", "link", "--l"), ["--loss", "--lab"]),
        (("xlvs", "lab", "fault", "link", "--direction", ""), ["in", "out"]),
        (("xlvs", "lab", "capture", "client", "--f"), ["--format", "--for"]),
        (("xlvs", "realserver", ""), ["up", "down", "status", "toa", "--help"]),
        (("xlvs", "realserver", "toa", "--f"), ["--from"]),
        (("xlvs", "laddr", ""), ["add", "del", "list", "--help"]),
        (("xlvs", "laddr", "add", "--r"), ["--routed"]),
        (("xlvs", "realserver", "up", "--m"), ["--method"]),
        (("xlvs", "realserver", "up", "--method", ""), ["dr", "tunnel"]),
        (("xlvs", "realserver", "up", "--type", "g"), ["gue", "gre"]),
        (("xlvs", "realserver", "status", "--n"), ["--no-probe"]),
        (("xlvs", "completion", ""), ["bash", "--help"]),
        (("xlvs", "attach", "l"), ["lo"]),
        (("xlvs", "attach", "--"), ["--mode", "--connections", "--help"]),
        (("xlvs", "attach", "--mode", "x"), ["xdp", "xdp-generic"]),
        (("xlvs", "status", "--"), ["--json", "--help"]),
        (("xlvs", "upgrade", ""), ["--help"]),
        (("xlvs", "explain", ""), ["tcp", "udp", "sctp", "icmp", "--help"]),
        (("xlvs", "explain", "tcp", "--f"), ["--flags", "--fragment"]),
        (("xlvs", "explain", "icmp", "--type", "t"), ["too-big", "time-exceeded"]),
        (("xlvs", "keepalived", "s"), ["status"]),
        (("xlvs", "connections", "k"), ["kill"]),
        (("xlvs", "connections", "kill", "--s"), ["--service", "--server", "--state", "--silent"]),
        (("xlvs", "connections", "list", "--state", "ES"), ["ESTABLISHED"]),
        (("xlvs", "drain", "--d"), ["--deadline"]),
        (("xlvs", "service", ""), ["set", "show", "--help"]),
        (("xlvs", "service", "set", "--on-removed", ""), ["default", "drop", "keep", "reset"]),
        (("xlvs", "service", "set", "--on-quiesced", "m"), ["move"]),
        (("xlvs", "service", "set", "--toa", "of"), ["off"]),
        (("xlvs", "keepalived", "--dont-f"), ["--dont-fork"]),
        (("xlvs", "keepalived", "status", "--"), ["--json", "--pid", "--help"]),
        (("xlvs", "keepalived", "--signum", "S"), ["STOP", "STATS", "STATS_CLEAR"]),
    ],
)
def test_the_second_word_depends_on_the_command(words: tuple[str, ...], offered: list[str]) -> None:
    """Words of the lab, interfaces of the host."""
    assert completed("_xlvs", *words) == offered


@needs_bash
def test_ipvsadm_completes_options_and_schedulers() -> None:
    """After -s comes a scheduler, elsewhere an option."""
    assert completed("_xlvs_ipvsadm", "ipvsadm", "--add") == ["--add-service", "--add-server"]
    assert completed("_xlvs_ipvsadm", "ipvsadm", "-A", "-s", "w") == ["wrr", "wlc"]


def test_the_words_of_the_lab_are_those_of_its_parser() -> None:
    """None is missing, none is of another time."""
    parser = words.parser()
    choices = next(action.choices for action in parser._actions if action.choices)

    assert sorted(choices) == sorted(BY_NAME["lab"].words)


def test_other_shells_are_refused() -> None:
    """Rather than being given a script that they cannot read."""
    with pytest.raises(UsageError, match="bash only"):
        completion.main(["fish"])
