# SPDX-License-Identifier: Apache-2.0
"""What the process of the sessions tells those that track them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from xlvs.keepalived.routers.session_tracking import TrackedSessions
from xlvs.keepalived.routers.vrrp_plan import Tracked, TrackSession
from xlvs.keepalived.sessions.bfd_events import EventPipe, EventReader, EventWriter
from xlvs.vrrp.track import Sum, total

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ends:
    """Both ends of a pipe, and what came through."""

    def __init__(self) -> None:
        self.pipe = EventPipe(*os.pipe())
        self.writer = EventWriter(self.pipe.write)
        self.told: list[tuple[str, bool]] = []
        self.notes: list[str] = []
        self.now = 1_000_000
        self.reader = self.begin()

    def begin(self) -> EventReader:
        """A reader that knows nothing."""
        return EventReader(self.pipe.read, {}, self._changed, self.notes.append, lambda: self.now)

    def _changed(self, name: str, *, up: bool) -> None:
        self.told.append((name, up))


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Closed at the end."""
    made = Ends()
    yield made
    for each in made.pipe:
        os.close(each)


def test_changes_are_told_once_and_logged_as_by_the_original(ends: Ends) -> None:
    """What is known already is no news."""
    ends.writer.tell([("a", False), ("b", True)], 999_900)
    ends.writer.tell([("a", False), ("b", True), ("a", True)], 999_950)
    assert ends.reader.read()
    assert ends.told == [("a", False), ("b", True), ("a", True)]
    assert ends.notes[0] == "Received BFD event: instance a is in state Down (delivered in 100 usec)"
    assert ends.notes[2] == "Received BFD event: instance a is in state Up (delivered in 50 usec)"


def test_reader_that_was_started_anew_learns_what_holds_now(ends: Ends) -> None:
    """Not what held while nobody read."""
    ends.writer.tell([("a", True), ("a", False), ("a", True)], 0)
    ends.now = 10_000_000
    ends.writer.tell([("a", False)], 9_999_999)
    assert ends.begin().read()
    assert ends.told == [("a", False)]


def test_nobody_waits_for_a_reader_that_does_not_read(ends: Ends) -> None:
    """The pipe fills up; what does not fit is told later."""
    for _ in range(10_000):
        ends.writer.tell([("a", True)], 0)
    while ends.told != [("b", True)]:
        ends.now = 10_000_000
        ends.writer.tell([("b", True)], ends.now)
        assert ends.reader.read()
    assert ends.told == [("b", True)]


def test_lines_that_arrive_in_pieces_are_put_together(ends: Ends) -> None:
    """A read may end anywhere."""
    os.write(ends.pipe.write, b"a Up 1000")
    assert ends.reader.read()
    assert ends.told == []
    os.write(ends.pipe.write, b"000\n")
    assert ends.reader.read()
    assert ends.told == [("a", True)]


def test_names_may_hold_anything(ends: Ends) -> None:
    """Blanks, and bytes that are no text."""
    ends.writer.tell([("a b", True), ("\udcff", True)], ends.now)
    assert ends.reader.read()
    assert ends.told == [("a b", True), ("\udcff", True)]


def test_end_of_the_other_process_is_seen() -> None:
    """When nobody has the other end any more."""
    pipe = EventPipe(*os.pipe())
    os.close(pipe.write)
    reader = EventReader(pipe.read, {}, lambda _name, *, up: None, print, lambda: 0)  # noqa: ARG005 - the shape that is called
    assert not reader.read()
    reader.close()


SUMS = [
    (Tracked("a"), Sum(0, 0), Sum(1, 0)),
    (Tracked("a", 0, reverse=True), Sum(1, 0), Sum(0, 0)),
    (Tracked("a", 10), Sum(0, 10), Sum(0, 0)),
    (Tracked("a", -10), Sum(0, 0), Sum(0, -10)),
    (Tracked("a", -10, reverse=True), Sum(0, 0), Sum(0, 10)),
    (Tracked("b"), Sum(0, -7), Sum(0, 0)),
    (Tracked("b", 3), Sum(0, -3), Sum(0, 0)),
    (Tracked("b", 3, reverse=False), Sum(0, 3), Sum(0, 0)),
    (Tracked("nobody"), Sum(0, 0), Sum(0, 0)),
]


@pytest.mark.parametrize(("tracked", "while_up", "while_down"), SUMS)
def test_session_weighs_what_its_tracker_or_else_it_itself_says(
    tracked: Tracked, while_up: Sum, while_down: Sum
) -> None:
    """Without a weight a session that is down is a fault; one that nobody told of is down."""
    plans = (TrackSession("a"), TrackSession("b", 7, reverse=True))
    sums = [total(TrackedSessions(plans, up).sums([tracked])) for up in ({"a": True, "b": True}, {})]
    assert sums == [while_up, while_down]


def test_a_reader_that_begins_in_the_midst_of_a_line_leaves_it_out(ends: Ends) -> None:
    """One that was killed had read its beginning."""
    os.write(ends.pipe.write, b"Up 999900\n")
    ends.writer.tell([("b", True)], 999_900)

    ends.reader.read()

    assert ends.told == [("b", True)]
