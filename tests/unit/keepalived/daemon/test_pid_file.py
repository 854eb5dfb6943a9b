# SPDX-License-Identifier: Apache-2.0
"""Which other daemon is in the way."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived import options as command_line
from xlvs.keepalived.daemon import pid_file
from xlvs.keepalived.daemon.parts import allowed_files
from xlvs.keepalived.daemon.pid_file import PidFiles, already_runs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], {"vrrp", "checkers", "bfd"}),
        (["-P"], {"vrrp", "bfd"}),
        (["-C"], {"checkers", "bfd"}),
        (["-P", "-B"], {"vrrp"}),
        (["-P", "-C"], {"vrrp", "checkers"}),
    ],
)
def test_only_parts_that_may_run_are_in_the_way(
    options: list[str], names: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon of routers and one of checks may run beside each other."""
    monkeypatch.setattr(pid_file, "_PATIENCE_S", 0.0)
    files = PidFiles(*(tmp_path / f"{name}.pid" for name in ("parent", "vrrp", "checkers", "bfd")))
    allowed = allowed_files(command_line.parse(options), files)
    program, pipe = [sys.executable, "-c", "input(1)", "keepalived"], subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe) as other:
        assert other.stdout
        assert other.stdout.read(1) == b"1"
        found = set()
        for each in (files.vrrp, files.checkers, files.bfd):
            each.write_text(f"{other.pid}\n")
            found |= {each.stem} if already_runs(files.parent, allowed) else set()
            each.unlink()
        files.parent.write_text(f"{other.pid}\n")
        assert already_runs(files.parent, allowed)
        other.communicate(b"\n")
    assert found == names
