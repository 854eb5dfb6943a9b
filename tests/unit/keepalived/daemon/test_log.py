# SPDX-License-Identifier: Apache-2.0
"""What the daemon writes into its log."""

import io
import syslog
from pathlib import Path

import pytest

from xlvs.keepalived.daemon.log import Log


def test_a_name_of_any_bytes_is_written_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not UTF-8 shows as a question mark: in the system's log, on the console, in the file."""
    told: list[bytes] = []
    monkeypatch.setattr(syslog, "syslog", lambda _, text: told.append(text.encode()))
    console = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (tmp_path / "log").open("w", buffering=1, encoding="utf-8") as stream:
        Log("test", console, _stream=stream).write("router m\udcfcll")
    assert told == [b"router m?ll"]
    console.seek(0)
    assert console.read().endswith(": router m?ll\n")
    assert (tmp_path / "log").read_text().endswith(": router m?ll\n")
