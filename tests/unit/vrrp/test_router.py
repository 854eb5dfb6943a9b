# SPDX-License-Identifier: Apache-2.0
"""Virtual routers: who takes the addresses, and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vrrp.wire import Wire, router
from xlvs.vrrp.effects import State
from xlvs.vrrp.settings import Announcements

SECOND = 1_000_000


def test_a_router_alone_waits_for_a_master_even_with_state_master() -> None:
    """Three advertisements and the skew of its priority: 3.609375 s at priority 100."""
    wire = Wire(router(1, wants_master=True))
    wire.start()

    wire.run(3_609_374)
    assert wire.masters() == []
    wire.run(3_609_376)

    assert wire.masters() == ["VI_1"]


def test_the_owner_with_state_master_takes_the_addresses_at_once() -> None:
    """Priority 255 and `state MASTER`."""
    wire = Wire(router(1, priority=255, wants_master=True))

    wire.start()

    assert wire.masters() == ["VI_1"]


def test_the_higher_priority_wins() -> None:
    """Both start together."""
    wire = Wire(router(1, priority=90), router(2, priority=100))
    wire.start()

    wire.run(10 * SECOND)

    assert wire.masters() == ["VI_2"]


def test_of_equal_priorities_the_higher_address_wins() -> None:
    """Both were masters, apart."""
    wire = Wire(router(1), router(2))
    wire.cut = set(wire.routers)
    wire.start()
    wire.run(10 * SECOND)

    wire.cut = set()
    wire.run(12 * SECOND)

    assert wire.masters() == ["VI_2"]


def test_a_resigning_master_is_followed_after_the_skew_time() -> None:
    """Priority 90: 0.648 s."""
    wire = Wire(router(1, priority=90), router(2, priority=100))
    wire.start()
    wire.run(10 * SECOND)
    wire.routers[1].stop()
    wire.deliver()

    wire.run(wire.now + 648_000)
    assert wire.masters() == []
    wire.run(wire.now + 1_000)

    assert wire.masters() == ["VI_1"]


def test_a_higher_router_that_comes_back_preempts_after_the_master_down_time() -> None:
    """It lets its timer run out, as it does not hear a better one."""
    wire = Wire(router(1, priority=90), router(2, priority=100))
    wire.routers[0].start(0)
    wire.run(10 * SECOND)
    wire.routers[1].start(wire.now)
    wire.deliver()

    wire.run(wire.now + 3_609_376)

    assert wire.masters() == ["VI_2"]


def test_without_preemption_the_present_master_stays() -> None:
    """`nopreempt`."""
    wire = Wire(router(1, priority=90), router(2, priority=100, preempt=False))
    wire.routers[0].start(0)
    wire.run(10 * SECOND)
    wire.routers[1].start(wire.now)

    wire.run(30 * SECOND)

    assert wire.masters() == ["VI_1"]


def test_a_preempt_delay_comes_before_the_master_down_time() -> None:
    """preempt_delay 5: from the first lower advertisement on."""
    wire = Wire(router(1, priority=90), router(2, priority=100, preempt_delay_us=5 * SECOND))
    wire.routers[0].start(0)
    wire.run(10 * SECOND)
    wire.routers[1].start(wire.now)
    wire.deliver()

    wire.run(wire.now + 8 * SECOND)
    assert wire.masters() == ["VI_1"]
    wire.run(wire.now + 3 * SECOND)

    assert wire.masters() == ["VI_2"]


def test_version_3_follows_the_masters_interval() -> None:
    """The backup waits three of the master's intervals, not of its own."""
    wire = Wire(router(1, version=3, interval_us=SECOND), router(2, version=3, priority=200, interval_us=SECOND // 10))
    wire.start()
    wire.run(10 * SECOND)
    wire.cut = {wire.routers[1]}

    wire.run(wire.now + 400_000)

    assert wire.routers[0].state is State.MASTER


def test_addresses_are_announced_twice() -> None:
    """Five requests at once and five more 5 s later."""
    wire = Wire(router(1))
    wire.start()

    wire.run(20 * SECOND)

    assert wire.announced("VI_1") == [(3_609_375, 5), (8_609_375, 5)]


def test_a_refresh_announces_them_again_and_again() -> None:
    """garp_master_refresh 10, garp_master_refresh_repeat 2."""
    wire = Wire(router(1, announcements=Announcements(delay_us=0, refresh_us=10 * SECOND, refresh_repeat=2)))
    wire.start()

    wire.run(25 * SECOND)

    assert wire.announced("VI_1") == [(3_609_375, 5), (13_609_375, 2), (23_609_375, 2)]


def test_what_fails_takes_a_master_to_fault_and_back_to_backup() -> None:
    """A tracked script without a weight."""
    wire = Wire(router(1))
    wire.start()
    wire.run(10 * SECOND)

    states = []
    for healthy in (False, True):
        wire.routers[0].set_health(wire.now, healthy=healthy)
        states.append(wire.routers[0].state)

    assert states == [State.FAULT, State.BACKUP]


def test_the_log_says_it_in_the_originals_words() -> None:
    """What people search for."""
    wire = Wire(router(1))
    wire.start()
    wire.run(4 * SECOND)

    assert wire.notes("VI_1") == [
        "(VI_1) Entering BACKUP STATE (init)",
        "(VI_1) Receive advertisement timeout",
        "(VI_1) Entering MASTER STATE",
        "(VI_1) setting VIPs.",
    ]


events = st.lists(
    st.tuples(
        st.sampled_from(("cut", "join", "fail", "mend", "stop", "start", "weigh", "wait")),
        st.integers(0, 2),
        st.integers(1, 5 * SECOND),
    ),
    max_size=25,
)


@given(events=events, version=st.sampled_from((2, 3)), preempt=st.booleans())
def test_routers_that_hear_each_other_agree_on_one_master(
    events: list[tuple[str, int, int]], *, version: int, preempt: bool
) -> None:
    """Whatever happened before: ten seconds of quiet, and exactly one of those that run and are well is master."""
    wire = Wire(*(router(n, version=version, preempt=preempt, priority=90 + 10 * n) for n in (1, 2, 3)))
    wire.start()
    for what, index, pause in events:
        each = wire.routers[index]
        if what == "cut":
            wire.cut.add(each)
        elif what == "join":
            wire.cut.discard(each)
        elif what in {"fail", "mend"}:
            each.set_health(wire.now, healthy=what == "mend")
        elif what == "stop":
            each.stop()
        elif what == "start" and each.state is State.INIT:
            each.start(wire.now)
        elif what == "weigh":
            each.set_priority(pause % 250)
        wire.deliver()
        wire.run(wire.now + pause)
    wire.cut = set()

    wire.run(wire.now + 10 * SECOND)

    running = [each for each in wire.routers if each.state in {State.BACKUP, State.MASTER}]
    assert len(wire.masters()) == (1 if running else 0)
