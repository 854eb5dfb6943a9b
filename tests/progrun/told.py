# SPDX-License-Identifier: Apache-2.0
"""A pair whose packets are explained first: the story must be what happens then, and the telling must change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.progrun.director import INNER, TO_CLIENT, TO_SERVER, Director
from tests.progrun.pair import Pair
from tests.progrun.snapshot import changed_by
from tests.reference import Verdict
from xlvs.explain import frame as frames
from xlvs.explain.facts import Facts, Place, StackRoute
from xlvs.explain.gather import Journey
from xlvs.explain.question import End, Question
from xlvs.explain.story import Story, tell
from xlvs.ipvs import layout
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from tests.progrun.director import Arrival
    from tests.progrun.packets import Packet
    from tests.reference import Outcome
    from xlvs.ipvs.trial import Trial

# What may differ between a packet that is told of and the same one later: the second's share of ICMP errors.
LIMITED = {"answered", "unreachable", "drop_icmp_limit"}
# Where a frame to these leaves.
WAYS = {TO_CLIENT: "outer", TO_SERVER: "inner"}
LOOKED_AT = 8  # the tables are compared around one packet in so many
# Schedulers that never take a destination which is not usable; of the others a remembered one may be full.
STRICT = {"rr", "wrr", "lc", "wlc", "sed", "nq", "fo", "ovf", "sh", "dh", "mh"}


class Stack:
    """The host's stack as `Pair` plays it: to the mark device in families that have marks, else it ends here."""

    def __init__(self, director: Director, *, detour: bool) -> None:
        self.names = {number: name for name, number in director.ifindex.items()}
        self._device = director.store.setting(layout.SETTINGS_MARK_DEVICE)
        self._detour = detour

    def route(self, frame: bytes, *, came_by: int, mark: int) -> StackRoute:
        """See `xlvs.explain.gather.Host`."""
        del frame, mark
        if self._detour and came_by != self._device:
            return StackRoute("forward", "mark", self._device)
        return StackRoute("local")

    def reach(self, address: bytes) -> StackRoute:
        """See `xlvs.explain.gather.Host`."""
        del address
        return StackRoute("local")


class ToldPair(Pair):
    """Explains each packet before both get it."""

    def __init__(self, director: Director, trial: Trial) -> None:
        super().__init__(director)
        self._trial = trial
        self._packets = 0
        self._facts: Facts | None = None
        self.story: Story | None = None

    def send(self, packet: Packet, *, from_server: bool, xdp_first: bool, mark: int = 0) -> Outcome:
        """See `Pair`; the destination of the story is the model's."""
        outcome = super().send(packet, from_server=from_server, xdp_first=xdp_first, mark=mark)
        assert self._facts is not None
        self._compare_choice(outcome)
        return outcome

    def _run(self, packet: Packet, arrival: Arrival, mark: int, *, xdp_first: bool) -> tuple[str, bytes]:
        self._packets += 1
        if self._packets % LOOKED_AT:
            facts = self._explain(packet, arrival, mark, xdp_first=xdp_first)
        else:
            facts = self._explain_watched(packet, arrival, mark, xdp_first=xdp_first)
        self._facts, self.story = facts, tell(facts)
        self.director.hold()
        verdict, after = super()._run(packet, arrival, mark, xdp_first=xdp_first)
        self._compare(facts, verdict, after)
        return verdict, after

    def _explain_watched(self, packet: Packet, arrival: Arrival, mark: int, *, xdp_first: bool) -> Facts:
        """The tables are the same afterwards, byte for byte."""
        facts, changed = changed_by(self.director, lambda: self._explain(packet, arrival, mark, xdp_first=xdp_first))
        assert not changed, changed
        return facts

    def _explain(self, packet: Packet, arrival: Arrival, mark: int, *, xdp_first: bool) -> Facts:
        asked = Question(
            packet.protocol, End(*packet.source), End(*packet.destination), packet.flags, mark=mark, interface="-"
        )
        place = Place(
            arrival.interface,
            self.director.ifindex[arrival.interface],
            b"",
            tc="tcx",
            xdp="native" if xdp_first else "",
        )
        stack = Stack(self.director, detour=arrival is not INNER and self.has_marks(packet.ipv4))
        return Journey(self.store, self._trial, stack, asked, place).travel(packet.frame())

    def _compare(self, facts: Facts, verdict: str, after: bytes) -> None:
        """Verdict, bytes and way out are those that were told."""
        step = facts.last
        told = "pass" if step.verdict == "back" else step.verdict
        assert told == verdict.lower() or {told, verdict.lower()} <= LIMITED, (told, verdict)
        if told != verdict.lower():
            return
        assert not facts.outdated
        gue = step.met.destination.tunnel_port if step.met.destination else 0
        seen, now = frames.read(step.after, gue), frames.read(after, gue)
        assert seen == now
        if seen is None or not seen.kind:  # outer headers have an identification of their own
            assert step.after.hex() == after.hex()
        if step.fate in ("redirect", "send back") and step.verdict != "back":
            assert WAYS[after[:12]] == step.out

    def _compare_choice(self, outcome: Outcome) -> None:
        """The destination and the method that the model says, and a reason that its own table bears out."""
        assert self.story is not None
        document = self.story.document["steps"][-1]
        if outcome.verdict is Verdict.FORWARD and outcome.method is not ForwardingMethod.BYPASS:
            assert outcome.server is not None
            assert self._facts is not None
            row = self._facts.last.met.destination
            assert row is not None
            assert row.end.address == outcome.server
            connection = document["new_connection"] or document["connection_after"]
            assert connection["state"] == outcome.state
        if outcome.verdict is Verdict.REPLY:
            assert document["connection_after"]["state"] == outcome.state
        if document["scheduler"] is not None:
            check_scheduler(document)


def check_scheduler(document: dict[str, Any]) -> None:
    """Who was chosen was usable, and none that was usable had less to do; where nobody was, nobody could."""
    name = document["service"]["scheduler"]
    candidates = document["scheduler"]["candidates"]
    chosen = [each for each in candidates if each["chosen"]]
    free = [each for each in candidates if not each["barred"]]
    if not chosen:
        assert name in ("sh", "dh", "mh", "") or not free
        return
    assert len(chosen) == 1
    if name in STRICT:
        assert chosen[0] in free
    if name in ("lc", "wlc", "sed"):
        loads = [_load(each["load"]) for each in free]
        assert _load(chosen[0]["load"]) == min(loads)
    if name in ("fo", "ovf"):
        assert chosen[0]["weight"] == max(each["weight"] for each in free)


def _load(text: str) -> float:
    load, _, weight = text.split()[1].partition("/")
    return int(load) / int(weight or 1)
