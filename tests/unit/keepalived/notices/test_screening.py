# SPDX-License-Identifier: Apache-2.0
"""Scripts of a configuration before they run: whose rights they have, and which are left out."""

from __future__ import annotations

import os
import pwd
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from tests.unit.keepalived.effects import Effect, Made, shows
from xlvs.healthcheck.probe import MiscProbe
from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.notices import screening
from xlvs.keepalived.notices.screening import screened_checks, screened_plan
from xlvs.keepalived.notices.script_plan import Command
from xlvs.model.rights import Rights

if TYPE_CHECKING:
    from pathlib import Path

    from xlvs.keepalived.checks.check_plan import CheckPlan
    from xlvs.keepalived.routers.vrrp_plan import Plan

ME = pwd.getpwuid(os.getuid())
OWN = Rights(ME.pw_uid, ME.pw_gid)
VIOLATION = "SECURITY VIOLATION - {} are being executed but script_security not enabled."


class Screened:
    """A configuration with its scripts looked at, and what the log says."""

    def __init__(self, text: str) -> None:
        console = StringIO()
        log = Log("test", console, to_syslog=False)
        made = Made(text)
        self.plan: Plan = screened_plan(made.plan, log)
        self.log = self._lines(console)
        self.checks: CheckPlan = screened_checks(made.checks, log)
        self.check_log = self._lines(console)

    @staticmethod
    def _lines(console: StringIO) -> list[str]:
        lines = [line.split(": ", 1)[1] for line in console.getvalue().splitlines()]
        console.truncate(0)
        console.seek(0)
        return lines


ROUTER = """
vrrp_script s {{
 script "{script} a"
}}
vrrp_instance V {{
 interface vA
 virtual_router_id 9
 virtual_ipaddress {{
  10.0.0.1
 }}
 track_script {{
  s
 }}
 notify_master "{script} 'b c'"
 {more}
}}
virtual_server 10.0.0.1 80 {{
 lb_algo rr
 lb_kind NAT
 protocol TCP
 quorum_up "{script} up"
 real_server 10.0.0.2 80 {{
  notify_down "{script} down"
  MISC_CHECK {{
   misc_path "{script} misc"
  }}
 }}
}}
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A program that is there and may be run."""
    file = tmp_path / "script"
    file.write_text("#!/bin/sh\n", encoding="ascii")
    file.chmod(0o755)
    return str(file)


def configuration(script: str, settings: str, more: str = "") -> str:
    """With lines of global_defs and of the router."""
    return f"global_defs {{\n{settings}\n}}\n{ROUTER.format(script=script, more=more)}"


@pytest.mark.keyword("global_defs.script_user")
def test_scripts_run_as_the_user_that_is_named(script: str) -> None:
    """By script_user; every kind of script, with its arguments."""
    found = Screened(configuration(script, f"script_user {ME.pw_name}"))

    notify, server = found.plan.instances[0].notify, found.checks.health.servers[0]
    assert notify.on_master
    assert server.quorum_up
    assert server.servers[0].notify_down
    (probe,) = server.servers[0].checkers[0].probes
    assert (notify.on_master.arguments, notify.on_master.run_as) == ((script, "b c"), OWN)
    assert (found.plan.scripts[0].command.arguments, found.plan.scripts[0].command.run_as) == ((script, "a"), OWN)
    assert (server.quorum_up.command, server.quorum_up.run_as) == ((script, "up"), OWN)
    assert (server.servers[0].notify_down.command, server.servers[0].notify_down.run_as) == ((script, "down"), OWN)
    assert (getattr(probe, "command", ()), getattr(probe, "run_as", None)) == ((script, "misc"), OWN)
    assert (found.log, found.check_log) == ([VIOLATION.format("scripts")], [VIOLATION.format("check scripts")])


