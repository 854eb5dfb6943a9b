# SPDX-License-Identifier: Apache-2.0
"""Tables in memory keep the contract, and what traffic would have made of them."""

from __future__ import annotations

import pytest

from tests.contracts.ipvs_tables import TablesContract, destination, service_key
from xlvs.ipvs.memory import MemoryTables
from xlvs.ipvs.rules import HostAddresses
from xlvs.model.address import Family
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import DaemonRunning, InvalidArgument, NoSuchDevice
from xlvs.model.service import VirtualService
from xlvs.model.settings import SyncDaemon
from xlvs.model.statistics import NO_COUNTERS, NO_RATES, Counters, Totals
from xlvs.model.views import DestinationView


@pytest.fixture
def tables() -> MemoryTables:
    """Empty tables."""
    return MemoryTables()


class TestMemoryTables(TablesContract):
    """The contract."""


def with_traffic(tables: MemoryTables) -> DestinationView:
    """One service with one destination that has two connections and counters."""
    tables.add_service(VirtualService(service_key()))
    tables.add_destination(service_key(), destination("10.2.1.2"))
    seen = DestinationView(destination("10.2.1.2"), active=1, inactive=1, counters=Counters(2, 20, 10, 2000, 1000))
    tables.observe_destination(service_key(), seen)
    tables.observe_service(service_key(), seen.counters)
    tables.observe_totals(Totals(seen.counters, NO_RATES, (seen.counters,)))
    return seen


def test_a_deleted_destination_comes_back_with_its_counters(tables: MemoryTables) -> None:
    """Deleted and added again, it is the same one, whatever its new settings."""
    seen = with_traffic(tables)
    tables.delete_destination(service_key(), seen.destination.key)
    tables.add_destination(service_key(), destination("10.2.1.2", weight=4))
    back = tables.service(service_key()).destinations[0]
    assert (back.active, back.inactive, back.counters) == (1, 1, seen.counters)
    assert back.destination.weight == 4


def test_a_new_service_keeps_connections_but_counts_anew(tables: MemoryTables) -> None:
    """The destination of a deleted service is still there for its connections."""
    seen = with_traffic(tables)
    tables.delete_service(service_key())
    tables.add_service(VirtualService(service_key()))
    tables.add_destination(service_key(), seen.destination)
    back = tables.service(service_key()).destinations[0]
    assert (back.active, back.inactive, back.counters) == (1, 1, NO_COUNTERS)


def test_zeroing_everything_leaves_the_counters_of_the_cpus(tables: MemoryTables) -> None:
    """As the kernel does."""
    seen = with_traffic(tables)
    tables.zero(None)
    assert tables.service(service_key()).counters == NO_COUNTERS
    assert tables.service(service_key()).destinations[0].counters == NO_COUNTERS
    assert tables.totals() == Totals(NO_COUNTERS, NO_RATES, (seen.counters,))


def test_zeroing_one_service_leaves_the_sums(tables: MemoryTables) -> None:
    """Only the service and its destinations are zeroed."""
    seen = with_traffic(tables)
    tables.zero(service_key())
    assert tables.service(service_key()).destinations[0].counters == NO_COUNTERS
    assert tables.totals().counters == seen.counters


def test_the_hosts_own_addresses_decide_odd_cases() -> None:
    """A network's broadcast address is refused; a link-local address of ours is taken."""
    broadcast, own = bytes((10, 2, 1, 255)), bytes.fromhex("fe80" + "0" * 27 + "1")
    tables = MemoryTables(host_addresses=lambda: HostAddresses(frozenset([own]), frozenset([broadcast])))
    tables.add_service(VirtualService(service_key()))
    with pytest.raises(InvalidArgument):
        tables.add_destination(service_key(), destination("10.2.1.255"))
    tables.add_destination(service_key(), destination("fe80::1", forwarding=ForwardingMethod.TUNNEL))


def test_a_daemon_of_each_role_may_run(tables: MemoryTables) -> None:
    """The master is shown first; default lengths follow role and interface."""
    tables.start_daemon(SyncDaemon("backup", "lo", syncid=7))
    tables.start_daemon(SyncDaemon("master", "lo"))
    assert [(daemon.role, daemon.sync_maxlen) for daemon in tables.daemons()] == [("master", 1472), ("backup", 65507)]
    with pytest.raises(DaemonRunning):
        tables.start_daemon(SyncDaemon("master", "lo"))
    with pytest.raises(NoSuchDevice):
        tables.start_daemon(SyncDaemon("master", "eth9"))
    tables.stop_daemon("backup")
    assert [daemon.role for daemon in tables.daemons()] == ["master"]


def test_daemons_and_mixed_families_exclude_each_other(tables: MemoryTables) -> None:
    """Whichever comes first wins."""
    tables.add_service(VirtualService(service_key()))
    mixed = destination("2001:db8::5", forwarding=ForwardingMethod.TUNNEL)
    tables.start_daemon(SyncDaemon("master", "lo"))
    with pytest.raises(InvalidArgument):
        tables.add_destination(service_key(), mixed)
    tables.stop_daemon("master")
    tables.add_destination(service_key(), mixed)
    with pytest.raises(InvalidArgument):
        tables.start_daemon(SyncDaemon("master", "lo"))


@pytest.mark.parametrize(
    ("role", "asked", "group", "in_force"),
    [
        ("master", 0, Family.IPV4, 1472),
        ("master", 0, Family.IPV6, 1452),
        ("master", 1, Family.IPV4, 1),
        ("master", 65507, Family.IPV4, 65507),
        ("master", 65507, Family.IPV6, 65487),
        ("backup", 0, Family.IPV4, 65507),
        ("backup", 100, Family.IPV4, 1024),
        ("backup", 2000, Family.IPV6, 2000),
    ],
)
def test_message_lengths_of_daemons(tables: MemoryTables, role: str, asked: int, group: Family, in_force: int) -> None:
    """By role, wish and family of the group, on loopback."""
    address = bytes((224, 0, 0, 81)) if group is Family.IPV4 else bytes.fromhex("ff02" + "0" * 26 + "81")
    tables.start_daemon(SyncDaemon("master" if role == "master" else "backup", "lo", sync_maxlen=asked, group=address))
    assert tables.daemons()[0].sync_maxlen == in_force
