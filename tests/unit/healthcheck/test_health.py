# SPDX-License-Identifier: Apache-2.0
"""Virtual servers over virtual time: tables, log and notifications."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.healthcheck.world import VIP, World, address, destination, http, name, server, tcp, virtual_server
from xlvs.healthcheck.effects import Cause, CheckerChanged, Edit, ServerChanged
from xlvs.healthcheck.probe import SECOND_US, BfdProbe, FileProbe, Kind, MiscProbe, ProbeResult, Weight
from xlvs.healthcheck.settings import CheckerSettings, HealthSettings, VirtualServerSettings
from xlvs.model.diff import AddDestination, DeleteDestination, UpdateDestination

VS = "[192.0.2.1]:tcp:80"
SORRY: dict[str, Any] = {"sorry": destination(9), "sorry_name": name(9)}


def world(*servers: VirtualServerSettings, **settings: bool) -> World:
    """A world with these virtual servers."""
    return World(HealthSettings(servers, **settings))


def edits(seen: World) -> list[str]:
    """What was done to the table, in order."""
    words = {AddDestination: "add", UpdateDestination: "set", DeleteDestination: "delete"}
    return [
        f"{words[type(effect.operation)]} {effect.operation.destination.key.address[3]}"  # type: ignore[union-attr]  # the only kind that this test makes
        for _, effect in seen.seen
        if isinstance(effect, Edit)
    ]


def test_a_server_leaves_and_comes_back() -> None:
    """It is in the table from the start, leaves with its first failure and returns with its next success."""
    seen = world(virtual_server(server(1), server(2))).start()
    assert seen.weights() == {1: 1, 2: 1}
    seen.broken.add(address(1))
    seen.run(0)
    assert seen.weights() == {2: 1}
    seen.broken.clear()
    seen.run(6)
    assert seen.weights() == {2: 1, 1: 1}
    assert seen.changes() == [(0.0, "quorum", True), (0.0, name(1), False), (6.0, name(1), True)]
    assert seen.lines() == [
        f"Gained quorum 1+0=1 <= 2 for VS {VS}",
        f"Activating healthchecker for service {name(1)} for VS {VS}",
        f"Activating healthchecker for service {name(2)} for VS {VS}",
        "Activating BFD healthchecker",
        f"TCP_CHECK on service {name(1)} failed.",
        f"Removing service {name(1)} from VS {VS}",
        f"TCP connection to {name(2)} success.",
        f"TCP connection to {name(1)} success.",
        f"Adding service {name(1)} to VS {VS}",
    ]


def test_a_server_is_up_only_if_all_its_checkers_say_so() -> None:
    """Two checkers: either takes it down, both bring it back."""
    seen = world(virtual_server(server(1, tcp(1), http(1, ("/",))), server(2))).start()
    seen.broken.add((address(1), "/"))
    seen.run(1)
    assert seen.weights() == {2: 1}
    seen.broken = {address(1)}
    seen.run(12)
    seen.broken = {(address(1), "/")}
    seen.run(12)
    assert seen.weights() == {2: 1}
    seen.broken.clear()
    seen.run(12)
    assert seen.weights() == {2: 1, 1: 1}


def test_a_server_without_checkers_is_always_up() -> None:
    """Nothing to fail."""
    plain = replace(server(1), checkers=())
    seen = world(virtual_server(plain)).start()
    seen.run(60)
    assert seen.weights() == {1: 1}


def test_equal_checkers_are_one() -> None:
    """Three services with the same server: one probe in each interval, and a verdict for all of them."""
    servers = [virtual_server(server(1), port=port) for port in (80, 81, 82)]
    seen = world(*servers).start()
    seen.run(12)
    assert seen.probes() == [0, 6, 12]
    seen.broken.add(address(1))
    seen.run(12)
    assert [seen.weights(port) for port in (80, 81, 82)] == [{}, {}, {}]


@pytest.mark.parametrize(("draw", "first"), [(0.0, 0.0), (0.5, 3.0), (1.0, 6.0)])
def test_the_first_probe_comes_within_the_warm_up(draw: float, first: float) -> None:
    """A random part of it, so that not all servers are asked at once."""
    seen = World(HealthSettings((virtual_server(server(1, tcp(1, warmup_us=6 * SECOND_US))),)), draw=draw).start()
    seen.run(6)
    assert seen.probes()[0] == first


def test_the_sorry_server_takes_over_and_gives_back_in_order() -> None:
    """Live servers leave, it enters; it leaves, they enter. What happens meanwhile is only named."""
    seen = world(virtual_server(server(1), server(2), server(3), quorum=2, **SORRY)).start()
    seen.run(1)
    seen.broken = {address(1), address(2)}
    seen.run(12)
    assert seen.weights() == {9: 1}
    assert edits(seen) == ["delete 1", "delete 2", "delete 3", "add 9"]
    seen.broken = {address(1)}
    seen.run(12)
    assert edits(seen)[4:] == ["delete 9", "add 2", "add 3"]
    assert seen.weights() == {2: 1, 3: 1}
    assert seen.lines()[8:] == [
        f"TCP_CHECK on service {name(1)} failed after 1 retries.",
        f"Removing service {name(1)} from VS {VS}",
        f"TCP_CHECK on service {name(2)} failed after 1 retries.",
        f"Removing service {name(2)} from VS {VS}",
        f"Lost quorum 2-0=2 > 1 for VS {VS}",
        f"Adding sorry server {name(9)} to VS {VS}",
        f"Removing alive servers from the pool for VS {VS}",
        f"TCP connection to {name(2)} success.",
        f"Adding service {name(2)} to VS {VS}",
        f"Gained quorum 2+0=2 <= 2 for VS {VS}",
        f"Removing sorry server {name(9)} from VS {VS}",
        f"Adding alive servers to the pool for VS {VS}",
    ]


def test_a_sorry_server_may_stay_with_weight_0() -> None:
    """sorry_server_inhibit."""
    seen = world(virtual_server(server(1), **SORRY, sorry_inhibit=True)).start()
    assert seen.weights() == {1: 1, 9: 0}
    seen.broken.add(address(1))
    seen.run(6)
    assert seen.weights() == {9: 1}
    seen.broken.clear()
    seen.run(6)
    assert seen.weights() == {1: 1, 9: 0}


def test_inhibited_servers_stay_with_weight_0() -> None:
    """inhibit_on_failure keeps the connections of a server that failed; the sorry server finds it there."""
    seen = world(virtual_server(server(1, inhibit=True, weight=5), **SORRY)).start()
    seen.broken.add(address(1))
    seen.run(6)
    assert seen.weights() == {1: 0, 9: 1}
    seen.broken.clear()
    seen.run(6)
    assert seen.weights() == {1: 5}
    assert f"Disabling service {name(1)} of VS {VS}" in seen.lines()
    assert f"Enabling service {name(1)} of VS {VS}" in seen.lines()


@pytest.mark.parametrize(
    ("weights", "quorum", "hysteresis", "broken", "has_it"),
    [
        ((1, 1, 1, 1), 2, 1, 2, True),  # 2 of 2-1..2+1
        ((1, 1, 1, 1), 2, 1, 3, True),  # 1 is not below 2-1
        ((1, 1, 1, 1), 2, 1, 4, False),  # 0 is too little for any
        ((1, 1, 1, 1), 3, 0, 2, False),
        ((5, 1, 1, 1), 3, 0, 0, True),
        ((5, 1, 1, 1), 3, 0, 1, True),  # the heavy one is not there, 3 are
        ((0, 0, 0, 0), 1, 0, 0, False),  # weights of 0 are none
    ],
)
def test_the_quorum_is_a_sum_of_weights(
    weights: tuple[int, ...], quorum: int, hysteresis: int, broken: int, has_it: bool
) -> None:
    """Lost below quorum - hysteresis, or at 0."""
    servers = [server(number, weight=weight) for number, weight in enumerate(weights, 1)]
    seen = world(virtual_server(*servers, quorum=quorum, hysteresis=hysteresis)).start()
    seen.broken = {address(number) for number in range(1, broken + 1)}
    seen.run(12)
    assert seen.health.virtual_servers[0].quorum_up is has_it


def test_hysteresis_delays_the_return() -> None:
    """Gained at quorum + hysteresis only."""
    seen = world(virtual_server(*(server(number) for number in (1, 2, 3)), quorum=2, hysteresis=1)).start()
    seen.run(1)
    seen.broken = {address(number) for number in (1, 2, 3)}
    seen.run(12)
    seen.broken = {address(1)}
    seen.run(12)
    assert not seen.health.virtual_servers[0].quorum_up
    seen.broken.clear()
    seen.run(12)
    assert [change[1:] for change in seen.changes() if change[1] == "quorum"] == [
        ("quorum", True),
        ("quorum", False),
        ("quorum", True),
    ]


def test_alpha_begins_with_nobody() -> None:
    """The sorry server serves until the first success."""
    servers = virtual_server(server(1, tcp(1, alpha=True)), **SORRY)
    seen = world(servers)
    seen.broken.add(address(1))
    seen.start()
    assert seen.weights() == {9: 1}
    assert seen.lines()[0] == f"Adding sorry server {name(9)} to VS {VS}"
    seen.run(3)
    seen.broken.clear()
    seen.run(6)
    assert seen.weights() == {1: 1}


def test_alpha_tells_that_a_server_is_down_as_it_was_believed() -> None:
    """Once, when its first check fails, and without a mail."""
    seen = world(virtual_server(server(1, tcp(1, alpha=True, retry=0))))
    seen.broken.add(address(1))
    seen.start().run(20)
    assert seen.changes() == [(0.0, name(1), False)]
    assert not any(isinstance(effect, CheckerChanged) for _, effect in seen.seen)


def test_the_end_is_told_with_omega() -> None:
    """Without it only the log tells."""
    for omega, told in ((True, [(6.0, name(1), False), (6.0, "quorum", False)]), (False, [])):
        seen = world(virtual_server(server(1), omega=omega)).start()
        seen.run(6)
        seen.health.stop()
        seen.run(0)
        seen._settle()
        assert seen.changes()[1:] == told
        assert seen.lines()[-1] == f"Shutting down service {name(1)} from VS {VS}"
        assert seen.health.next_timer() is None


def test_servers_that_are_up_may_be_told_at_the_start() -> None:
    """rs_init_notifies. The quorum is told in any case."""
    quorum = (0.0, "quorum", True)
    assert world(virtual_server(server(1)), notify_at_start=True).start().changes() == [(0.0, name(1), True), quorum]
    assert world(virtual_server(server(1))).start().changes() == [quorum]


def test_checks_wait_for_the_address() -> None:
    """ha_suspend: no probe while the VIP is elsewhere, though another service's is here."""
    seen = world(virtual_server(server(1), ha_suspend=True)).start()
    seen.run(30)
    assert seen.probes() == []
    seen.health.set_addresses({VIP}, seen.now)
    seen.run(6)
    assert seen.probes() == [30, 36]
    seen.health.set_addresses(set(), seen.now)
    seen.run(30)
    seen._settle()
    assert seen.probes() == [30, 36]
    assert seen.lines()[1:] == [
        f"Deactivating healthchecker for service {name(1)} for VS {VS}",
        "Activating BFD healthchecker",
        f"Activating healthchecker for service {name(1)} for VS {VS}",
        f"TCP connection to {name(1)} success.",
        f"Suspending healthchecker for service {name(1)} for VS {VS}",
    ]


