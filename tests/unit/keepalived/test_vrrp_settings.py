# SPDX-License-Identifier: Apache-2.0
"""From keepalived.conf to a plan: how many addresses are advertised, names of devices, rules, delays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from tests.unit.config.texts import framed, read
from xlvs.keepalived.routers import firewall, virtual_routes
from xlvs.keepalived.routers.room import fitted, room
from xlvs.keepalived.routers.vrrp_plan import Delays, FirewallSettings, Instance, Pauses, Plan
from xlvs.keepalived.routers.vrrp_translate import plan as translate

if TYPE_CHECKING:
    from xlvs.keepalived.routers.links import Links

NOWHERE = cast("Links", SimpleNamespace(by_name={}))
"""A host without interfaces."""


def plan(text: str) -> Plan:
    """Of a whole file."""
    return translate(read(text).config)


def instance(line: str = "") -> Instance:
    """Of an instance with these lines."""
    return plan(framed("V", line)).instances[0]


def addresses(count: int, begin: str = "10.9") -> str:
    """A block of that many more."""
    more = "\\n".join(f"{begin}.{number // 256}.{number % 256}" for number in range(count))
    return f"virtual_ipaddress {{\\n{more}\\n}}"


@pytest.mark.parametrize(
    ("line", "mtu", "expected"),
    [
        ("", 1500, 255),
        ("", 576, 131),
        ("version 3", 576, 133),
        ("authentication {\\nauth_type AH\\nauth_pass a\\n}", 576, 125),
    ],
)
def test_an_advertisement_has_room_for_as_many_addresses_as_the_original_says(
    line: str, mtu: int, expected: int
) -> None:
    """Recorded from the original, but the last, which has 24 bytes more."""
    assert room(instance(line), mtu) == expected


def test_addresses_without_room_are_not_advertised() -> None:
    """They are the last ones; the others stay in their order."""
    given = instance(addresses(300))

    found = fitted(given, 1500)

    assert [len(found.addresses), len(found.excluded), len(found.router.addresses)] == [255, 46, 255]
    assert found.all_addresses == given.all_addresses
    assert fitted(found, 1500) is found


def test_addresses_elsewhere_are_on_devices_with_free_names() -> None:
    """use_vmac_addr for all of them, use_vmac for one; those on the router's interface stay."""
    line = "use_vmac\\nuse_vmac_addr\\nvirtual_ipaddress_excluded {\\n10.8.0.1 dev eth0\\n10.8.0.2 dev eth0\\n}"
    every = instance(line)
    one = instance("virtual_ipaddress_excluded {\\n10.8.0.1 dev eth0 use_vmac\\n10.8.0.2 dev eth0\\n}")
    vrid = every.router.vrid

    assert every.devices == ((f"vrrp.{vrid}", "vA"), (f"vrrp1.{vrid}", "eth0"))
    assert [each.interface for each in every.excluded] == [f"vrrp1.{vrid}"] * 2
    assert [each.interface for each in one.excluded] == [f"vrrp.{vrid}", "eth0"]


def test_vmac_addr_prefix_begins_the_names() -> None:
    """And vmac_prefix those of the others."""
    text = "global_defs {\nvmac_prefix a\nvmac_addr_prefix b\n}\n"
    found = plan(text + framed("V", "use_vmac\\nuse_vmac_addr\\nvirtual_ipaddress_excluded {\\n10.8.0.1 dev eth0\\n}"))

    assert [name.partition(".")[0] for name, _ in found.instances[0].devices] == ["a", "b"]


def test_the_firewall_knows_addresses_that_are_not_accepted() -> None:
    """Those of an instance that accepts are not among them; link-local ones go with their interface."""
    closed = instance("no_accept\\nvirtual_ipaddress_excluded {\\nfe80::9\\n2001:db8::9\\n}")

    told = firewall.rules(FirewallSettings("t", -3), firewall.wanted([closed, instance()], NOWHERE))

    assert told.count("elements") == 4
    assert 'set vips_link_local { type ipv6_addr . iface_index; elements = { fe80::9 . "vA" }; }' in told
    assert "priority -3" in told
    assert firewall.wanted([instance(), instance("no_accept\\npriority 255")], NOWHERE) == firewall.Wanted()


def test_a_table_is_made_for_a_family_that_needs_it() -> None:
    """As the original does."""
    told = firewall.rules(FirewallSettings("t"), firewall.wanted([instance("no_accept")], NOWHERE))

    assert "table ip t {" in told
    assert "table ip6 t {" not in told


