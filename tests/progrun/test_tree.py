# SPDX-License-Identifier: Apache-2.0
"""Long lists: what the tree names is what a walk would find, connection by connection, whatever is done in between."""

from __future__ import annotations

import threading
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.progrun import invariants, trees
from tests.progrun.director import OUTER
from tests.progrun.packets import TCP, UDP, Packet, end
from tests.progrun.pair import Pair, from_server
from tests.progrun.rules import add, destination, service_key
from tests.reference import Verdict
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from xlvs.ipvs import layout
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.service import Protocol, VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director
    from tests.progrun.packets import End
    from xlvs.model.destination import Destination
    from xlvs.model.service import ServiceKey

VIRTUAL = end("10.0.0.1:80")
KEY = service_key(VIRTUAL, TCP)
PROTOCOLS = (TCP, TCP, UDP)  # datagrams make no connection active
SCHEDULERS = ["lc", "wlc", "sed", "nq"]
ROUNDS, ROUND_S = 6, 0.5


def server(number: int) -> End:
    """One of many."""
    return end(f"10.2.{1 + number // 100}.{1 + number % 100}:80")


def client(number: int) -> End:
    """Each connection has a client of its own."""
    return end(f"10.1.{8 + number // 250}.{1 + number % 250}:1000")


def listed(director: Director, key: ServiceKey = KEY) -> list[trees.Leaf]:
    """The destinations of a service, newest first."""
    return trees.leaves(director.store, director.store.find_service(pack_service_key(key)))


def is_ready(director: Director, key: ServiceKey = KEY) -> bool:
    """Whether the next packet takes what the tree says."""
    return trees.is_ready(director.store, director.store.find_service(pack_service_key(key)))


class Play:
    """Steps, as what they do to a director and its model."""

    def __init__(self, pair: Pair, protocol: Protocol, scheduler: str, persistence_s: int, weights: list[int]) -> None:
        self.pair = pair
        self.key = service_key(VIRTUAL, protocol)
        self.persistence_s = persistence_s
        self.opened = 0
        self.added = 0
        pair.add_service(VirtualService(self.key, scheduler, persistence_timeout_s=persistence_s))
        with pair.director.tables.batch():
            for weight in weights:
                one = destination(server(self.added), weight=weight)
                pair.director.tables.add_destination(self.key, one)
                pair.model.add_destination(self.key, one)
                self.added += 1

    def open(self, count: int, xdp: bool) -> None:
        """New connections, and the tree that has to be there then."""
        for _ in range(count):
            packet = Packet(client(self.opened), VIRTUAL, self.key.protocol, SYN)
            self.opened += 1
            outcome = self.pair.send(packet, from_server=False, xdp_first=xdp)
            long = len(listed(self.pair.director, self.key)) >= trees.LONG
            assert is_ready(self.pair.director, self.key) is long or outcome.verdict is not Verdict.FORWARD

    def say(self, which: int, flags: int, count: int) -> None:
        """Destinations send something: SYN and ACK make connections active, FIN and RST inactive again."""
        connections = list(self.pair.model.connections())
        for number in range(min(count, len(connections))):
            one = connections[(which + 7 * number) % len(connections)]
            packet = from_server(one.server, one.client, protocol=self.key.protocol, flags=flags)
            self.pair.send(packet, from_server=True, xdp_first=bool(which & 1))

    def wait(self, seconds: int) -> None:
        """Let connections expire."""
        self.pair.wait(seconds)

    def existing(self, which: int) -> Destination | None:
        """A destination of the list; every second one the least loaded."""
        found = self.pair.model.destinations(self.key)
        if not found:
            return None
        if which & 1:
            return min(found, key=lambda each: each.connections).configured
        return found[which % len(found)].configured

    def edit(self, which: int, weight: int, thresholds: tuple[int, int]) -> None:
        """Edit one."""
        one = self.existing(which)
        if one:
            upper, lower = thresholds
            edited = one._replace(weight=weight, upper_threshold=upper, lower_threshold=lower)
            self.pair.update_destination(self.key, edited)

    def add(self, which: int, weight: int, thresholds: tuple[int, int]) -> None:
        """Add one, every second one that was there before, if it is not there now."""
        number = which % self.added if which & 1 else self.added
        self.added += not which & 1
        upper, lower = thresholds
        self.pair.add_destination(self.key, destination(server(number), weight=weight, upper=upper, lower=lower))

    def delete(self, which: int) -> None:
        """Delete one."""
        one = self.existing(which)
        if one:
            self.pair.delete_destination(self.key, one)

    def service(self, scheduler: str) -> None:
        """Another scheduler, or the same again."""
        self.pair.update_service(VirtualService(self.key, scheduler, persistence_timeout_s=self.persistence_s))