def test_a_program_sets_the_weight() -> None:
    """misc_dynamic: the absolute weight; several of them and files add their differences."""
    misc = CheckerSettings(Kind.MISC, name(1), (MiscProbe(("x",), 1, dynamic=True),), interval_us=SECOND_US)
    tracked = CheckerSettings(Kind.FILE, name(1), (FileProbe("f"),), interval_us=SECOND_US)
    seen = world(virtual_server(server(1, misc, tracked, weight=10)))
    seen.answers = {Kind.MISC: ProbeResult(ok=True), Kind.FILE: ProbeResult(ok=True)}
    seen.start()
    seen.answers[Kind.MISC] = ProbeResult(ok=True, weight=Weight(4, absolute=True))
    seen.run(1)
    assert seen.weights() == {1: 4}
    seen.answers[Kind.FILE] = ProbeResult(ok=True, weight=Weight(3))
    seen.run(1)
    assert seen.weights() == {1: 7}
    seen.answers[Kind.FILE] = ProbeResult(ok=True, weight=Weight(-30))
    seen.run(1)
    assert seen.weights() == {1: 0}
    assert not seen.health.virtual_servers[0].quorum_up
    assert f"Changing weight from 10 to 4 for active service {name(1)} of VS {VS}" in seen.lines()


def test_a_server_that_returns_may_start_slowly() -> None:
    """Its weight grows to the configured one over the time; at the start of all it has the whole of it."""
    seen = world(virtual_server(server(1, tcp(1, retry=0), weight=10), server(2), slow_start_us=10 * SECOND_US)).start()
    assert seen.weights()[1] == 10
    seen.broken.add(address(1))
    seen.run(6)
    seen.broken.clear()
    seen.run(6)
    grown = [seen.weights()[1]]
    for _ in range(12):
        seen.run(1)
        grown.append(seen.weights()[1])
    assert grown == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]


