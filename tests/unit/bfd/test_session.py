# SPDX-License-Identifier: Apache-2.0
"""A session: states, timers and parameters of RFC 5880 6.8."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.bfd.link import MS, SECOND, Link, brought_up, changes, notes, packet, sent, session, settings
from xlvs.bfd.packet import Diagnostic, State
from xlvs.bfd.session import Session

DOWN = "(peer) Entering Down state (Local diagnostic - {}, Remote diagnostic - No Diagnostic)"
A, D, N, U = State.ADMIN_DOWN, State.DOWN, State.INIT, State.UP
TRANSITIONS = [
    *((D, A, D), (D, D, N), (D, N, U), (D, U, D)),
    *((N, A, D), (N, D, N), (N, N, U), (N, U, U)),
    *((U, A, D), (U, D, D), (U, N, U), (U, U, U)),
]


@pytest.mark.parametrize(("ours", "theirs", "after"), TRANSITIONS)
def test_every_pair_of_states_leads_where_the_standard_says(ours: State, theirs: State, after: State) -> None:
    """RFC 5880 6.8.6, all twelve."""
    made = session()
    made.state = ours
    made.receive(packet(theirs), 0)
    assert made.state is after


def test_active_end_speaks_at_once_and_then_each_second() -> None:
    """Not faster before the session is up (6.8.3), whatever the interval of later."""
    made = session()
    made.start(0)
    made.handle_timer(0)
    first = sent(made.effects())
    assert made.next_timer() == SECOND
    made.handle_timer(SECOND)
    assert [(each.state, each.your_discriminator, each.desired_min_tx_us) for each in first] == [(D, 0, SECOND)]
    assert len(sent(made.effects())) == 1


def test_passive_end_is_silent_until_it_is_spoken_to() -> None:
    """6.1; and silent again after the neighbor was lost."""
    made = session(passive=True)
    made.start(0)
    assert made.next_timer() is None
    made.receive(packet(D, your_discriminator=0, desired_min_tx_us=SECOND), 0)
    assert [each.state for each in sent(made.effects())] == [N]
    made.handle_timer(3 * SECOND)
    assert made.state is D
    assert made.next_timer() is None


def test_both_ends_come_up_and_agree_on_the_intervals() -> None:
    """Three packets suffice; then the poll makes both fast."""
    link = Link(settings(min_tx_us=50 * MS, min_rx_us=30 * MS), settings(min_tx_us=20 * MS, min_rx_us=80 * MS))
    link.start()
    link.run(2 * SECOND)
    one, other = link.ends
    assert link.states == (U, U)
    assert (one.tx_interval_us, other.tx_interval_us) == (80 * MS, 30 * MS)
    assert (one.detection_us, other.detection_us) == (3 * 30 * MS, 3 * 80 * MS)
    assert (one.polling, other.polling) == (False, False)


def test_two_passive_ends_never_speak() -> None:
    """At least one has to be active (6.1)."""
    link = Link(settings(passive=True), settings(passive=True))
    link.start()
    link.run(10 * SECOND)
    assert link.history == []


def test_silence_takes_the_session_down_after_the_detection_time() -> None:
    """The neighbor's multiplier times the agreed interval (6.8.4); its discriminator is forgotten."""
    link = Link(settings(), settings(multiplier=4))
    link.start()
    link.run(2 * SECOND)
    heard = link.sent_by(1)[-1][0]
    link.cut = True
    link.run(3 * SECOND)
    down = next(at for at, who, effect in link.history if who == 0 and changes([effect]) == [False])
    assert down - heard == 4 * 50 * MS
    assert link.states == (D, D)
    assert link.ends[0].diagnostic == Diagnostic.EXPIRED
    assert link.ends[0].neighbor.discriminator == 0


def test_session_comes_back_after_the_cut() -> None:
    """With the same discriminators."""
    link = Link(settings(), settings())
    link.start()
    link.run(SECOND)
    link.cut = True
    link.run(3 * SECOND)
    link.cut = False
    link.run(5 * SECOND)
    assert link.states == (U, U)
    assert [changes([effect]) for _, who, effect in link.history if who == 0 and changes([effect])] == [
        [True],
        [False],
        [True],
    ]


def test_neighbor_that_began_anew_takes_the_session_down_and_up_again() -> None:
    """It says Down, without our discriminator."""
    link = Link(settings(), settings())
    link.start()
    link.run(SECOND)
    reborn = Session(settings(), 10, lambda: 0.5)
    link.ends = (link.ends[0], reborn)
    reborn.start(link.now)
    link.run(3 * SECOND)
    down = [notes([effect]) for _, who, effect in link.history if who == 0 and "Down state" in str(effect)]
    assert link.states == (U, U)
    assert down == [
        [DOWN.format("Neighbor Signaled Session Down")],
    ]


@pytest.mark.parametrize(("multiplier", "least", "most"), [(3, 0.75, 1.0), (1, 0.75, 0.90)])
def test_jitter_shortens_intervals_by_up_to_a_quarter(multiplier: int, least: float, most: float) -> None:
    """By a tenth at least with a multiplier of 1 (6.8.7)."""
    for drawn, share in ((0.0, most), (1.0, least)):
        made = Session(settings(multiplier=multiplier), 7, lambda drawn=drawn: drawn)  # type: ignore[misc]  # bound in this round; no type is inferred for it
        made.start(0)
        made.handle_timer(0)
        assert made.next_timer() == pytest.approx(share * SECOND, abs=1)


