# SPDX-License-Identifier: Apache-2.0
"""What status says of facts; breaking real hosts is tests/netns/test_realserver.py's part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.realserver.hosts import host
from xlvs.realserver.decap import Attached, State
from xlvs.realserver.facts import Answer, Facts
from xlvs.realserver.findings import DROPS, REFUSED, findings
from xlvs.realserver.setup import Method, Setup

VIP, OWN = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
QUIET = {"all__arp_ignore": 1, "all__arp_announce": 2}
HOST = host("lo 192.0.2.1/32", "eth0 192.0.2.2/24", settings=QUIET)
PROGRAM = State((Attached("eth0", "tcx"), Attached("eth1", "tcx")), 1500, frozenset((VIP,)), frozenset((OWN,)), {})
WELL = Facts(Setup({VIP: Method.TUNNEL}), HOST, PROGRAM, (), 1500)


def said(facts: Facts) -> list[tuple[str, bool]]:
    """Sentences and whether they are grave."""
    return [(each.what, each.grave) for each in findings(facts)]


def test_a_host_that_is_well_has_no_findings() -> None:
    """So that every other test shows one thing."""
    assert said(WELL) == []


def test_a_host_without_setup_is_told_how_to_begin() -> None:
    """Exit code 1: a check that a real server is one must not pass here."""
    found = findings(replace(WELL, setup=Setup()))
    assert [(each.what, each.remedy) for each in found] == [
        ("this host has not been made a real server", "`xlvs realserver up --vip ADDR --method ...`")
    ]


@pytest.mark.parametrize(
    ("program", "what"),
    [
        (None, "the program that takes tunnel headers off is not loaded"),
        (PROGRAM._replace(attached=PROGRAM.attached[:1]), "no program takes tunnel headers off on eth1"),
        (PROGRAM._replace(vips=frozenset()), "the program does not know 192.0.2.1"),
        (PROGRAM._replace(own=frozenset()), "192.0.2.2 came later: tunnel packets sent to it are not taken apart"),
    ],
)
def test_what_is_missing_of_the_program_is_grave(program: State | None, what: str) -> None:
    """Requests through the tunnel are lost without it."""
    assert said(replace(WELL, program=program)) == [(what, True)]


@pytest.mark.parametrize("name", [*DROPS, *REFUSED])
def test_packets_that_were_lost_are_worth_knowing(name: str) -> None:
    """Each with its own remedy."""
    found = findings(replace(WELL, program=PROGRAM._replace(counts={name: 2})))
    assert [(each.what.split()[0], each.remedy, each.grave) for each in found] == [
        ("2", {**DROPS, **REFUSED}[name], False)
    ]


def test_without_tunnel_the_program_is_not_asked_for() -> None:
    """DR needs none."""
    assert said(replace(WELL, setup=Setup({VIP: Method.DIRECT_ROUTE}), program=None)) == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([("eth0", ("02:00:00:00:00:aa",))], []),
        (
            [("eth0", ("02:00:00:00:00:aa", "02:00:00:00:00:bb"))],
            [("several hosts on eth0 answer for 192.0.2.1: 02:00:00:00:00:aa, 02:00:00:00:00:bb", True)],
        ),
        ([("eth0", ()), ("eth1", ())], [("nobody on eth0 answers for 192.0.2.1", False)]),
        ([("eth1", ())], []),
    ],
    ids=["the director", "two", "nobody", "another network"],
)
def test_who_answers_for_the_address(
    answers: list[tuple[str, tuple[str, ...]]], expected: list[tuple[str, bool]]
) -> None:
    """One is the director; nobody is remarkable only where the address belongs to the network."""
    asked = tuple(Answer(VIP, name, hardware) for name, hardware in answers)
    assert said(replace(WELL, answers=asked)) == expected


@pytest.mark.parametrize(("mtu", "grave"), [(1500, []), (1460, [False]), (1300, [False])])
def test_packets_that_do_not_fit_are_worth_knowing(mtu: int, grave: list[bool]) -> None:
    """TCP is told, UDP is not."""
    found = findings(replace(WELL, inner_mtu=mtu, program=PROGRAM._replace(inner_mtu=mtu)))
    assert [each.grave for each in found] == grave


def test_ipv6_that_does_not_fit_is_grave() -> None:
    """Nothing below 1280 is allowed to it."""
    vip6 = bytes.fromhex("20010db8000000000000000000000001")
    found = replace(
        WELL,
        setup=Setup({vip6: Method.TUNNEL}),
        host=host("lo 2001:db8::1/128", "eth0 192.0.2.2/24"),
        program=PROGRAM._replace(vips=frozenset((vip6,)), inner_mtu=1260),
        inner_mtu=1260,
    )
    assert said(found) == [("packets of 1260 fit through the tunnel, IPv6 needs 1280", True)]
