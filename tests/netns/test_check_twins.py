# SPDX-License-Identifier: Apache-2.0
"""Our health checks beside the real Keepalived's: the same servers, the same log, the same tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.twin_scenes import SCENES
from tests.netns.twins import KEEPALIVED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AT_ONCE = 20  # they wait most of the time
COMPILER = shutil.which("cc") or shutil.which("clang") or ""
NETWORK = """
mount --make-rprivate / && mount -t tmpfs tmpfs /run &&
ip link set lo up && ip link add hole type veth peer name end && ip address add 10.9.0.1/24 dev hole &&
ip link set hole arp off up && ip link set end up && exec "$@"
"""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed"),
    pytest.mark.skipif(not COMPILER, reason="no C compiler"),
]

Both = tuple["Future[list[str]]", "Future[list[str]]"]


def run(which: str, scene: str, library: Path) -> list[str]:
    """A transcript, from a network namespace of its own."""
    command = [sys.executable, "-m", "tests.netns.twins", which, scene, str(library)]
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", NETWORK, "sh", *command],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def transcripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Both]]:
    """Of all scenes: the real one's and ours."""
    library = tmp_path_factory.mktemp("library") / "quiet_ipvs.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, HERE / "quiet_ipvs.c"], check=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: (pool.submit(run, "real", name, library), pool.submit(run, "ours", name, library)) for name in SCENES
        }


@pytest.mark.parametrize("scene", SCENES)
def test_the_log_and_the_tables_are_the_originals(transcripts: dict[str, Both], scene: str) -> None:
    """Line by line, while servers come and go as scripted."""
    real, ours = (each.result() for each in transcripts[scene])
    assert ours == real
    assert not any(line.startswith("MISSING") for line in real)
