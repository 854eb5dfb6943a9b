# SPDX-License-Identifier: Apache-2.0
"""lvs_sync_daemon: which daemons run, as a virtual router changes its state."""

import io
from collections.abc import Callable

import pytest

from tests.unit.keepalived.effects import Made, text
from xlvs.ipvs.memory import MemoryTables
from xlvs.keepalived.checks.sync_daemon import SyncDaemons
from xlvs.keepalived.daemon.log import Log
from xlvs.model.settings import SyncDaemon


def roles(tables: MemoryTables) -> list[str]:
    """Of the daemons that run."""
    return [daemon.role for daemon in tables.daemons()]


@pytest.mark.keyword("global_defs.lvs_sync_daemon")
def test_role_follows_the_router() -> None:
    """The backup's until it is master; none at the end. Its number is the router's."""
    made = Made(text("global_defs", "lvs_sync_daemon vA V maxlen 1000 port 9000 ttl 3 group 224.0.0.99"))
    router, daemons = made.plan.sync
    assert (router, daemons[0]) == ("V", SyncDaemon("master", "vA", 1, 1000, bytes((224, 0, 0, 99)), 9000, 3))
    tables = MemoryTables(interface_mtu={"vA": 1500})
    running = SyncDaemons(lambda: tables, Log("test", to_syslog=False))
    running.use(router, daemons)
    seen = [roles(tables)]
    for kind, name, state in (
        ("INSTANCE", "V", "MASTER"),
        ("INSTANCE", "W", "BACKUP"),
        ("GROUP", "V", "BACKUP"),
        ("INSTANCE", "V", "FAULT"),
    ):
        running.changed(kind, name, state)
        seen.append(roles(tables))
    running.close()
    assert [*seen, roles(tables)] == [["backup"], ["master"], ["master"], ["master"], ["backup"], []]


def test_without_a_router_both_run() -> None:
    """With the number that is given, or 0."""
    for words, number in (("vA", 0), ("vA id 7", 7)):
        tables = MemoryTables(interface_mtu={"vA": 1500})
        SyncDaemons(lambda tables=tables: tables, Log("test", to_syslog=False)).use(  # type: ignore[misc]  # bound in this round; no type is inferred for it
            *Made(text("global_defs", f"lvs_sync_daemon {words}")).plan.sync
        )
        assert roles(tables) == ["master", "backup"]
        assert {daemon.syncid for daemon in tables.daemons()} == {number}


@pytest.mark.keyword("vrrp_instance.lvs_sync_daemon_interface")
def test_interface_of_a_router_is_its_old_way_to_say_it() -> None:
    """The number is the router's."""
    assert Made(text("vrrp_instance", "")).plan.sync == ("", ())
    router, daemons = Made(text("vrrp_instance", "lvs_sync_daemon_interface vA")).plan.sync
    assert (router, {(daemon.interface, daemon.syncid) for daemon in daemons}) == ("V", {("vA", 1)})


def test_tables_that_refuse_are_named_in_the_log_once() -> None:
    """And nothing is tried again until the role changes."""
    log = io.StringIO()
    running = SyncDaemons(MemoryTables, Log("test", console=log, to_syslog=False))
    made = Made(text("global_defs", "lvs_sync_daemon nowhere V"))
    for _ in range(3):
        running.use(*made.plan.sync)
    assert log.getvalue().count("lvs_sync_daemon: ") == 1


def test_what_a_killed_process_left_makes_room() -> None:
    """Both roles run, one with another number; the router is a backup."""
    router, daemons = Made(text("global_defs", "lvs_sync_daemon vA V")).plan.sync
    tables = MemoryTables(interface_mtu={"vA": 1500})
    for daemon in daemons:
        tables.start_daemon(daemon._replace(syncid=99))
    SyncDaemons(lambda: tables, Log("test", to_syslog=False)).use(router, daemons)

    assert [(daemon.role, daemon.syncid) for daemon in tables.daemons()] == [("backup", 1)]


def test_nothing_is_waited_for() -> None:
    """Changes are done in order, by whoever does errands."""
    router, daemons = Made(text("global_defs", "lvs_sync_daemon vA V")).plan.sync
    tables = MemoryTables(interface_mtu={"vA": 1500})
    errands: list[Callable[[], None]] = []
    running = SyncDaemons(lambda: tables, Log("test", to_syslog=False), errands.append)
    running.use(router, daemons)
    running.changed("INSTANCE", "V", "MASTER")
    assert roles(tables) == []
    for errand in errands:
        errand()
    assert roles(tables) == ["master"]