def test_a_session_is_a_check() -> None:
    """BFD_CHECK: the session's state is told, nothing is probed."""
    bfd = CheckerSettings(Kind.BFD, name(1), (BfdProbe("peer"),), retry=0)
    seen = world(virtual_server(server(1, bfd), server(2))).start()
    weights = []
    for up in (False, True, True, False):
        seen.health.set_session("peer", 0, up=up)
        seen.health.set_session("another", 0, up=not up)
        seen.run(1)
        seen._settle()
        weights.append(seen.weights())
    assert weights == [{2: 1}, {2: 1, 1: 1}, {2: 1, 1: 1}, {2: 1}]
    said = [text for text in seen.lines() if "BFD" in text]
    down, again = (f"BFD check of [peer] RS({name(1)}) is {word}" for word in ("DOWN", "UP"))
    assert said == ["Activating BFD healthchecker", down, again, down]


def test_a_reload_keeps_what_is_known() -> None:
    """A failed server does not come back, its checks go on in their rhythm, and a new server begins as up."""
    seen = world(virtual_server(server(1), server(2))).start()
    seen.broken.add(address(1))
    seen.run(3)
    seen.run(5)
    before = len(seen.probes())
    seen.reload(HealthSettings((virtual_server(server(1, weight=3), server(2), server(3)),)))
    assert seen.weights() == {2: 1, 3: 1}
    seen.run(0)
    assert len(seen.probes()) == before + 1
    seen.broken.clear()
    seen.run(12)
    assert seen.weights() == {2: 1, 3: 1, 1: 3}


