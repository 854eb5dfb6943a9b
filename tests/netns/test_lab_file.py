# SPDX-License-Identifier: Apache-2.0
"""A lab from a file of the user's own: up, its setup, its play, and nothing of one that is wrong."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.test_lab import traces
from xlvs.lab import build, lab_file
from xlvs.lab.lab import environment, find
from xlvs.lab.scenes import SCENES

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__, "../../../examples/lab/weights.toml").resolve()
PAIR = """
[nodes.left]
interfaces.eth0 = { segment = "wire", addresses = ["10.0.0.1/24"] }
setup = [SETUP]

[nodes.right]
interfaces.eth0 = { segment = "wire", addresses = ["10.0.0.2/24"] }
own_run = true
files."greeting" = "hello"
http = [{ page = "right" }]
"""


@pytest.fixture
def name() -> Iterator[str]:
    """A lab's name that nobody uses; the lab is removed afterwards."""
    chosen = f"t{secrets.token_hex(4)}"
    yield chosen
    build.down(chosen)


def xlvs(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does."""
    command = ["xlvs", "lab", *arguments]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=120)


def pair(directory: Path, setup: str = "", more: str = "") -> str:
    """A file with two nodes, the first of which is set up with commands."""
    path = directory / "pair.toml"
    path.write_text(PAIR.replace("SETUP", setup) + more)
    return str(path)


def test_the_example_plays(name: str) -> None:
    """With its setup, its commands and their output; nothing is left."""
    played = xlvs("play", str(EXAMPLE), "--name", name)

    assert played.returncode == 0, played.stdout + played.stderr
    for line in (
        "[director]# ipvsadm -a -t www:80 -r strong:80 -m -w 3",
        "-- of forty requests three in four go to the strong one",
        "[client]# xlvs lab get -n 40 www",
        "30 x strong",
        "-- all as it should be",
    ):
        assert line in played.stdout.splitlines()
    assert traces(name) == []


def test_a_lab_of_a_file_is_up_and_used_by_the_other_commands(name: str, tmp_path: Path) -> None:
    """They find its network, which is nobody's scene."""
    up = xlvs("up", pair(tmp_path, '"echo set up by $XLVS_NODE"'), "--name", name)

    assert up.returncode == 0, up.stderr
    assert "[left]# echo set up by $XLVS_NODE\nset up by left\n" in up.stdout
    assert "nodes: left right\n" in up.stdout
    assert xlvs("exec", "--lab", name, "left", "xlvs", "lab", "get", "10.0.0.2").stdout == "right\n"
    assert xlvs("exec", "--lab", name, "right", "cat", "/run/greeting").stdout == "hello"
    assert "10.0.0.1 - - [" in xlvs("log", "--lab", name, "right").stdout
    assert xlvs("stop", "--lab", name, "right").returncode == 0
    assert xlvs("start", "--lab", name, "right").returncode == 0
    assert xlvs("exec", "--lab", name, "left", "xlvs", "lab", "get", "10.0.0.2").stdout == "right\n"


def test_setup_runs_beside_its_file_when_everything_else_is_there(name: str, tmp_path: Path) -> None:
    """So that it may use files beside it and ask the servers; what goes on behind it holds up nobody."""
    (tmp_path / "words").write_text("beside\n")

    up = xlvs("up", pair(tmp_path, '"cat words", "xlvs lab get 10.0.0.2", "sleep 600 &"'), "--name", name)

    assert up.returncode == 0, up.stderr
    assert up.stdout.splitlines()[:5] == [
        "[left]# cat words",
        "beside",
        "[left]# xlvs lab get 10.0.0.2",
        "right",
        "[left]# sleep 600 &",
    ]


def test_a_setup_that_fails_leaves_nothing(name: str, tmp_path: Path) -> None:
    """The error says which command, where, and what it said."""
    up = xlvs("up", pair(tmp_path, '"echo no such thing; exit 3"'), "--name", name)

    assert up.returncode == 1
    assert "`echo no such thing; exit 3` in the setup of left ended with exit code 3: no such thing" in up.stderr
    assert traces(name) == []


def test_nothing_is_built_of_a_file_that_is_wrong(name: str, tmp_path: Path) -> None:
    """A line for each mistake, exit code 2, and a lab of that name that is up stays."""
    assert xlvs("up", "nat", "--name", name).returncode == 0
    before = sorted(traces(name))

    up = xlvs("up", pair(tmp_path, '"true"', "[[nodes.right.routs]]\n[nodes.left.interface]\n"), "--name", name)

    assert up.returncode == 2
    assert "pair.toml: nodes.left: there is no key interface; did you mean interfaces? (keys: " in up.stderr
    assert "pair.toml: nodes.right: there is no key routs; did you mean routes? (keys: " in up.stderr
    assert sorted(traces(name)) == before
    assert find(name).topology == SCENES["nat"]()


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ('run = "echo one"\nexpect = ["one", "two"]', "play[1]: `echo one` on left did not print 'two'"),
        ('run = "exit 4"', "play[1]: `exit 4` on left ended with exit code 4"),
    ],
)
def test_a_play_that_does_not_come_out_right_fails(step: str, complaint: str, name: str, tmp_path: Path) -> None:
    """The command's exit code tells, and nothing is left."""
    played = xlvs("play", pair(tmp_path, more=f'[[play]]\nnode = "left"\n{step}\n'), "--name", name)

    assert played.returncode == 1
    assert complaint in played.stderr
    assert traces(name) == []


def test_a_step_may_need_some_time(name: str, tmp_path: Path) -> None:
    """It is tried again until it comes out as expected."""
    step = '[[play]]\nnode = "left"\nrun = "echo >> count; wc -l < count"\nexpect = "3"\nwithin = 30\n'

    assert xlvs("play", pair(tmp_path, more=step), "--name", name).returncode == 0
    assert (tmp_path / "count").read_text() == "\n" * 3


def test_a_topology_that_is_shown_is_built_as_the_same(name: str, tmp_path: Path) -> None:
    """From the shell: show, then up."""
    path = tmp_path / "mine.toml"
    path.write_text(xlvs("show", "fullnat").stdout)

    assert xlvs("up", str(path), "--name", name).returncode == 0
    assert find(name).topology == SCENES["fullnat"]() == lab_file.read(path.read_text(), "mine.toml").topology


def test_all_topologies_are_listed_with_what_they_are() -> None:
    """A line each."""
    lines = xlvs("show").stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(SCENES)


def test_names_that_are_words_of_ip_are_names(name: str) -> None:
    """`a` is short for `address`, and `up` is one that a link may be."""
    text = '[nodes.a]\ninterfaces.up = { segment = "down", addresses = ["10.0.0.1/24"] }\n'
    lab = build.up(lab_file.read(text, "words.toml", name).topology, name)
    assert "10.0.0.1/24" in lab.run("a", ["ip", "-o", "address", "show", "dev", "up"]).stdout
