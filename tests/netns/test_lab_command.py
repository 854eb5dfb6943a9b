# SPDX-License-Identifier: Apache-2.0
"""The command ``xlvs lab`` on real namespaces."""

import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.netns.topology import REAL_SERVERS, Net
from xlvs.cli.main import main
from xlvs.lab import build

_XLVS = [sys.executable, "-c", "import sys; from xlvs.cli.main import main; sys.exit(main())"]


def xlvs(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run([*_XLVS, *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def name() -> Iterator[str]:
    """A lab's name that nobody uses; the lab is removed afterwards."""
    chosen = f"t{secrets.token_hex(4)}"
    yield chosen
    build.down(chosen)


def test_a_lab_is_up_listed_used_and_down(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The life of a lab by hand."""
    assert main(["lab", "up", "nat", "--name", name]) == 0
    assert "lab shell" in capsys.readouterr().out

    assert main(["lab", "list"]) == 0
    assert f"{name}: client director server1 server2 inside\n" in capsys.readouterr().out

    got = xlvs("lab", "exec", "--lab", name, "client", *_XLVS, "lab", "get", "-n", "2", REAL_SERVERS[1])
    assert got.stdout == f"{REAL_SERVERS[1]}\n" * 2

    assert main(["lab", "down", name]) == 0
    assert main(["lab", "down", name]) == 1
    assert f"the lab {name} is not up" in capsys.readouterr().err


def test_the_exit_code_of_a_command_in_a_node_is_its_own(name: str) -> None:
    """So that scripts can rely on it."""
    main(["lab", "up", "nat", "--name", name])

    assert xlvs("lab", "exec", "--lab", name, "server1", "sh", "-c", "exit 7").returncode == 7


def test_many_requests_are_summed_up_by_page(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred lines say less than one."""
    with net.lab.entered("client"):
        assert main(["lab", "get", "-n", "30", REAL_SERVERS[0]]) == 0

    assert capsys.readouterr().out == f"30 x {REAL_SERVERS[0]}\n"


def test_an_address_that_does_not_answer_is_one_sentence(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the address and what happened."""
    with net.lab.entered("client"):
        assert main(["lab", "get", f"{REAL_SERVERS[0]}:81"]) == 1

    assert capsys.readouterr().err == f"xlvs: no page from {REAL_SERVERS[0]}:81: Connection refused\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["shell", "--lab", "nosuch", "director"], "the lab nosuch is not up"),
        (["up", "nat", "--name", "Not-Good"], "is not a name of lower-case letters"),
        (["get", "ftp://192.168.20.129/"], "is not an http address"),
        (["up", "nt"], "there is no topology nt; did you mean nat?"),
        (["up", "nosuch.toml"], "cannot read nosuch.toml: No such file or directory"),
        (["show", "tunel"], "there is no topology tunel; did you mean tunnel?"),
    ],
)
def test_mistakes_are_explained(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was built, nothing is left."""
    assert main(["lab", *words]) == 1

    assert complaint in capsys.readouterr().err
