# SPDX-License-Identifier: Apache-2.0
"""FIFO lines and scripts of changes, in the original's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.healthcheck.world import server, virtual_server
from xlvs.healthcheck.checker import Checker
from xlvs.healthcheck.effects import CheckerChanged, QuorumChanged, ServerChanged
from xlvs.healthcheck.probe import ProbeResult
from xlvs.healthcheck.settings import Hook
from xlvs.keepalived.check_notify import fifo_line, hook_of

SERVER = replace(server(1), notify_up=Hook(("/bin/up", "a")), notify_down=Hook(("/bin/down", "x")))
VIRTUAL = virtual_server(SERVER, quorum_up=Hook(("/bin/gained",)))


@pytest.mark.parametrize(
    ("change", "line", "command"),
    [
        (
            ServerChanged(VIRTUAL, SERVER, up=True),
            "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 UP",
            ("/bin/up", "a"),
        ),
        (ServerChanged(VIRTUAL, SERVER, up=False), "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 DOWN", ("/bin/down", "x")),
        (QuorumChanged(VIRTUAL, up=True), "VS [192.0.2.1]:tcp:80 UP", ("/bin/gained",)),
        (QuorumChanged(VIRTUAL, up=False), "VS [192.0.2.1]:tcp:80 DOWN", ()),
        (CheckerChanged(Checker(SERVER.checkers[0]), up=False, result=ProbeResult(ok=False)), "", ()),
    ],
)
def test_changes_are_told(
    change: CheckerChanged | ServerChanged | QuorumChanged, line: str, command: tuple[str, ...]
) -> None:
    """A line for servers and services, the script that is configured for it."""
    hook = hook_of(change)
    assert (fifo_line(change), hook.command if hook else ()) == (line, command)
