# SPDX-License-Identifier: Apache-2.0
"""What each keyword of bfd_instance, and those that track one, changes in the plans that the daemon runs by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.keepalived.effects import Effect, Made, rows, shows
from xlvs.bfd.packet import PORT_MULTIHOP
from xlvs.config.problem import Severity
from xlvs.healthcheck.probe import BfdProbe
from xlvs.keepalived.routers.vrrp_plan import Tracked
from xlvs.keepalived.sessions.bfd_translate import translate

if TYPE_CHECKING:
    from xlvs.keepalived.sessions.bfd_translate import BfdPlan

NINE, ONE = bytes((10, 0, 0, 9)), bytes((10, 0, 0, 1))
V6 = "bfd_instance B {{\nneighbor_ip fd00::9\n{}\n}}"


def session(made: Made) -> BfdPlan:
    """The one bfd_instance."""
    (only,) = translate(made.config)
    return only


KEYWORDS = (
    Effect("bfd_instance.neighbor_ip", "neighbor_ip 10.0.0.1", lambda it: session(it).settings.neighbor, ONE),
    Effect("bfd_instance.neighbour_ip", "neighbour_ip 10.0.0.1", lambda it: session(it).settings.neighbor, ONE),
    Effect("bfd_instance.source_ip", "source_ip 10.0.0.1", lambda it: session(it).settings.source, ONE),
    Effect("bfd_instance.min_rx", "min_rx 3.312", lambda it: session(it).settings.min_rx_us, 3312),
    Effect("bfd_instance.min_tx", "min_tx 50", lambda it: session(it).settings.min_tx_us, 50_000),
    Effect("bfd_instance.idle_tx", "idle_tx 2000", lambda it: session(it).settings.idle_tx_us, 2_000_000),
    Effect("bfd_instance.multiplier", "multiplier 3", lambda it: session(it).settings.multiplier, 3),
    Effect("bfd_instance.passive", "passive", lambda it: session(it).settings.passive, True),
    Effect("bfd_instance.ttl", "ttl 64", lambda it: session(it).settings.ttl, 64),
    Effect("bfd_instance.hoplimit", "hoplimit 64", lambda it: session(it).settings.ttl_least, 64),
    Effect("bfd_instance.max_hops", "max_hops 3", lambda it: session(it).settings.ttl_least, 252),
    Effect("bfd_instance.max_hops", "max_hops 255", lambda it: session(it).settings.ttl_least, 0),
    Effect("bfd_instance.max_hops", "max_hops -1", lambda it: session(it).settings.ttl_least, 0),
    Effect("bfd_instance.multihop", "multihop on", lambda it: session(it).settings.port, PORT_MULTIHOP),
    Effect("bfd_instance.weight", "weight -20 reverse", lambda it: it.plan.sessions[0].weight, -20),
    Effect("bfd_instance.weight", "weight -20 reverse", lambda it: it.plan.sessions[0].reverse, True),
    Effect("bfd_instance.vrrp", "vrrp", lambda it: session(it).tells_checks, False),
    Effect("bfd_instance.checker", "checker", lambda it: session(it).tells_routers, False),
    Effect(
        "vrrp_instance.track_bfd",
        "track_bfd {\nB weight 7 reverse\n}",
        lambda it: it.router.tracks.sessions,
        (Tracked("B", 7, reverse=True),),
    ),
    Effect("vrrp_sync_group.track_bfd", "track_bfd {\nB\n}", lambda it: it.group.tracks.sessions, (Tracked("B"),)),
)


@pytest.mark.parametrize("effect", rows(KEYWORDS))
def test_keyword_has_its_effect(effect: Effect) -> None:
    """With it there is what it says, without it something else."""
    shows(effect)


def test_check_is_for_the_session_of_its_name() -> None:
    """BFD_CHECK.name; one failure of the session counts, whatever `retry` says elsewhere."""
    made = Effect("BFD_CHECK.name", "name B", lambda it: it.probe, BfdProbe("B")).made("name B")
    assert (made.probe, made.checker.retry) == (BfdProbe("B"), 0)


def test_vrrp_and_checker_together_are_both() -> None:
    """As neither of them is."""
    made = Effect("bfd_instance.vrrp", "", lambda _: 0, 0).made("vrrp\nchecker")
    assert (session(made).tells_routers, session(made).tells_checks) == (True, True)


@pytest.mark.parametrize(
    ("lines", "sent", "least"),
    [("", 255, 64), ("max_hops 4", 255, 60), ("hoplimit 255", 255, 255), ("ttl 10", 10, 10), ("multihop on", 255, 0)],
)
def test_ipv6_sends_what_the_standard_asks_for_and_takes_what_the_original_sends(
    lines: str, sent: int, least: int
) -> None:
    """Unless it is told what to send."""
    found = session(Made(V6.format(lines))).settings
    assert (found.ttl, found.ttl_least) == (sent, least)


def test_link_local_neighbor_has_its_interface() -> None:
    """After a percent sign."""
    found = session(Made("bfd_instance B {\nneighbor_ip fe80::2%eth7\n}")).settings
    assert (found.neighbor[:2], found.interface) == (b"\xfe\x80", "eth7")


def test_link_local_neighbor_without_its_interface_is_worth_a_notice() -> None:
    """The original takes it, and cannot send."""
    (problem,) = Made("bfd_instance B {\nneighbor_ip fe80::2\n}").loaded.problems
    assert (problem.severity, problem.remedy) == (Severity.NOTICE, "neighbor_ip fe80::2%INTERFACE")


TWO = "bfd_instance A {{\nneighbor_ip 10.0.0.9\n{}\n}}\nbfd_instance B {{\nneighbor_ip 10.0.0.9\n{}\n}}"


@pytest.mark.parametrize(
    ("one", "other", "names"),
    [
        ("", "", ["A"]),
        ("source_ip 10.0.0.1", "source_ip 10.0.0.1", ["A"]),
        ("", "source_ip 10.0.0.1", ["A"]),
        ("source_ip 10.0.0.1", "", ["A"]),
        ("source_ip 10.0.0.1", "source_ip 10.0.0.2", ["A", "B"]),
    ],
)
def test_sessions_whose_packets_could_be_for_either_are_refused(one: str, other: str, names: list[str]) -> None:
    """As the original refuses them."""
    made = Made(TWO.format(one, other))
    assert [each.settings.name for each in translate(made.config)] == names
    assert bool(made.loaded.problems) == (len(names) == 1)


REFUSED = [
    ("vrrp_instance.track_bfd", "track_bfd {\nB\nB\n}", "B stands twice in track_bfd"),
    ("vrrp_instance.track_bfd", "priority 255\ntrack_bfd {\nB weight 7\n}", "priority 255 does not change"),
    ("vrrp_instance.track_bfd", "track_bfd {\nC\n}", "there is no bfd_instance C"),
    ("bfd_instance.max_hops", "ttl 100\nmax_hops 200", "max_hops 200 is more than the ttl, 100"),
    ("real_server.BFD_CHECK", "BFD_CHECK {\nname B\n}\nBFD_CHECK {\nname B\n}", "BFD_CHECK with B stands twice"),
    ("real_server.BFD_CHECK", "BFD_CHECK {\nname C\n}", "there is no bfd_instance C"),
]


@pytest.mark.parametrize(("keyword", "lines", "message"), REFUSED)
def test_what_the_original_calls_an_error_is_one(keyword: str, lines: str, message: str) -> None:
    """One line about each."""
    made = Effect(keyword, lines, lambda _: 0, 0).made(lines)
    assert [each.message for each in made.loaded.problems if message in each.message]


def test_only_those_are_there_to_be_tracked_that_tell_the_tracker() -> None:
    """A session with `checker` is none for routers, one with `vrrp` none for checks."""
    text = (
        "bfd_instance B {{\nneighbor_ip 10.0.0.9\n{}\n}}\nvirtual_server 10.0.0.1 80 {{\nprotocol TCP\nlvs_sched rr\n"
    )
    text += "lvs_method NAT\nreal_server 10.0.0.2 80 {{\nBFD_CHECK {{\nname B\n}}\n}}\n}}\n"
    text += "vrrp_instance V {{\ninterface vA\nvirtual_router_id 1\nvirtual_ipaddress {{\n10.0.0.1\n}}\ntrack_bfd {{\nB\n}}\n}}"
    found = [Made(text.format(word)) for word in ("vrrp", "checker")]
    assert [len(each.real.checkers) for each in found] == [0, 1]
    assert [len(each.router.tracks.sessions) for each in found] == [1, 0]
