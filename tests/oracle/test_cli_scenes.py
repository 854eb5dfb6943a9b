# SPDX-License-Identifier: Apache-2.0
"""Scenes of the command line, on tables in memory, print what the kernel and ipvsadm 1.31 printed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.oracle.replay.server import Server

HERE = Path(__file__).resolve().parent
REPLAY = HERE / "replay"
SHARED = HERE.parents[2] / "shared" / "oracle"

# These become another user, which takes root and real programs.
OTHER_USERS = ("cli-not-root", "cli-save-command-more")


def scenes() -> list[tuple[Path, Path]]:
    """Scenes with what they must print: our own, and the shown ones where they lie beside the project."""
    found = [(each, HERE / "golden" / f"{each.stem}.out") for each in (HERE / "scenes").glob("cli-*.sh")]
    found += [(each, SHARED / "golden" / f"{each.stem}.out") for each in (SHARED / "scenarios").glob("cli-*.sh")]
    return sorted((scene, golden) for scene, golden in found if scene.stem not in OTHER_USERS)


@pytest.mark.parametrize(("scene", "golden"), [pytest.param(*pair, id=pair[0].stem) for pair in scenes()])
def test_a_scene_prints_what_was_recorded(scene: Path, golden: Path, tmp_path: Path) -> None:
    """Byte for byte: output, errors, exit codes."""
    folder = tmp_path / "replay"
    folder.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("ipvsadm", "ipvsadm-save", "ipvsadm-restore"):
        (programs / name).symlink_to(REPLAY / "ipvsadm")
    environment = {
        "PATH": f"{programs}:{os.defpath}",
        "ORACLE_LIB": str(REPLAY),
        "REPLAY": str(folder),
        "LC_ALL": "C",
    }
    server = Server(folder)
    server.start()
    try:
        done = subprocess.run(
            ["bash", scene],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
    finally:
        server.stop()
    assert done.stdout.split(b"\n") == golden.read_bytes().split(b"\n")