def test_without_refused_addresses_the_tables_only_go() -> None:
    """Those that an earlier run left, too."""
    told = firewall.rules(FirewallSettings(), firewall.Wanted())

    assert [line.split()[0] for line in told.splitlines()] == ["table", "delete"] * 2


def test_without_nft_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised; without addresses nothing is asked for either."""
    monkeypatch.setenv("PATH", "/nowhere")
    wall = firewall.Firewall()

    assert wall.set(FirewallSettings(), firewall.Wanted()) == ""
    assert "install nftables" in wall.set(FirewallSettings(), firewall.Wanted(((bytes(4), "vA"),)))


def test_a_link_counts_before_two_advertisements_are_missed() -> None:
    """The original's limit, 1/256 of an interval below that."""
    found = plan("interface_up_down_delays {\nvA 5 1\neth0 5\n}\n" + framed("V", "advert_int 1"))

    assert found.delays == {"vA": Delays(1_996_094, 1_000_000), "eth0": Delays(5_000_000, 0)}


def test_interfaces_of_a_garp_group_share_one_budget() -> None:
    """What it does not set is as usual."""
    found = plan("garp_group {\ngarp_interval 0.5\ninterfaces {\nvA\neth0\n}\n}\n" + framed("V", ""))

    assert found.pauses == {"vA": Pauses("vA", 500_000, None), "eth0": Pauses("vA", 500_000, None)}


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("garp_extra_if all 2", "extra_us", 2_000_000),
        ("garp_extra_if all 2", "extra_everywhere", True),
        ("garp_extra_if 2", "extra_everywhere", False),
        ("unicast_fault_no_peer", "needs_peers", True),
        ("track_src_ip", "track_source", True),
        ("dont_track_primary", "track_primary", False),
        ("promote_secondaries", "promote_secondaries", True),
        ("unicast_peer {\\n10.0.0.9\\n}\\nunicast_ttl 7", "unicast_ttl", 7),
        ("use_vmac\\nvmac_xmit_base", "speaks_on", "vA"),
        ("use_vmac foo", "speaks_on", "foo"),
        ("use_vmac foo 02:00:00:00:00", "vmac_address", "02:00:00:00:00"),
        ("no_accept", "accept", False),
    ],
)
def test_an_instance_is_planned_as_its_keywords_say(line: str, field: str, expected: object) -> None:
    """One row for each rule."""
    assert getattr(instance(line), field) == expected


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("skip_check_adv_addr", "skip_check_adv_addr", True),
        ("lower_prio_no_advert", "lower_priority_no_advert", True),
        ("higher_prio_send_advert", "higher_priority_send_advert", True),
        ("down_timer_adverts 5", "down_timer_adverts", 5),
        ("check_unicast_src\\nunicast_peer {\\n10.0.0.9\\n}", "check_unicast_source", True),
        ("old_unicast_checksum\\nunicast_peer {\\n10.0.0.9\\n}", "old_checksum", True),
        ("old_unicast_checksum never\\nunicast_peer {\\n10.0.0.9\\n}", "never_old_checksum", True),
        ("owner_ignore_adverts", "owner_ignores", True),
        ("mcast_dst_ip 224.0.0.99", "group", bytes((224, 0, 0, 99))),
        ("preempt_delay 3", "preempt_delay_us", 3_000_000),
    ],
)
def test_a_router_is_set_as_its_keywords_say(line: str, field: str, expected: object) -> None:
    """One row for each rule."""
    assert getattr(instance(line).router, field) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("10.80.0.0/16", "via", "10.79.0.2"), "10.80.0.0/16"),
        (("10.80.0.1", "dev", "vA"), "10.80.0.1/32"),
        (("blackhole", "10.80.0.0/16"), "10.80.0.0/16"),
        (("default", "via", "10.79.0.2"), "0.0.0.0/0"),
        (("default", "via", "fe80::1"), "::/0"),
        (("2001:db8::/32", "dev", "vA"), "2001:db8::/32"),
        (("nonsense",), ""),
    ],
)
def test_a_route_leads_where_the_kernel_says_that_it_led(words: tuple[str, ...], expected: str) -> None:
    """The same text as that of a route which went."""
    assert virtual_routes.destination(words) == expected


def test_other_interfaces_of_addresses_and_routes_are_tracked() -> None:
    """But not with no_track, nor the router's own."""
    found = instance(
        "virtual_ipaddress_excluded {\\n10.8.0.1 dev eth0\\n10.8.0.2 dev eth1 no_track\\n10.8.0.3 dev vA\\n}\\n"
        "virtual_routes {\\n10.9.0.0/16 dev eth2\\n10.10.0.0/16 dev eth3 no_track\\n}"
    )

    assert found.implied == {"eth0", "eth2"}
