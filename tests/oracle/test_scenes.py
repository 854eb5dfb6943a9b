# SPDX-License-Identifier: Apache-2.0
"""The oracle's scenes with our programs: real packets, in namespaces, against what the kernel's IPVS did."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "oracle"
AT_ONCE = 4  # most of a scene is waiting
ON_ONE_PROCESSOR = {"proc-stats"}  # shows what each processor counted; recorded on a machine with one

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not SHARED.exists(), reason="the oracle's runner is not beside the project"),
]


def excepted() -> set[str]:
    """Scenes listed in exceptions.md."""
    return set(re.findall(r"^\| `([^`]+)` \|", (HERE / "exceptions.md").read_text(), re.MULTILINE))


def all_scenes() -> dict[str, tuple[Path, Path]]:
    """Scenes by name, with the recording that each is held against: the shown ones, and our own with packets.

    Our own ones of the command line are hundreds of commands each: test_cli_scenes.py has them, without packets.
    """
    found = {}
    for scenes, golden, names in (
        (SHARED / "scenarios", SHARED / "golden", "*.sh"),
        (HERE / "scenes", HERE / "golden", "traffic-*.sh"),
    ):
        found.update({each.stem: (each, golden / f"{each.stem}.out") for each in sorted(scenes.glob(names))})
    return found


def sctp_sockets() -> bool:
    """Whether this kernel has associations of its own; the director needs none."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP).close()
    except OSError:
        return False
    return True


SCENES = all_scenes()
NAMES = [name for name in SCENES if name not in excepted()]
NEEDS = {"sctp-basic": (sctp_sockets, "opens SCTP associations, and this kernel has no SCTP sockets")}


class Runs:
    """Runs of scenes, some at a time."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor, names: list[str]) -> None:
        self._folder = folder
        self._futures: dict[str, Future[str]] = {name: pool.submit(self.run, name) for name in names}

    def run(self, name: str) -> str:
        """Run a scene now; what it printed."""
        pinned = "taskset --cpu-list 0 " if name in ON_ONE_PROCESSOR else ""
        command = f". '{HERE}/env.sh' && {pinned}'{SHARED}/oracle' --here -o '{self._folder}' '{SCENES[name][0]}'"
        environment = {**os.environ, "ORACLE_TMP": str(self._folder)}
        subprocess.run(["bash", "-c", command], env=environment, capture_output=True, timeout=300, check=False)
        return comparable(self._folder / f"{name}.out")

    def outcome(self, name: str) -> str:
        """What a scene printed. One with timers of a second may fail beside the others: it has a second try, alone."""
        printed = self._futures[name].result()
        if printed == comparable(SCENES[name][1]):
            return printed
        for other in self._futures.values():
            other.result()
        return self.run(name)


def comparable(path: Path) -> str:
    """A recording without the size of the connection table, which is each implementation's own."""
    return re.sub(r"\(size=\d+\)", "(size=N)", path.read_text(errors="surrogateescape")) if path.exists() else ""


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The scenes that are asked for, started together."""
    pool = ThreadPoolExecutor(AT_ONCE)
    asked = [item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")]
    try:
        yield Runs(tmp_path_factory.mktemp("scenes"), pool, [name for name in NAMES if name in asked])
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_goes_as_in_the_kernel(runs: Runs, name: str) -> None:
    """Packets, states, counters, listings, messages: byte for byte."""
    available, otherwise = NEEDS.get(name, (lambda: True, ""))
    if not available():
        pytest.skip(otherwise)
    assert comparable(SCENES[name][1]) == runs.outcome(name)


def test_every_exception_is_a_scene() -> None:
    """The list of exceptions has nothing left over."""
    everything = {each.stem for folder in (SHARED / "scenarios", HERE / "scenes") for each in folder.glob("*.sh")}

    assert excepted() - everything == set()
