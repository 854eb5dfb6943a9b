# SPDX-License-Identifier: Apache-2.0
"""`xlvs explain` on packets made by hand: every row of the packet path, and what scripts of chance seldom reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.netns.wire import Sniffer
from tests.progrun.director import FROM_SERVER, INNER, OUTER, SMALL, TO_CLIENT, Arrival, Director, director
from tests.progrun.packets import UDP, Packet, end
from tests.progrun.rules import add, service_key
from tests.progrun.test_fullnat import source_of
from tests.progrun.test_rows import ROWS, Row, configured
from tests.progrun.told import Stack
from tests.reference.tcp_states import ACK
from tests.reference.tcp_states import SYN as SYN_FLAG
from xlvs.explain import render
from xlvs.explain.facts import Facts, Place
from xlvs.explain.gather import Journey
from xlvs.explain.question import End, Question
from xlvs.explain.story import tell
from xlvs.ipvs import layout, local_addresses, program, running, sysctls, trial
from xlvs.ipvs.selection import Act, Selection
from xlvs.model.connection_filter import ConnectionFilter
from xlvs.model.destination import ForwardingMethod
from xlvs.model.local_address import LocalAddress
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["configured"]  # a fixture

CLIENT, VIRTUAL = end("10.1.8.5:1000"), end("10.0.0.1:80")
LOCAL = end("10.2.0.7:0")[0]
SYN = Packet(CLIENT, VIRTUAL)
ASKED = Question(6, End(*CLIENT), End(*VIRTUAL))


@pytest.fixture(scope="module")
def rows_trial(configured: Director) -> Iterator[trial.Trial]:
    """The second instance of the programs, for the director with the rules of the rows."""
    with trial.Trial(configured.store) as loaded:
        yield loaded


def explained(
    made: Director, tried: trial.Trial, frame: bytes, arrival: Arrival = OUTER, *, xdp: bool = False
) -> Facts:
    """What is found out about a frame."""
    place = Place(arrival.interface, made.ifindex[arrival.interface], b"", tc="tcx", xdp="native" if xdp else "")
    return Journey(made.store, tried, Stack(made, detour=False), ASKED, place).travel(frame)


@pytest.mark.parametrize(
    ("row", "hook"),
    [pytest.param(row, hook, id=f"{row.what}-{hook}") for row in ROWS for hook in ("tc", "xdp") if hook == "xdp" or not row.xdp_only],
)  # fmt: skip
def test_a_row_is_told_as_it_happens(configured: Director, rows_trial: trial.Trial, row: Row, hook: trial.Hook) -> None:
    """Verdict and frame of the trial are the row's, and there is a story of it."""
    configured.end_connections()
    for frame, arrival in row.before:
        configured.tc(frame, arrival)
    number = configured.ifindex[row.arrival.interface]
    rows_trial.copy()
    at = trial.Arrival(number, number, segment=row.arrival.segment, segments=row.arrival.segments)
    run = rows_trial.run(hook, row.frame, at)
    verdict, after = row.expected(xdp=hook == "xdp")
    assert layout.VERDICT_NAMES[run.verdict] == verdict.lower()
    if not run.work.copies:
        assert run.frame.hex() == after.hex()
    if not row.xdp_only and not row.arrival.segment:
        facts = explained(configured, rows_trial, row.frame, row.arrival, xdp=hook == "xdp")
        assert facts.steps[0].verdict == verdict.lower()
        assert render.text(tell(facts)).count("\n") >= 3


@pytest.fixture
def small() -> Iterator[Director]:
    """A director with room for few connections."""
    with director(program.sizes(1024)) as made:
        add(made.tables, 6, "10.0.0.1:80", "10.2.1.100:80")
        yield made


def test_a_full_table_is_told(small: Director) -> None:
    """The drop, its reason, and what helps."""
    for number in range(small.store.room("conns") + 1):
        small.tc(Packet((CLIENT[0], 2000 + number), VIRTUAL).frame())
    with trial.Trial(small.store, xdp=False) as tried:
        facts = explained(small, tried, SYN.frame())
        assert facts.last.verdict == "drop_table_full"
        assert "xlvs attach --connections" in render.text(tell(facts))
    assert small.tc(SYN.frame()).verdict == "DROP_TABLE_FULL"


def test_an_expired_connection_is_none(director_of_one: Director) -> None:
    """To the tick: the sweeper need not have seen it."""
    made = director_of_one
    made.tc(SYN.frame())
    with trial.Trial(made.store, xdp=False) as tried:
        before = explained(made, tried, SYN.frame()).last.met
        assert before.connection is not None
        assert before.begun is None
        made._shift(-61 * made.ticks_per_second)
        after = explained(made, tried, SYN.frame()).last.met
        assert after.connection is None
        assert after.begun is not None