def test_poll_is_answered_at_once_and_not_with_a_poll() -> None:
    """6.8.7: F set, P clear, whatever the timers say."""
    made = brought_up()
    assert made.polling
    made.receive(packet(U, poll=True), 10 * MS)
    answer = sent(made.effects())
    assert [(each.final, each.poll, each.state) for each in answer] == [(True, False, U)]


def test_poll_goes_on_until_it_is_answered() -> None:
    """6.5."""
    made = brought_up()
    for now in (50 * MS, 100 * MS):
        made.handle_timer(now)
    made.receive(packet(U), 110 * MS)
    assert [each.poll for each in sent(made.effects())] == [True, True]
    made.receive(packet(U, final=True), 120 * MS)
    made.handle_timer(150 * MS)
    assert [each.poll for each in sent(made.effects())] == [False]


def test_final_without_a_poll_means_nothing() -> None:
    """Anybody could set it."""
    made = brought_up()
    made.receive(packet(U, final=True), 0)
    made.receive(packet(U, final=True), 0)
    assert (made.state, made.polling) == (U, False)


def test_slower_intervals_wait_for_the_answer_to_the_poll() -> None:
    """6.8.3: sending less often, or expecting more often, only when the neighbor knows."""
    made = brought_up()
    made.receive(packet(U, final=True), 0)
    made.reconfigure(settings(min_tx_us=200 * MS, min_rx_us=20 * MS), 0)
    made.receive(packet(U, desired_min_tx_us=10 * MS), 0)
    assert (made.tx_interval_us, made.neighbor_tx_interval_us, made.polling) == (50 * MS, 50 * MS, True)
    made.receive(packet(U, desired_min_tx_us=10 * MS, final=True), 0)
    assert (made.tx_interval_us, made.neighbor_tx_interval_us, made.polling) == (200 * MS, 20 * MS, False)
    assert made.state is U


def test_faster_intervals_hold_at_once() -> None:
    """Sending more often and expecting less often harms nobody."""
    made = brought_up()
    made.receive(packet(U, final=True, required_min_rx_us=1), 0)
    made.reconfigure(settings(min_tx_us=10 * MS, min_rx_us=90 * MS), 0)
    assert (made.tx_interval_us, made.neighbor_tx_interval_us) == (10 * MS, 90 * MS)
    assert made.next_timer() == 10 * MS


def test_change_during_a_poll_gets_a_poll_of_its_own() -> None:
    """The answer may be to what was said before."""
    made = brought_up()
    made.reconfigure(settings(min_tx_us=200 * MS), 0)
    made.receive(packet(U, final=True), 0)
    assert (made.polling, made.tx_interval_us) == (True, 50 * MS)
    made.receive(packet(U, final=True), 0)
    assert (made.polling, made.tx_interval_us) == (False, 200 * MS)


def test_another_multiplier_needs_no_poll() -> None:
    """Each packet says it."""
    made = brought_up()
    made.receive(packet(U, final=True), 0)
    made.effects()
    made.reconfigure(replace(made.settings, multiplier=9), 0)
    made.handle_timer(50 * MS)
    assert [(each.multiplier, each.poll) for each in sent(made.effects())] == [(9, False)]


def test_neighbor_that_wants_no_packets_gets_none_but_answers() -> None:
    """Required Min RX Interval 0 (6.8.7)."""
    made = brought_up()
    made.receive(packet(U, required_min_rx_us=0), 0)
    assert made.next_timer() == 150 * MS  # the detection time
    made.receive(packet(U, required_min_rx_us=0, poll=True), 0)
    assert [each.final for each in sent(made.effects())] == [True]


def test_neighbor_in_demand_mode_gets_packets_only_for_a_poll() -> None:
    """6.8.7."""
    made = brought_up()
    made.receive(packet(U, demand=True), 0)
    assert made.next_timer() == 50 * MS
    made.receive(packet(U, demand=True, final=True), 0)
    assert made.next_timer() == 150 * MS


def test_parameters_are_logged_as_by_the_original() -> None:
    """When the neighbor's change."""
    made = session()
    made.receive(packet(D, your_discriminator=0, desired_min_tx_us=SECOND), 0)
    assert notes(made.effects()) == [
        "(peer) ---------------< Session parameters >--------------",
        "                min_tx  min_rx  tx_intv  mult  detect_time",
        "       local   1000000   50000  1000000     3      3000000",
        "       remote  1000000   50000  1000000     3      3000000",
        "       Detection time is 3000000 us (was 0 us)",
    ]


def test_expiry_is_logged_as_by_the_original() -> None:
    """With how late it was noticed."""
    made = brought_up()
    made.handle_timer(154 * MS)
    assert notes(made.effects())[:2] == [
        "(peer) Expired after 154 ms (4000 usec overdue)",
        DOWN.format("Control Detection Time Expired"),
    ]