weights = st.sampled_from([1, 1, 2, 3, 5, 0])
thresholds = st.sampled_from([(0, 0), (0, 0), (1, 0), (2, 1), (4, 0)])
whiches = st.integers(0, 400)
schedulers = st.sampled_from([*SCHEDULERS, *SCHEDULERS, "lblc", "lblcr"])
openings = st.tuples(st.just("open"), st.integers(1, 12), st.booleans())
steps = st.one_of(
    openings,
    openings,
    openings,
    st.tuples(st.just("say"), whiches, st.sampled_from([SYN | ACK, SYN | ACK, FIN | ACK, RST]), st.integers(1, 12)),
    st.tuples(st.just("say"), whiches, st.just(SYN | ACK), st.integers(1, 12)),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 11, 61, 130])),
    st.tuples(st.just("edit"), whiches, weights, thresholds),
    st.tuples(st.just("edit"), whiches, weights, thresholds),
    st.tuples(st.just("add"), whiches, weights, thresholds),
    st.tuples(st.just("delete"), whiches),
    st.tuples(st.just("service"), schedulers),
)
lists = st.lists(weights, min_size=trees.LONG, max_size=200)


def test_every_choice_is_that_of_a_walk(loaded: Director) -> None:
    """Connections that open, change state and expire, and edits of all kinds: choices, counts and every node."""

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        protocol=st.sampled_from(PROTOCOLS),
        scheduler=schedulers,
        persistence=st.sampled_from([0, 0, 0, 60]),
        start=lists,
        script=st.lists(steps, min_size=5, max_size=25),
    )
    def differ(
        protocol: Protocol, scheduler: str, persistence: int, start: list[int], script: list[tuple[object, ...]]
    ) -> None:
        play = Play(Pair(loaded), protocol, scheduler, persistence, start)
        for name, *arguments in script:
            getattr(play, str(name))(*arguments)
            trees.check(loaded)

    differ()


@pytest.mark.parametrize(("count", "built"), [(trees.LONG - 1, False), (trees.LONG, True)])
def test_a_short_list_has_no_tree(director: Director, count: int, built: bool) -> None:
    """And its destinations no place, so that packets pay nothing for it."""
    add(director.tables, TCP, "10.0.0.1:80", *(f"10.2.1.{1 + number}:80" for number in range(count)), scheduler="wlc")

    assert director.tc(Packet(client(0), VIRTUAL, TCP, SYN).frame()).verdict == "FORWARD"

    assert is_ready(director) is built
    assert any(leaf.place for leaf in listed(director)) is built


def test_the_tree_is_what_chooses(director: Director) -> None:
    """A load that changes behind the tree's back is not noticed: so nobody walks."""
    add(director.tables, TCP, "10.0.0.1:80", *(f"10.2.1.{1 + number}:80" for number in range(40)), scheduler="wlc")
    director.tc(Packet(client(0), VIRTUAL, TCP, SYN).frame())
    second = listed(director)[1].number
    director.store.set_dest_word(second, layout.DEST_COUNTS, 100)

    director.tc(Packet(client(1), VIRTUAL, TCP, SYN).frame())

    assert [leaf.active for leaf in listed(director)[:3]] == [1, 101, 0]
    director.store.set_dest_word(second, layout.DEST_COUNTS, 1)