def test_drop_packet_takes_its_turn(director_of_one: Director) -> None:
    """Told as often as asked; the packet itself moves the turn on."""
    made = director_of_one
    for name, value in (("am_droprate", "3"), ("drop_packet", "3")):
        sysctls.write(made.store, name, value)
    running.defend(made.store.directory)
    with trial.Trial(made.store, xdp=False) as tried:
        for number in range(7):
            frame = Packet((CLIENT[0], 3000 + number), VIRTUAL).frame()
            told = {explained(made, tried, frame).last.verdict for _ in range(2)}
            assert told == {made.tc(frame).verdict.lower()}


def test_another_port_of_a_service_without_persistence(director_of_one: Director) -> None:
    """The service for all ports is found, and does not take it: no scheduler is asked."""
    made = director_of_one
    made.tables.add_service(VirtualService(service_key(end("10.0.0.2:0")), "rr"))
    with trial.Trial(made.store, xdp=False) as tried:
        facts = explained(made, tried, Packet(CLIENT, end("10.0.0.2:81")).frame())
    text = render.text(tell(facts))
    assert "without persistence it takes its own port alone, not 81" in text
    assert "scheduler" not in text


def test_twos_says_that_it_draws(director_of_one: Director) -> None:
    """Its choice is one of the list."""
    made = director_of_one
    key = service_key(end("10.0.0.3:53"), UDP)
    add(made.tables, UDP, "10.0.0.3:53", "10.2.1.100:53", "10.2.2.100:53")
    made.tables.update_service(VirtualService(key, "twos"))
    with trial.Trial(made.store, xdp=False) as tried:
        facts = explained(made, tried, Packet(CLIENT, end("10.0.0.3:53"), UDP).frame())
    (document,) = tell(facts).document["steps"]
    assert "were drawn" in document["scheduler"]["reason"]
    assert [each["chosen"] for each in document["scheduler"]["candidates"]].count(True) == 1


def test_a_reset_is_told_and_not_sent(director_of_one: Director) -> None:
    """The copy that its sender would get is counted."""
    made = director_of_one
    made.tc(SYN.frame())
    late = Packet(CLIENT, VIRTUAL, flags=16)
    made.tc(late.frame())
    with Selection(made.store, ConnectionFilter()) as selection:
        selection.end(Act.RESET)
    with trial.Trial(made.store) as tried, Sniffer("outer-far") as clients:
        facts = explained(made, tried, late.frame(), xdp=True)
        seen = clients.next(lambda frame: frame[:12] == TO_CLIENT, timeout_s=0.2)
    assert [each.verdict for each in facts.steps] == ["hand_up", "reset"]
    assert facts.last.work.copies == 1
    assert "its sender gets a reset, and the other end one: out of inner" in render.text(tell(facts))
    assert seen is None
    assert made.tc(late.frame()).verdict == "RESET"


@pytest.fixture
def director_of_one() -> Iterator[Director]:
    """A director with one service of one server."""
    with director(SMALL) as made:
        add(made.tables, 6, "10.0.0.1:80", "10.2.1.100:80")
        yield made


@pytest.fixture
def director_of_full_nat(loaded: Director) -> Director:
    """A director with a service by full NAT, whose pool has two ports."""
    loaded.clear()
    key = add(loaded.tables, 6, "10.0.0.1:80", "10.2.1.100:8080", forwarding=ForwardingMethod.FULL_NAT)
    local_addresses.add(loaded.store, LocalAddress(key, LOCAL, 40000, 40001))
    return loaded


def test_full_nat_is_told_with_both_ends(director_of_full_nat: Director) -> None:
    """The pair of the first packet, the answer to it by the client's connection; and nothing of the pool is used up."""
    made = director_of_full_nat
    pool = made.store.array("local_addresses").memory[:]
    with trial.Trial(made.store) as tried:
        first = render.text(tell(explained(made, tried, SYN.frame(), xdp=True)))
        assert made.store.array("local_addresses").memory[:] == pool
        pair = source_of(made.tc(SYN.frame()).frame)
        assert f"source 10.1.8.5:1000 -> 10.2.0.7:{pair[1]}" in first
        answer = Packet(end("10.2.1.100:8080"), pair, flags=SYN_FLAG | ACK, macs=FROM_SERVER)
        told = render.text(tell(explained(made, tried, answer.frame(), INNER, xdp=True)))
        assert "handed up to tc because it is the server's SYN" in told
        assert "SYN_RECV" in told
        assert f"destination 10.2.0.7:{pair[1]} -> 10.1.8.5:1000" in told
        third = Packet(CLIENT, VIRTUAL, flags=ACK).frame()
        told = render.text(tell(explained(made, tried, third, xdp=True)))
        assert "handed up to tc because full NAT tells the server the client's address" in told


def test_a_dry_pool_is_told(director_of_full_nat: Director) -> None:
    """The drop, and what helps; as it happens then."""
    made = director_of_full_nat
    for number in range(2):
        made.tc(Packet((CLIENT[0], 2000 + number), VIRTUAL).frame())
    with trial.Trial(made.store, xdp=False) as tried:
        facts = explained(made, tried, SYN.frame())
        assert facts.last.verdict == "drop_no_local_port"
        assert "xlvs laddr add" in render.text(tell(facts))
    assert made.tc(SYN.frame()).verdict == "DROP_NO_LOCAL_PORT"
