# SPDX-License-Identifier: Apache-2.0
"""Files that hold a number."""

import os
from pathlib import Path

from xlvs.linux.small_file import beginning


def test_a_file_is_read_a_little(tmp_path: Path) -> None:
    """However large it is."""
    path = tmp_path / "file"
    path.write_text("17\n" + "x" * 1_000_000)
    assert beginning(str(path)).startswith("17\nxxx")
    assert len(beginning(str(path))) < 100


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody writes into it."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert beginning(str(path)) == ""