def test_an_edit_that_was_never_finished_leaves_a_walk(director: Director) -> None:
    """Its editor died: nobody trusts a tree until the next edit, which is whole again."""
    key = add(
        director.tables, TCP, "10.0.0.1:80", *(f"10.2.1.{1 + number}:80" for number in range(40)), scheduler="wlc"
    )
    director.tc(Packet(client(0), VIRTUAL, TCP, SYN).frame())
    number = director.store.find_service(pack_service_key(key))
    shape = director.store.service_word(number, layout.SERVICE_SHAPE)
    director.store.set_service_word(number, layout.SERVICE_SHAPE, shape + 1)
    last = listed(director)[-1].number
    for leaf in listed(director)[:-1]:
        director.store.set_dest_word(leaf.number, layout.DEST_WEIGHT, 0)

    director.tc(Packet(client(1), VIRTUAL, TCP, SYN).frame())

    assert [leaf.number for leaf in listed(director) if leaf.active][-1] == last
    director.store.keep(layout.LEDGER_EDITING, 1)
    with director.store.edit():
        pass
    director.tc(Packet(client(2), VIRTUAL, TCP, SYN).frame())
    assert is_ready(director)
    assert trees.check(director) == 1


def test_a_datagram_by_itself_leaves_no_trace(director: Director) -> None:
    """A one-packet service counts up and down again for each."""
    key = service_key(end("10.0.0.1:53"), UDP)
    director.tables.add_service(VirtualService(key, "lc", one_packet=True))
    for number in range(50):
        director.tables.add_destination(key, destination(server(number)))

    for number in range(20):
        assert director.tc(Packet(client(number), end("10.0.0.1:53"), UDP).frame()).verdict == "FORWARD"
        assert trees.check(director) == 1

    assert not any(leaf.active or leaf.inactive for leaf in listed(director, key))


def test_a_template_that_ends_can_make_room(director: Director) -> None:
    """The thresholds are looked at then too: its destination stands in the tree again."""
    pair = Pair(director)
    play = Play(pair, TCP, "lc", 60, [0] * trees.LONG)
    full = destination(server(0), weight=1, upper=4)
    pair.update_destination(KEY, full)
    play.open(1, xdp=False)
    pair.wait(30)
    play.open(3, xdp=False)
    play.say(0, RST, 1)
    pair.wait(11)
    pair.update_destination(KEY, full._replace(lower_threshold=4))
    pair.send(Packet(client(9), VIRTUAL, TCP, SYN), from_server=False, xdp_first=False)
    assert listed(director)[1].node == 0

    pair.wait(22)

    assert is_ready(director)
    assert trees.check(director) == 1
    assert listed(director)[1].node


def open_and_close(director: Director, seed: int, stop: threading.Event) -> None:
    """New connections, answers and resets at random through both programs until told to stop."""
    random = Random(seed)
    tc, xdp = director.new_runner(xdp=False), director.new_runner(xdp=True)
    context = director.tc_context(OUTER)
    frames = [Packet(client(number), VIRTUAL, TCP, flags).frame() for number in range(400) for flags in (SYN, ACK, RST)]
    while not stop.is_set():
        for frame in random.choices(frames, k=256):
            tc.attempt(frame, context)
            xdp.attempt(frame, director.xdp_context(OUTER, len(frame)))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_two_processors_leave_a_right_tree(director: Director, scheduler: str) -> None:
    """After each round of opening and closing on both at once every node says what it should."""
    key = add(director.tables, TCP, "10.0.0.1:80", scheduler=scheduler)
    with director.tables.batch():
        for number in range(100):
            director.tables.add_destination(key, destination(server(number), weight=1 + number % 3))
    right = 0
    for number in range(ROUNDS):
        stop = threading.Event()
        threads = [
            threading.Thread(target=open_and_close, args=(director, 2 * number + each, stop)) for each in range(2)
        ]
        for thread in threads:
            thread.start()
        stop.wait(ROUND_S)
        stop.set()
        for thread in threads:
            thread.join()
        right += trees.check(director)
        invariants.check(director)
    assert right
