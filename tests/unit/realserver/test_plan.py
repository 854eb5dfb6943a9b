# SPDX-License-Identifier: Apache-2.0
"""From what is wanted and what is there to what is changed."""

import pytest

from tests.unit.realserver.hosts import card, host
from xlvs.model.errors import UsageError
from xlvs.realserver import plan
from xlvs.realserver.host import Host
from xlvs.realserver.setup import Method, Setup, SysctlChange

VIP, VIP6 = bytes((203, 0, 113, 1)), bytes.fromhex("20010db8000000000000000000000001")
QUIET = {"all__arp_ignore": 1, "all__arp_announce": 2, "lo__arp_ignore": 1, "lo__arp_announce": 2}


def changed(found: Host, *vips: bytes, old: Setup | None = None) -> dict[str, tuple[str, str]]:
    """Settings by their short names: before and after."""
    noted = plan.plan(plan.wish(old or Setup(), vips, Method.DIRECT_ROUTE), found)
    return {
        change.key.removeprefix("ipv4/conf/").replace("/", " "): (change.before, change.ours)
        for change in noted.sysctls
    }


def test_a_plain_host_gets_the_settings_of_the_texts() -> None:
    """For all and for lo, as every LVS text has it."""
    assert changed(host(), VIP) == {
        "all arp_ignore": ("0", "1"),
        "all arp_announce": ("0", "2"),
        "lo arp_ignore": ("0", "1"),
        "lo arp_announce": ("0", "2"),
    }


def test_ipv6_needs_no_setting() -> None:
    """Neighbour discovery answers for an interface's own addresses only."""
    assert changed(host(all__rp_filter=1), VIP6) == {}


@pytest.mark.parametrize(
    ("all_", "own", "expected"),
    [
        (0, 0, {}),
        (2, 1, {}),
        (1, 2, {}),
        (0, 1, {"eth1 rp_filter": ("1", "2")}),
        (1, 0, {"eth1 rp_filter": ("0", "2")}),
    ],
)
def test_rp_filter_is_made_loose_where_it_is_strict(all_: int, own: int, expected: dict[str, tuple[str, str]]) -> None:
    """The greater of both values counts, so the interface's own is enough."""
    found = host(settings=QUIET, all__rp_filter=all_, eth0__rp_filter=2, eth1__rp_filter=own)
    assert changed(found, VIP) == expected


@pytest.mark.parametrize(("value", "quiet"), [(0, False), (1, True), (2, True), (3, False), (8, True)])
def test_stricter_settings_of_arp_stay(value: int, *, quiet: bool) -> None:
    """3 is no stricter one: it still answers for addresses of global scope."""
    assert ("all arp_ignore" not in changed(host(settings={**QUIET, "all__arp_ignore": value}), VIP)) == quiet


def test_the_value_of_before_is_that_of_the_first_time() -> None:
    """What we set ourselves is nothing to come back to."""
    old = Setup(sysctls=(SysctlChange("ipv4/conf/all/arp_ignore", "8", "1"),))
    found = host(settings={**QUIET, "all__arp_ignore": 0})
    assert changed(found, VIP, old=old) == {"all arp_ignore": ("8", "1")}


def test_an_address_that_is_there_is_not_ours() -> None:
    """Neither before the first time nor, once it is ours, after it."""
    found = host("lo 203.0.113.1/32")
    assert plan.plan(plan.wish(Setup(), [VIP, VIP6], Method.DIRECT_ROUTE), found).addresses == (VIP6,)
    ours = Setup({VIP: Method.DIRECT_ROUTE}, addresses=(VIP,))
    assert plan.plan(ours, found).addresses == (VIP,)


def test_a_port_of_a_bridge_is_none_where_requests_come_in() -> None:
    """Its master is; named by the user, it is as well."""
    found = host(cards=(card(1), card(2, master=3), card(3)))
    assert [each.name for each in found.listening(())] == ["eth1"]
    assert [each.name for each in found.listening(("eth0",))] == ["eth0"]


def test_the_last_address_takes_all_with_it() -> None:
    """Before that, settings stay."""
    change = SysctlChange("ipv4/conf/all/arp_ignore", "0", "1")
    old = Setup({VIP: Method.TUNNEL, VIP6: Method.TUNNEL}, sysctls=(change,), addresses=(VIP6,))
    one = old.without([VIP6])
    assert (plan.to_remove(old, one), plan.to_restore(old, one)) == ([VIP6], ())
    assert plan.undo(old, one) == Setup({VIP: Method.TUNNEL}, sysctls=(change,))
    none = old.without([VIP, VIP6])
    assert (plan.to_remove(old, none), plan.to_restore(old, none)) == ([VIP6], (change,))
    assert plan.undo(old, none) == Setup()


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "127.0.0.1", "::1", "::", "ff02::1"])
def test_an_address_that_no_host_can_have_is_refused(address: str) -> None:
    """Before anything is changed."""
    from ipaddress import ip_address

    wanted = plan.wish(Setup(), [ip_address(address).packed], Method.DIRECT_ROUTE)
    with pytest.raises(UsageError, match="no address that a host can have"):
        plan.plan(wanted, host())


def test_an_address_of_a_card_is_refused_with_the_remedy() -> None:
    """The card would answer for it."""
    with pytest.raises(UsageError, match=r"`ip address del 203\.0\.113\.1/24 dev eth0`"):
        plan.plan(plan.wish(Setup(), [VIP], Method.TUNNEL), host("eth0 203.0.113.1/24"))
