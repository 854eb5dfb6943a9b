# SPDX-License-Identifier: Apache-2.0
"""Other settings for routers and groups that run."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.vrrp.wire import VIRTUAL, router
from xlvs.vrrp.effects import Note, PriorityChanged, State
from xlvs.vrrp.group import SyncGroup
from xlvs.vrrp.packet import Advertisement
from xlvs.vrrp.router import VirtualRouter
from xlvs.vrrp.settings import Announcements

SECOND = 1_000_000
OTHER = bytes((10, 77, 0, 9))


def master(**settings: object) -> VirtualRouter:
    """A router that is master at 0."""
    made = VirtualRouter(router(1, priority=255, wants_master=True, **settings))
    made.start(0)
    list(made.effects())
    return made


def test_a_refresh_that_is_taken_away_ends_and_one_that_is_given_begins() -> None:
    """A master whose garp_master_refresh goes has nothing to do between its advertisements."""
    quiet = Announcements(delay_us=0)
    one = master(announcements=replace(quiet, refresh_us=SECOND // 2), interval_us=10 * SECOND)

    one.reconfigure(replace(one.settings, announcements=quiet), 1)
    without = one.next_timer()
    one.reconfigure(replace(one.settings, announcements=replace(quiet, refresh_us=SECOND)), 2)

    assert (without, one.next_timer()) == (1 + 10 * SECOND, 2 + SECOND)


def test_another_priority_keeps_the_weight_and_is_no_news_of_tracking() -> None:
    """What an owner becomes, or another router an owner, has no weight."""
    one = VirtualRouter(router(1, priority=100))
    one.start(0)
    one.set_priority(80)
    list(one.effects())

    found = []
    for priority in (120, 255, 90):
        one.reconfigure(replace(one.settings, priority=priority), 1)
        found.append(one.priority)

    assert found == [100, 255, 90]
    assert not [each for each in one.effects() if isinstance(each, PriorityChanged)]


def test_an_interval_of_no_time_is_not_adopted() -> None:
    """A backup of version 3 would wait for nothing any more."""
    one = VirtualRouter(router(1, version=3))
    one.start(0)

    one.receive(Advertisement(3, 51, 200, 0, (VIRTUAL,)), OTHER, 1)

    assert one.master_interval_us == SECOND


def group(*healthy: bool) -> SyncGroup:
    """Of routers that have started, one after the other."""
    made = SyncGroup("G", [VirtualRouter(router(number + 1)) for number in range(len(healthy))])
    for each, well in zip(made.members, healthy, strict=True):
        each.start(0, healthy=well)
    return made


def states(given: SyncGroup) -> set[State]:
    """Of the group and of all members."""
    return {given.state, *(each.state for each in given.members)}


def test_a_group_with_a_fault_is_in_fault_whoever_starts_first() -> None:
    """And comes out of it when the fault is over."""
    for healthy in ((True, False), (False, True)):
        made = group(*healthy)
        assert states(made) == {State.FAULT}
        for each in made.members:
            each.set_health(1, healthy=True)
        assert states(made) == {State.BACKUP}


def test_members_that_come_to_a_group_are_in_its_worst_state() -> None:
    """A fault first, then who is backup."""
    for healthy, expected in ((False, State.FAULT), (True, State.BACKUP)):
        other = VirtualRouter(router(7))
        other.start(0, healthy=healthy)
        made = SyncGroup("G", [master(), other])
        made.state = State.MASTER
        made.gather(1)
        assert states(made) == {expected}


def test_a_member_that_is_left_without_the_faulty_one_comes_back() -> None:
    """Its own health has not changed."""
    well, _ = group(True, False).members
    SyncGroup("G", [well])

    well.set_health(1, healthy=True)

    assert well.state is State.BACKUP


def test_members_that_follow_into_fault_say_nothing_of_their_own() -> None:
    """The line of the group says it, as with the original."""
    made = group(True, True)
    for each in made.members:
        list(each.effects())

    made.members[0].set_health(1, healthy=False)

    notes = [effect.text for each in made.members for effect in each.effects() if isinstance(effect, Note)]
    assert notes == ["(VI_1) Entering FAULT STATE"]
