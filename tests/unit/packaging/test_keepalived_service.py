# SPDX-License-Identifier: Apache-2.0
"""The unit of the daemon: what it starts is an option of ours, and its reload is a signal."""

from __future__ import annotations

from configparser import ConfigParser
from typing import TYPE_CHECKING

from xlvs.keepalived import options

if TYPE_CHECKING:
    from pathlib import Path


def unit(root: Path) -> dict[str, str]:
    """Its [Service]."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # a stand-in
    parser.read(root / "packaging" / "systemd" / "keepalived.service")
    return dict(parser["Service"])


def test_it_starts_in_the_foreground_and_says_when_it_is_ready(project_root: Path) -> None:
    """Type=notify, with options that exist."""
    service = unit(project_root)
    assert service["Type"] == "notify"
    program, *words = service["ExecStart"].split()
    assert program == "@SBIN@/keepalived"
    assert options.parse([word for word in words if not word.startswith("$")]).dont_fork


def test_its_reload_is_a_signal(project_root: Path) -> None:
    """SIGHUP, as ever."""
    assert unit(project_root)["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_the_default_options_exist(project_root: Path) -> None:
    """/etc/default/keepalived."""
    text = (project_root / "packaging" / "systemd" / "keepalived.default").read_text()
    value = text.split("DAEMON_ARGS=")[1].strip().strip('"')
    assert options.parse(value.split()).log_detail
