# SPDX-License-Identifier: Apache-2.0
"""What `xlvs keepalived plan` says that a reload would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xlvs.config.build.config import load
from xlvs.config.files import Identity
from xlvs.healthcheck.health import Health
from xlvs.keepalived.checks import check_state
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.configured import configured
from xlvs.keepalived.daemon.files import DiskFiles
from xlvs.keepalived.plan_changes import block_changes, desired_after, services_of

if TYPE_CHECKING:
    from pathlib import Path

ROUTER = """
vrrp_instance V {
 interface eth0
 virtual_router_id 51
 priority 100
 virtual_ipaddress {
  192.0.2.1/24
 }
}
"""
SERVICE = """
virtual_server 192.0.2.1 80 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 sorry_server 192.0.2.9 80
 real_server 192.0.2.7 80 {
  TCP_CHECK {
  }
 }
 real_server 192.0.2.8 80 {
  TCP_CHECK {
  }
 }
}
"""


def config(text: str, folder: Path) -> Any:
    """The values of a text."""
    file = folder / "keepalived.conf"
    file.write_text(text, encoding="ascii")
    return load(str(file), DiskFiles(), Identity()).config


def changes(before: str, after: str, folder: Path, state: str = "BACKUP") -> list[str]:
    """Lines about routers and what belongs to them."""
    return list(block_changes(configured(config(before, folder)), configured(config(after, folder)), {"V": state}))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("priority 100", "priority 120", "~ router V: priority 100 -> 120"),
        ("priority 100", "priority 100\n nopreempt", "~ router V: nopreempt off -> on"),
        ("priority 100", 'priority 100\n notify "/bin/x a"', "~ router V: notify none -> /bin/x a"),
        (
            "192.0.2.1/24",
            "192.0.2.1/24\n 192.0.2.2/24 dev eth1",
            "~ router V: virtual_ipaddress + 192.0.2.2/24 dev eth1 (when it is MASTER; now BACKUP)",
        ),
    ],
)
def test_each_keyword_that_says_something_else_is_named(old: str, new: str, line: str, tmp_path: Path) -> None:
    """With both values."""
    assert changes(ROUTER, ROUTER.replace(old, new), tmp_path) == [line]


def test_addresses_of_a_master_change_at_once(tmp_path: Path) -> None:
    """Each that goes and each that comes."""
    assert changes(ROUTER, ROUTER.replace("192.0.2.1/24", "192.0.2.2/24"), tmp_path, "MASTER") == [
        "~ router V: virtual_ipaddress - 192.0.2.1/24",
        "~ router V: virtual_ipaddress + 192.0.2.2/24",
    ]


def test_routers_come_and_go(tmp_path: Path) -> None:
    """A master that goes takes its addresses along."""
    assert changes(ROUTER, "", tmp_path, "MASTER") == ["- router V (MASTER: priority 0 is sent, 192.0.2.1/24 goes)"]
    assert changes(ROUTER, "", tmp_path) == ["- router V (BACKUP)"]
    assert changes("", ROUTER, tmp_path) == ["+ router V (192.0.2.1/24)"]
    assert changes(ROUTER, ROUTER, tmp_path) == []


def test_global_settings_and_scripts_count_too(tmp_path: Path) -> None:
    """By their block and name."""
    script = "vrrp_script chk {\n script /bin/true\n}\n"
    assert changes("", "global_defs {\n router_id R\n}\n" + script, tmp_path) == [
        "+ vrrp_script chk",
        "~ global_defs: router_id none -> R",
    ]


def test_servers_that_are_down_stay_out(tmp_path: Path) -> None:
    """The tables that are planned hold what a reload would put there."""
    settings = translate(config(SERVICE, tmp_path)).health
    running = Health(settings)

    class Checking:
        health = running

        @staticmethod
        def now() -> int:
            return 0

    def planned() -> list[list[str]]:
        state = check_state.state(Checking())  # type: ignore[arg-type]  # all that it asks for
        assert services_of(state) == {each.services[0].key for each in settings.servers}
        return [
            [str(each.key.address[-1]) for each in service.destinations] for service in desired_after(settings, state)
        ]

    assert planned() == [["7", "8"]]
    running.virtual_servers[0].servers[0].up = False
    assert planned() == [["8"]]
    running.virtual_servers[0].servers[1].up = False
    running.virtual_servers[0].quorum_up = False
    assert planned() == [["9"]]
