# SPDX-License-Identifier: Apache-2.0
"""The demo plays through: the whole director, end to end, with the commands that an LVS user types."""

import secrets
import subprocess
import time
from collections.abc import Iterator

import pytest

from xlvs.lab import build, state
from xlvs.lab.lab import environment
from xlvs.linux import namespace

_COMMANDS = (
    "ipvsadm -A -t 192.168.20.129:80 -s rr",
    "ipvsadm -a -t 192.168.20.129:80 -r 192.168.10.133 -m",
    "ipvsadm -a -t 192.168.20.129:80 -r 192.168.10.134 -m",
    "ipvsadm -L -n",
    "ipvsadm -L -n --stats",
    "ipvsadm -L -n --rate",
    "ipvsadm -Z",
    "ipvsadm -C",
)
_SAVED = (
    "-A -t k8s02:http -s rr",
    "-a -t k8s02:http -r k8s03:http -m -w 1",
    "-a -t k8s02:http -r k8s04:http -m -w 1",
)


@pytest.fixture
def name() -> Iterator[str]:
    """A lab's name that nobody uses; the lab is removed afterwards."""
    chosen = f"t{secrets.token_hex(4)}"
    yield chosen
    build.down(chosen)


def demo(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user does."""
    command = ["xlvs", "lab", "demo", "--name", name, *options]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=60)


def namespaces(name: str) -> list[str]:
    """Those of one lab."""
    return [entry for entry in namespace.names() if entry.startswith(f"xlvs-{name}-")]


def test_the_scene_plays_with_the_commands_of_the_lesson(name: str) -> None:
    """Literally, each with its real output, in less than twenty seconds; nothing is left."""
    started = time.monotonic()
    played = demo(name)
    took_s = time.monotonic() - started

    assert played.returncode == 0, played.stdout + played.stderr
    lines = played.stdout.splitlines()
    assert [command for command in _COMMANDS if f"[director]# {command}" not in lines] == []
    assert [line for line in _SAVED if line not in [shown.rstrip() for shown in lines]] == []
    assert took_s < 20
    assert namespaces(name) == []


def test_kept_it_still_balances(name: str) -> None:
    """The director is left as restored, with a way in."""
    played = demo(name, "--keep")

    assert "lab shell" in played.stdout, played.stderr
    command = ["xlvs", "lab", "exec", "--lab", name, "client", "xlvs", "lab", "get", "-n", "4", "192.168.20.129"]
    got = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=30)
    pages = got.stdout.split()
    assert sorted(pages) == ["192.168.10.133"] * 2 + ["192.168.10.134"] * 2
    assert pages[0] != pages[1]


def test_after_a_killed_run_it_plays_again(name: str) -> None:
    """Tables, programs, namespaces and servers of the first run are no obstacle."""
    command = ["xlvs", "lab", "demo", "--name", name]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        while "ipvsadm -L -n" not in first.stdout.readline():
            assert first.poll() is None
        first.kill()
    assert namespaces(name)

    played = demo(name)

    assert played.returncode == 0, played.stderr
    assert namespaces(name) == []
    assert name not in [lab.name for lab in state.load_all()]
