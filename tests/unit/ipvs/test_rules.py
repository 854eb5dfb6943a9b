# SPDX-License-Identifier: Apache-2.0
"""Rules that the contract of the tables cannot reach."""

from __future__ import annotations

import pytest

from tests.contracts.ipvs_tables import destination, packed
from xlvs.ipvs import rules
from xlvs.model.address import Family
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import InvalidArgument, OutOfRange
from xlvs.model.settings import SyncDaemon, Timeouts


def ask_nobody() -> rules.HostAddresses:
    """For addresses that need no look at the host."""
    raise AssertionError("asked the host")


def test_the_host_is_not_asked_about_a_plain_ipv6_address() -> None:
    """Nor about one that is refused anyhow for IPv4."""
    rules.check_new_destination_address(packed("2001:db8::1"), ask_nobody)
    with pytest.raises(InvalidArgument):
        rules.check_new_destination_address(packed("224.0.0.1"), ask_nobody)


@pytest.mark.parametrize("address", ["fe80::1", "ff02::1", "::ffff:10.0.0.1"])
def test_an_odd_address_of_ours_is_taken(address: str) -> None:
    """Local goes before everything for IPv6."""
    rules.check_new_destination_address(
        packed(address), lambda: rules.HostAddresses(local=frozenset([packed(address)]))
    )


def test_a_mistake_of_family_comes_before_one_of_thresholds() -> None:
    """As in the kernel."""
    both = destination("2001:db8::5", lower_threshold=1)
    with pytest.raises(InvalidArgument):
        rules.check_destination(Family.IPV4, both)
    with pytest.raises(OutOfRange):
        rules.check_destination(
            Family.IPV4, destination("2001:db8::5", forwarding=ForwardingMethod.TUNNEL, lower_threshold=1)
        )


@pytest.mark.parametrize("wrong", [Timeouts(-1, 1, 1), Timeouts(1, 1, 2678401)])
def test_timeouts_have_limits(wrong: Timeouts) -> None:
    """31 days."""
    with pytest.raises(InvalidArgument):
        rules.merge_timeouts(Timeouts(), wrong)


def test_a_daemons_group_is_multicast() -> None:
    """Of either family."""
    rules.check_daemon(SyncDaemon("master", "lo", group=packed("ff02::81")), mixed_families=False)
    with pytest.raises(InvalidArgument):
        rules.check_daemon(SyncDaemon("master", "lo", group=packed("10.0.0.1")), mixed_families=False)


@pytest.mark.parametrize(("mtu", "length"), [(1500, 1472), (576, 1472), (9000, 8972), (65536, 65507)])
def test_a_backup_takes_what_its_interface_carries(mtu: int, length: int) -> None:
    """But never less than Ethernet's."""
    assert rules.daemon_in_force(SyncDaemon("backup", "eth0"), mtu).sync_maxlen == length
