# SPDX-License-Identifier: Apache-2.0
"""Bytes of a configuration that are not UTF-8 end nothing where they are shown."""

from __future__ import annotations

import syslog
from typing import TYPE_CHECKING

from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.dumps.dump import write_file

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ODD = b"caf\xe9".decode(errors="surrogateescape")


def test_a_line_of_the_log_may_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In syslog, which refuses them and zeros, and in a file."""
    told: list[bytes] = []
    monkeypatch.setattr(syslog, "syslog", lambda _, text: told.append(text.encode()))
    log = Log("test", file=tmp_path / "log")
    log.open()
    log.write(f"{ODD}\0")
    if log._stream:
        log._stream.close()

    assert told == [b"caf??"]
    assert (tmp_path / "log").read_bytes().endswith(b": caf??\n")


def test_a_dump_has_them_as_they_were(tmp_path: Path) -> None:
    """Byte for byte."""
    write_file(tmp_path / "dump", ODD)

    assert (tmp_path / "dump").read_bytes() == b"caf\xe9"
