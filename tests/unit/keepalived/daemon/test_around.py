# SPDX-License-Identifier: Apache-2.0
"""The scripts before everything and after everything, with the original's log lines."""

from __future__ import annotations

import os
import pwd
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from tests.unit.config.texts import read
from xlvs.keepalived.daemon.around import scripts_around
from xlvs.keepalived.daemon.log import Log

if TYPE_CHECKING:
    from pathlib import Path

ME = pwd.getpwuid(os.getuid()).pw_name


def life(folder: Path, settings: str, reloaded: str = "") -> tuple[list[str], list[str]]:
    """What was done in which order, and the log. `reloaded`: other settings, from the middle on."""
    done, console = folder / "done", StringIO()
    configs = [
        read(f"global_defs {{\nscript_user {ME}\nenable_script_security\n{each}\n}}".replace("@DONE", str(done))).config
        for each in (settings, reloaded or settings)
    ]
    with scripts_around(lambda: configs[0], Log("test", console, to_syslog=False)):
        with done.open("a") as file:
            file.write("inside\n")
        configs.pop(0)
    lines = [line.split(": ", 1)[1] for line in console.getvalue().splitlines()]
    return done.read_text().splitlines(), lines


@pytest.mark.keyword("global_defs.startup_script", "global_defs.shutdown_script")
def test_scripts_run_before_and_after_everything(tmp_path: Path) -> None:
    """With their arguments."""
    scripts = (
        "startup_script \"/bin/sh -c 'echo $0 >> @DONE' start\"\nshutdown_script \"/bin/sh -c 'echo $0 >> @DONE' stop\""
    )

    done, log = life(tmp_path, scripts)

    assert done == ["start", "inside", "stop"]
    shell = log[0].removeprefix("Running startup script ")
    assert log == [
        f"Running startup script {shell}",
        "startup script script succeeded",
        f"Running shutdown script {shell}",
        "shutdown script script succeeded",
    ]


def test_the_last_configuration_says_what_runs_at_the_end(tmp_path: Path) -> None:
    """A reload may bring a script for that."""
    done, _ = life(tmp_path, "router_id x", "shutdown_script \"/bin/sh -c 'echo stop >> @DONE'\"")

    assert done == ["inside", "stop"]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("/bin/sh -c 'exit 3'", "startup script script failed, status 3"),
        ("/bin/sh -c 'kill -9 $$'", "startup script script failed due to signal 9"),
        ("/bin/sleep 60", "startup script timed out"),
        ("/no/script", "Script /no/script cannot be accessed - No such file or directory"),
    ],
)
@pytest.mark.keyword("global_defs.startup_script_timeout", "global_defs.shutdown_script_timeout")
def test_what_goes_wrong_is_logged_and_keeps_nothing_from_running(tmp_path: Path, script: str, line: str) -> None:
    """The daemon runs all the same, and after the time that is given."""
    done, log = life(tmp_path, f'startup_script "{script}"\nstartup_script_timeout 1\nshutdown_script_timeout 1')

    assert (done, log[-1]) == (["inside"], line)