def test_a_reload_with_other_checks_does_not_bring_a_failed_server_back() -> None:
    """It waits for a success of the new checker."""
    seen = world(virtual_server(server(1), server(2))).start()
    seen.broken.add(address(1))
    seen.run(8)
    seen.reload(HealthSettings((virtual_server(server(1, tcp(1, retry=7)), server(2)),)))
    assert seen.weights() == {2: 1}
    seen.broken.clear()
    seen.run(12)
    assert seen.weights() == {2: 1, 1: 1}


def test_a_reload_with_other_checks_takes_no_server_away() -> None:
    """Alpha is for servers that are new; the first success of the new check is told."""
    seen = world(virtual_server(server(1, tcp(1, alpha=True)))).start()
    seen.run(8)
    seen.seen.clear()

    seen.reload(HealthSettings((virtual_server(server(1, tcp(1, alpha=True, retry=7))),)))

    assert seen.weights() == {1: 1}
    seen.run(12)
    assert [(who, up) for _, who, up in seen.changes()] == [(name(1), True)]


def test_a_new_check_of_two_servers_begins_as_the_better_one() -> None:
    """One of them is down for another reason: the other one stays."""
    ill, new = http(1, ("/ill",)), tcp(1, retry=7)
    seen = world(virtual_server(server(1, tcp(1), ill)), virtual_server(server(1), port=90)).start()
    seen.broken.add((address(1), "/ill"))
    seen.run(8)
    assert (seen.weights(), seen.weights(90)) == ({}, {1: 1})

    seen.reload(HealthSettings((virtual_server(server(1, new, ill)), virtual_server(server(1, new), port=90))))

    assert (seen.weights(), seen.weights(90)) == ({}, {1: 1})


def test_what_a_reload_takes_out_is_told() -> None:
    """Servers that were up, and the quorum of a virtual server that goes as a whole."""
    seen = world(virtual_server(server(1), server(2), server(3)), virtual_server(server(4), port=90)).start()
    seen.broken.add(address(2))
    seen.run(8)
    seen.seen.clear()

    seen.reload(HealthSettings((virtual_server(server(3)),)))

    assert [(who, up) for _, who, up in seen.changes()] == [(name(1), False), (name(4), False), ("quorum", False)]
    removed = [effect.cause for _, effect in seen.seen if isinstance(effect, ServerChanged)]
    assert removed == [Cause.REMOVED, Cause.REMOVED]
    assert seen.lines()[:5] == [
        f"service {name(1)} no longer exist",
        f"Removing service {name(1)} from VS {VS}",
        f"service {name(2)} no longer exist",
        "Removing Virtual Server [192.0.2.1]:tcp:90",
        f"Removing service {name(4)} from VS [192.0.2.1]:tcp:90",
    ]