def test_without_a_user_and_with_security_nothing_runs(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual user is not there, and root is nobody's default then."""
    monkeypatch.setattr(screening, "DEFAULT_USER", "no-such-user")

    found = Screened(configuration(script, "enable_script_security"))

    assert found.plan.instances[0].notify.on_master is None
    assert found.plan.scripts == ()
    assert found.checks.health.servers[0].servers[0].checkers == ()
    assert set(found.log) == {
        "Script user 'no-such-user' does not exist",
        "Unable to set default user no-such-user for script",
        f"Failed to set default user for notify script {script} - ignoring",
        "Unable to set default user for vrrp script s - removing",
    }
    assert f"Unable to set default user for misc script '{script}' 'misc' - removing" in found.check_log


def test_without_a_user_and_without_security_root_runs_them(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it always was; the log warns."""
    monkeypatch.setattr(screening, "DEFAULT_USER", "no-such-user")

    found = Screened(configuration(script, "router_id x"))

    command = found.plan.instances[0].notify.on_master
    assert command
    assert command.run_as == Rights(0, 0)
    assert VIOLATION.format("scripts") in found.log[-1]


def test_a_script_of_an_unknown_user_is_left_out(script: str) -> None:
    """Those beside it run."""
    found = Screened(configuration(script, f"script_user {ME.pw_name}", f"notify_fault {script} no-such-user"))

    assert found.plan.instances[0].notify.on_fault is None
    assert found.plan.instances[0].notify.on_master
    assert found.log[:2] == [
        "Script user 'no-such-user' does not exist",
        f"Invalid user/group for notify script {script} - ignoring",
    ]


def test_scripts_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    """A checker too: its server is up then."""
    missing = f"{tmp_path}/missing"

    found = Screened(configuration(missing, f"script_user {ME.pw_name}\nenable_script_security"))

    gone = f"Script {missing} cannot be accessed - No such file or directory"
    assert found.plan.instances[0].notify.on_master is None
    assert found.log == [gone, "Disabling track script s since not found/accessible"]
    assert found.checks.health.servers[0].servers[0].checkers == ()
    assert found.check_log == [gone, f"Disabling misc script '{missing}' 'misc' since not found/accessible"]


@pytest.mark.keyword("global_defs.notify_fifo")
def test_a_fifo_has_an_owner(script: str) -> None:
    """The one that is named with it, or that of scripts; one whose owner is not known is left out."""
    settings = f"script_user {ME.pw_name}\nvrrp_notify_fifo /run/f no-such-user\nnotify_fifo /run/g"

    found = Screened(configuration(script, f"{settings}\nnotify_fifo_script {script}"))

    (fifo,) = found.plan.settings.fifos
    assert (fifo.path, fifo.owner) == ("/run/g", OWN)
    assert fifo.script
    assert fifo.script.run_as == OWN
    assert "Invalid user/group for vrrp_notify fifo /run/f - ignoring" in found.log


@pytest.mark.keyword("global_defs.lvs_notify_fifo_script")
def test_the_fifo_of_the_checks_has_a_reader() -> None:
    """Given the path as its last argument when it runs."""
    shows(
        Effect(
            "global_defs.lvs_notify_fifo_script",
            'lvs_notify_fifo_script "/bin/x a"',
            lambda it: it.checks.fifos[0].script,
            Command(("/bin/x", "a")),
            beside="lvs_notify_fifo /run/f",
        )
    )


def test_a_checks_program_is_given_its_user_by_a_line_of_its_own(script: str) -> None:
    """Here too the rest of the line is ignored."""
    text = configuration(script, "router_id x").replace(
        f'misc_path "{script} misc"', f"misc_path {script} no-such-user"
    )

    (probe,) = Made(text).checks.health.servers[0].servers[0].checkers[0].probes
    assert probe == MiscProbe((script,), 60_000_000)


def test_a_tracked_script_is_given_its_user_by_a_line_of_its_own(script: str) -> None:
    """What stands behind the command is ignored there, as in the original."""
    text = configuration(script, "router_id x").replace(f'script "{script} a"', f"script {script} no-such-user")

    (tracked,) = Made(text.replace(" no-such-user", f" no-such-user\n user {ME.pw_name}")).plan.scripts
    assert (tracked.command.arguments, tracked.command.user) == ((script,), ME.pw_name)
    (tracked,) = Made(text).plan.scripts
    assert (tracked.command.arguments, tracked.command.user) == ((script,), "")
