# SPDX-License-Identifier: Apache-2.0
"""From the facts about a director to what is missing, each with its remedy."""

from dataclasses import replace
from typing import Any

import pytest

from xlvs.control.finding import Finding
from xlvs.control.findings import DROPS, findings, findings_of_services, findings_without_director
from xlvs.ipvs.detour import Marks
from xlvs.ipvs.health import Health, Line, Room
from xlvs.ipvs.layout import VERDICT_NAMES
from xlvs.ipvs.views import VIEWS
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService
from xlvs.model.views import DestinationView, ServiceView

ETH0 = Line(
    name="eth0",
    up=True,
    suitable=True,
    tc="tcx",
    xdp="native",
    foreign_xdp=0,
    current=True,
    forwarding_ipv4=True,
    forwarding_ipv6=True,
    strict_rp_filter=False,
)
GOOD = Health(
    tc_program=1,
    xdp_program=2,
    clock_runs=True,
    broken_edit=False,
    chosen=False,
    views=tuple(VIEWS),
    lines=(ETH0,),
    families=frozenset((2, 10)),
    services=Room(1, 100),
    destinations=Room(2, 100),
    connections=Room(3, 100),
    marks=Marks(),
    memory_bytes=1 << 20,
    verdicts={"forward": 7},
)


def with_line(**changes: Any) -> Health:
    """A good director whose only interface is different."""
    return replace(GOOD, lines=(replace(ETH0, **changes),))


def test_nothing_is_said_of_a_good_director() -> None:
    """No news."""
    assert findings(GOOD) == []


@pytest.mark.parametrize(
    ("health", "words", "remedy"),
    [
        (replace(GOOD, clock_runs=False), "clock stands still", "xlvs upgrade"),
        (replace(GOOD, lines=()), "on no interface", "xlvs attach"),
        (with_line(tc="", xdp=""), "on no interface", "xlvs attach"),
        (with_line(current=False), "older program", "xlvs upgrade"),
        (with_line(forwarding_ipv4=False), "IPv4 forwarding is off on eth0", "net.ipv4.ip_forward=1"),
        (with_line(forwarding_ipv6=False), "IPv6 forwarding is off on eth0", "net.ipv6.conf.all.forwarding=1"),
        (replace(GOOD, connections=Room(95, 100)), "connections is nearly full", "--connections"),
        (replace(GOOD, lines=(ETH0, replace(ETH0, name="eth1", tc=""))), "eth1 came later", "xlvs attach eth1"),
    ],
)
def test_what_keeps_traffic_from_flowing_is_grave(health: Health, words: str, remedy: str) -> None:
    """It is named, with the command that helps."""
    found = findings(health)

    assert words in found[0].what
    assert remedy in found[0].remedy
    assert found[0].grave


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (replace(GOOD, views=()), "no BPF iterators"),
        (replace(GOOD, broken_edit=True), "died amid a change"),
        (with_line(foreign_xdp=9, xdp=""), "another's XDP program (id 9)"),
        (with_line(up=False), "eth0 is down"),
        (with_line(strict_rp_filter=True), "rp_filter is strict on eth0"),
        (replace(GOOD, verdicts={"drop_table_full": 4}), "4 packets dropped (table_full)"),
    ],
)
def test_what_is_only_worth_knowing_is_not_grave(health: Health, words: str) -> None:
    """A script that asks for the exit code is not alarmed."""
    (found,) = findings(health)

    assert words in found.what
    assert found.remedy
    assert not found.grave


def test_an_interface_that_the_user_left_out_is_no_lack() -> None:
    """He named the others."""
    health = replace(GOOD, chosen=True, lines=(ETH0, replace(ETH0, name="eth1", tc="", xdp="")))

    assert findings(health) == []


def test_forwarding_matters_for_families_in_use() -> None:
    """Without an IPv6 service nobody needs IPv6 forwarding."""
    assert findings(replace(with_line(forwarding_ipv6=False), families=frozenset((2,)))) == []


def test_forwarding_on_the_loopback_interface_is_enough() -> None:
    """What a service's packets are routed as is the host's own."""
    loopback = replace(ETH0, name="lo", suitable=False, tc="", xdp="", egress="tcx")
    eth0 = replace(ETH0, forwarding_ipv4=False, forwarding_ipv6=False)

    assert findings(replace(GOOD, lines=(loopback, eth0))) == []
    assert len(findings(replace(GOOD, lines=(replace(loopback, forwarding_ipv6=False), eth0)))) == 1


def test_a_request_without_a_route_has_its_advice() -> None:
    """Its sender was told, and so is the administrator."""
    (finding,) = findings(replace(GOOD, verdicts={"unreachable": 3}))

    assert not finding.grave
    assert "3 packets refused" in finding.what
    assert "ip route get" in finding.remedy


def test_a_host_without_director_is_told_how_to_get_one() -> None:
    """And that an interface is missing, if so."""
    assert [each.grave for each in findings_without_director((ETH0,))] == [True]
    assert "no Ethernet interface" in findings_without_director(())[1].what


def test_every_drop_reason_has_its_advice() -> None:
    """The packet path may get new ones."""
    assert list(DROPS) == [name for name in VERDICT_NAMES if name.startswith("drop_")]


WEB = VirtualService(ServiceKey(Protocol.TCP, Family.IPV4, bytes((10, 0, 0, 1)), 80))


def behind(service: VirtualService, method: ForwardingMethod = ForwardingMethod.MASQUERADE) -> ServiceView:
    """A service with one destination."""
    key = DestinationKey(Family.IPV4, bytes((10, 2, 0, 1)), 80)
    return ServiceView(service, destinations=[DestinationView(Destination(key, method))])


def test_a_service_that_is_balanced_as_configured_needs_no_words() -> None:
    """No news."""
    assert findings_of_services([behind(WEB)]) == []
    assert findings_of_services([behind(WEB, ForwardingMethod.FULL_NAT)], {WEB.key}) == []


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (ServiceView(WEB), "TCP 10.0.0.1:80: no destination"),
        (behind(WEB._replace(scheduler="")), "no scheduler, so connections are refused"),
        (behind(WEB, ForwardingMethod.FULL_NAT), "no local addresses, so connections by full NAT are dropped"),
    ],
)
def test_what_packets_do_not_follow_is_said(view: ServiceView, words: str) -> None:
    """The option is taken by ipvsadm, so that nobody notices before the clients do."""
    (found,) = findings_of_services([view])

    assert words in found.what
    assert not found.grave


def test_many_services_with_one_lack_are_one_finding() -> None:
    """Ten thousand lines help nobody."""
    views = [ServiceView(WEB._replace(key=WEB.key._replace(port=port))) for port in range(1, 6)]

    assert findings_of_services(views) == [
        Finding(
            "TCP 10.0.0.1:1, TCP 10.0.0.1:2, TCP 10.0.0.1:3 and 2 more: no destination, so connections are refused",
            "`ipvsadm -a ...` adds one",
            grave=False,
        )
    ]
