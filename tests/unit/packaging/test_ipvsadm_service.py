# SPDX-License-Identifier: Apache-2.0
"""What the systemd unit does with the rules file, with commands that only note how they were called."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

COMMANDS = {
    "ipvsadm": 'echo "ipvsadm $*" >> calls',
    "ipvsadm-restore": '{ echo "ipvsadm-restore:"; cat; } >> calls',
    "ipvsadm-save": 'echo "ipvsadm-save $*" >> calls; [ ! -e broken ] || exit 1; echo "-A -t 10.0.0.1:80 -s rr"',
    "xlvs": 'echo "xlvs $*" >> calls; [ "$1 $2" != "save --beside" ] || [ ! -e more ] || cat more',
}
RULES = "-A -t 192.168.20.129:80 -s rr\n"


class Host(NamedTuple):
    """A host's folder, its rules file, and the script under test."""

    folder: Path
    rules: Path
    script: Path

    def service(self, verb: str, **settings: str) -> int:
        """Run `ipvsadm-tables VERB` and return its exit code."""
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        environment = {"PATH": path, "IPVSADM_RULES": str(self.rules), **settings}
        return subprocess.run(
            [self.script, verb], cwd=self.folder, env=environment, capture_output=True, check=False
        ).returncode

    def calls(self) -> str:
        """What the commands noted, in order."""
        notes = self.folder / "calls"
        return notes.read_text() if notes.exists() else ""


@pytest.fixture
def host(tmp_path: Path, project_root: Path) -> Host:
    """A host with the commands and without rules."""
    (tmp_path / "bin").mkdir()
    for name, body in COMMANDS.items():
        command = tmp_path / "bin" / name
        command.write_text(f"#!/bin/sh\n{body}\n")
        command.chmod(0o755)
    script = project_root / "packaging" / "systemd" / "ipvsadm-tables"
    return Host(tmp_path, tmp_path / "sysconfig" / "ipvsadm", script)


@pytest.fixture
def host_with_rules(host: Host) -> Host:
    """A host whose administrator has saved rules."""
    host.rules.parent.mkdir()
    host.rules.write_text(RULES)
    return host


def test_start_restores_the_rules(host_with_rules: Host) -> None:
    """The table is what the file says, whatever stood there before."""
    assert host_with_rules.service("start") == 0
    assert host_with_rules.calls() == f"ipvsadm -C\nipvsadm-restore:\n{RULES}"


def test_start_without_rules_is_no_failure(host: Host) -> None:
    """A host that never saved starts with what it has."""
    assert (host.service("start"), host.calls()) == (0, "")


def test_start_is_switched_off_as_on_debian(host_with_rules: Host) -> None:
    """AUTO=false in /etc/default/ipvsadm restores nothing."""
    assert (host_with_rules.service("start", AUTO="false"), host_with_rules.calls()) == (0, "")


def test_stop_saves_then_clears(host: Host) -> None:
    """The rules file holds the table as it was at the stop, readable by root alone."""
    assert host.service("stop") == 0
    assert host.calls() == "ipvsadm-save -n\nxlvs save --beside\nipvsadm -C\n"
    assert (host.rules.read_text(), host.rules.stat().st_mode & 0o777) == ("-A -t 10.0.0.1:80 -s rr\n", 0o600)


def test_what_rules_have_no_place_for_is_saved_and_restored_beside_them(host: Host) -> None:
    """As the commands that make them; when there is nothing any more, neither is its file."""
    command = "xlvs laddr add -t 10.0.0.1:80 --ports 1-2 --routed 10.0.0.9"
    (host.folder / "more").write_text(f"{command}\n")
    assert host.service("stop") == 0
    saved = host.rules.with_name("ipvsadm.xlvs")
    assert (saved.read_text(), saved.stat().st_mode & 0o777) == (f"{command}\n", 0o600)
    (host.folder / "calls").unlink()
    assert host.service("start") == 0
    assert host.calls().splitlines()[-1] == command
    (host.folder / "more").unlink()
    assert host.service("save") == 0
    assert sorted(path.name for path in host.rules.parent.iterdir()) == ["ipvsadm"]


def test_stop_without_saving_keeps_the_file(host_with_rules: Host) -> None:
    """IPVS_SAVE_ON_STOP=no leaves the administrator's file alone."""
    assert host_with_rules.service("stop", IPVS_SAVE_ON_STOP="no") == 0
    assert (host_with_rules.calls(), host_with_rules.rules.read_text()) == ("ipvsadm -C\n", RULES)


def test_failed_save_keeps_rules_and_table(host_with_rules: Host) -> None:
    """When the table cannot be read, yesterday's rules stay and nothing is cleared."""
    (host_with_rules.folder / "broken").touch()
    assert host_with_rules.service("stop") == 1
    assert (host_with_rules.calls(), host_with_rules.rules.read_text()) == ("ipvsadm-save -n\n", RULES)
    assert [path.name for path in host_with_rules.rules.parent.iterdir()] == ["ipvsadm"]


def test_reload_is_a_transaction(host_with_rules: Host) -> None:
    """A reload states the whole table, so that what stays keeps its connections."""
    assert host_with_rules.service("reload") == 0
    assert host_with_rules.calls() == f"xlvs restore {host_with_rules.rules}\n"
