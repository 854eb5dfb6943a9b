# SPDX-License-Identifier: Apache-2.0
"""What `xlvs keepalived status` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xlvs.keepalived import status
from xlvs.keepalived.status_report import duration, is_well, report

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_000_000.0
PART = {"pid": 11, "since": NOW - 60, "restarts": 0}


def facts() -> dict[str, Any]:
    """A daemon with a router and a virtual server, all well."""
    return {
        "pid": 10,
        "configuration": "/etc/keepalived/keepalived.conf",
        "since": NOW - 90_000,
        "silent": [],
        "parts": {"vrrp": dict(PART), "healthcheckers": dict(PART)},
        "vrrp": {
            "instances": [
                {
                    "name": "VI_1",
                    "state": "MASTER",
                    "since": NOW - 125,
                    "interface": "eth0",
                    "vrid": 51,
                    "priority": 100,
                    "effective_priority": 90,
                    "addresses": [{"address": "192.0.2.1/24", "interface": "eth0", "present": True}],
                    "excluded_addresses": [],
                }
            ],
            "groups": [{"name": "G", "state": "MASTER", "members": ["VI_1"]}],
            "scripts": [{"name": "chk", "state": "up", "status": 0}],
        },
        "healthcheckers": {
            "virtual_servers": [
                {
                    "name": "[192.0.2.1]:tcp:80",
                    "scheduler": "rr",
                    "quorum": 1,
                    "quorum_up": True,
                    "since": None,
                    "suspended": False,
                    "sorry_server": "",
                    "sorry_server_active": False,
                    "real_servers": [
                        {
                            "name": "[192.0.2.9]:tcp:80",
                            "up": True,
                            "weight": 3,
                            "since": None,
                            "checks": [
                                {"kind": "TCP_CHECK", "ok": True, "last": NOW - 5, "last_ok": True, "reason": "fine."}
                            ],
                        }
                    ],
                }
            ]
        },
    }


def text(found: dict[str, Any], *, colour: bool = False) -> str:
    """The whole report."""
    return "\n".join(report(found, NOW, colour=colour))


def test_states_priorities_addresses_and_checks_are_shown() -> None:
    """One line for each fact that somebody asks for."""
    shown = text(facts())
    assert "process 10, running for 1 d 1 h, /etc/keepalived/keepalived.conf" in shown
    assert "VI_1  MASTER for 2 min 5 s, eth0, VRID 51, priority 100, now 90, group G" in shown
    assert "192.0.2.1/24 on eth0" in shown
    assert "[192.0.2.1]:tcp:80  up, rr, 1 of 1 real servers, quorum 1 of weight 3" in shown
    assert "[192.0.2.9]:tcp:80  up, weight 3" in shown
    assert "TCP_CHECK ok 5 s ago (" in shown
    assert shown.endswith("): fine")
    assert "\033" not in shown


def test_colour_is_for_terminals() -> None:
    """Green for a master."""
    assert "\033[32mMASTER\033[0m" in text(facts(), colour=True)


def test_what_is_wrong_stands_out() -> None:
    """A missing address, a server that is down, the sorry server, a part that came back or hangs, a failing script."""
    found = facts()
    found["vrrp"]["instances"][0]["addresses"][0]["present"] = False
    found["vrrp"]["scripts"][0] |= {"state": "down", "status": 2}
    server = found["healthcheckers"]["virtual_servers"][0]
    server |= {"quorum_up": False, "sorry_server": "[192.0.2.8]:tcp:80", "sorry_server_active": True}
    server["real_servers"][0] |= {"up": False, "since": NOW - 7}
    server["real_servers"][0]["checks"][0] |= {"last_ok": False, "reason": "TCP connection failed: refused."}
    found["parts"]["vrrp"] |= {"restarts": 2, "last_end": "signal 9 (Killed)"}
    found["silent"] = ["vrrp"]
    shown = text(found)
    assert "192.0.2.1/24 on eth0, is missing" in shown
    assert "script chk fails with status 2" in shown
    assert "DOWN, rr, 0 of 1 real servers, quorum 1 of weight 0, sorry server [192.0.2.8]:tcp:80 serves" in shown
    assert "DOWN for 7 s" in shown
    assert "TCP_CHECK failed 5 s ago" in shown
    assert (
        "vrrp: process 11 for 1 min 0 s, started again 2 times, last after signal 9 (Killed), does not answer" in shown
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found["silent"].append("vrrp"),
        lambda found: found["parts"]["vrrp"].update(pid=0),
        lambda found: found["vrrp"]["instances"][0].update(state="FAULT"),
        lambda found: found["healthcheckers"]["virtual_servers"][0].update(quorum_up=False),
        lambda found: found["healthcheckers"]["virtual_servers"][0]["real_servers"][0].update(up=False),
    ],
)
def test_the_exit_code_says_whether_all_is_well(spoil: Any) -> None:
    """Each thing that is not well counts."""
    found = facts()
    assert is_well(found)
    spoil(found)
    assert not is_well(found)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3600, "1 h 0 min"), (90061, "1 d 1 h")],
)
def test_durations_have_two_units(seconds: int, shown: str) -> None:
    """The largest that there are."""
    assert duration(seconds) == shown


def test_no_daemon_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    """Exit code 3, as service managers have it."""
    with pytest.raises(status.NotRunning, match="start it with `xlvs keepalived`") as caught:
        status.main(["-p", str(tmp_path / "nothing.pid")])
    assert caught.value.exit_code == 3
