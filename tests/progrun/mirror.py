# SPDX-License-Identifier: Apache-2.0
"""A director whose packets are explained first: each step of the story is held against what its own programs then do."""

from __future__ import annotations

import struct
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tests.progrun.director import OUTER, TO_CLIENT, TO_SERVER, Director
from tests.progrun.runner import Runner
from tests.progrun.snapshot import changed_by
from tests.progrun.told import LIMITED, LOOKED_AT, Stack
from xlvs.explain import frame as frames
from xlvs.explain import render, rows
from xlvs.explain.facts import Place
from xlvs.explain.gather import Journey
from xlvs.explain.question import End, Question
from xlvs.explain.story import tell
from xlvs.ipvs import layout
from xlvs.linux.bpf import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Arrival
    from xlvs.explain.facts import Facts, Step
    from xlvs.ipvs.trial import Trial

WAYS = {TO_CLIENT: "outer", TO_SERVER: "inner"}
ACTIONS = {
    "tc": {-1: "pass", 0: "pass", 2: "drop", 4: "consumed", 7: "redirect"},
    "xdp": {0: "abort", 1: "drop", 2: "pass", 3: "send back", 4: "redirect"},
}
ASKED = Question(6, End(bytes(4), 1), End(bytes(4), 1))  # nothing but its mark is asked for
LOOPBACK = 1
LATE_S = 1.5  # what may go by between the trial and the packet, in seconds of a timer


class Mirror:
    """Explains frames, checks that nothing changed, and then lets the director have them. `seen` counts verdicts."""

    def __init__(self, director: Director, trial: Trial) -> None:
        director.clear()
        self.director = director
        self.seen: Counter[str] = Counter()
        self.facts: Facts | None = None
        self._trial = trial
        self._stack = ExitStack()
        self._egress = Runner(self._stack.enter_context(Program.from_pin(f"{director.directory}/prog_egress")))

    def close(self) -> None:
        """Give the program on the way out back."""
        self._stack.close()

    def send(self, frame: bytes, hook: str, arrival: Arrival = OUTER, mark: int = 0) -> Facts:
        """Explain a frame and send it. `hook`: `tc`, `xdp` (with tc behind it) or `egress`; `mark` is netfilter's."""
        explain = self._explain if self.seen.total() % LOOKED_AT else self._explain_watched
        self.director.hold()
        facts = explain(frame, hook, arrival, mark)
        self.facts = facts
        self.director.hold()
        for step in facts.steps:
            self._compare(step, arrival, mark)
            if self._draws(step):
                break  # what follows does so from where the packet really went
        return facts

    def connections(self) -> Iterator[rows.ConnectionRow]:
        """All that live, companions and templates too."""
        now = self.director.now()
        for number in range(1, self.director.conn_high() + 1):
            row = self._row(number, now)
            if row.live or row.ended:
                yield row

    def _row(self, number: int, now: int) -> rows.ConnectionRow:
        base = number * layout.CONN_SIZE
        raw = bytes(self.director.store.array("conns").memory[base : base + layout.CONN_SIZE])
        return rows.connection(number, raw, now, self.director.ticks_per_second)

    def _explain_watched(self, frame: bytes, hook: str, arrival: Arrival, mark: int) -> Facts:
        """The tables are the same afterwards, byte for byte."""
        facts, changed = changed_by(self.director, lambda: self._explain(frame, hook, arrival, mark))
        assert not changed, changed
        return facts

    def _explain(self, frame: bytes, hook: str, arrival: Arrival, mark: int) -> Facts:
        own = hook == "egress"
        number = LOOPBACK if own else self.director.ifindex[arrival.interface]
        place = Place(
            "lo" if own else arrival.interface, number, b"", own, "tcx", "native" if hook == "xdp" else "", "tcx"
        )
        stack = Stack(self.director, detour=self._has_marks(frame))
        asked = Question(*_head(ASKED), mark=mark)
        facts = Journey(self.director.store, self._trial, stack, asked, place).travel(frame)
        story = tell(facts)
        assert render.text(story).count("\n") >= 2
        assert render.as_json(story)
        assert all(text.rpartition(": ")[2] for step in story.document["steps"] for text in step.get("nearest", ()))
        return facts

    def _has_marks(self, frame: bytes) -> bool:
        family = 2 if frame[12:14] == b"\x08\x00" else 10
        return bool(self.director.store.setting(layout.SETTINGS_MARKS[family])) and frame[12:14] in (
            b"\x08\x00",
            b"\x86\xdd",
        )

    def _compare(self, step: Step, arrival: Arrival, mark: int) -> None:
        """One program's part of the story: verdict, fate, bytes, way out, and the connections that it left."""
        verdict, fate, after = self._run(step, arrival, mark)
        self.seen[f"{step.hook} {verdict}"] += 1
        if self._draws(step):
            return
        assert step.verdict == verdict or {step.verdict, verdict} <= LIMITED, (step.verdict, verdict)
        if step.verdict != verdict:
            return
        if not step.work.copies:
            assert step.fate == fate, (step.fate, fate)
        gue = step.met.destination.tunnel_port if step.met.destination else 0
        seen, now = frames.read(step.after, gue), frames.read(after, gue)
        if not step.work.copies:
            assert seen == now
            if seen is None or not seen.kind:  # outer headers have an identification of their own
                assert step.after.hex() == after.hex()
            assert step.after[:12].hex() == after[:12].hex()
            if fate in ("redirect", "send back") and verdict != "back":
                assert WAYS.get(after[:12], step.out) == step.out
        self._compare_connections(step)

    @staticmethod
    def _draws(step: Step) -> bool:
        """Whether chance took part, so that the packet may go elsewhere than was told."""
        return step.met.service is not None and step.met.service.scheduler == "twos" and step.work.reached == 4

    def _compare_connections(self, step: Step) -> None:
        """What the story says of them afterwards is so: the one that was found, the one that began, their template."""
        now = self.director.now()
        for told in (step.met.connection_after, step.met.begun, step.met.template_after, step.met.made):
            if told is None or not told.number:
                continue
            found = self._row(told.number, now)
            assert abs(found.left_s - told.left_s) <= LATE_S, (found, told)
            assert found._replace(left_s=told.left_s) == told
        begun = step.met.begun
        if begun is not None and step.met.destination is not None:
            assert begun.dest == step.met.destination.number

    def _run(self, step: Step, arrival: Arrival, mark: int) -> tuple[str, str, bytes]:
        """Give the director the frame that the step began with, where the step was."""
        before = self.director.verdict_counts()
        frame, numbers = step.before, self.director.ifindex
        device = self.director.store.setting(layout.SETTINGS_MARK_DEVICE)
        if step.hook == "xdp":
            context = self.director.xdp_context(arrival, len(frame))
            action, after = self.director.xdp_runner.run(frame, context)
        else:
            own = step.hook == "egress"
            came_by = 0 if own else numbers[arrival.interface]
            at = device if step.interface == str(device) else (LOOPBACK if own else came_by)
            context = _sk_buff(mark if own or at == device else 0, came_by, at)
            action, after = (self._egress if own else self.director.tc_runner).run(frame, context)
        verdict = self.director._verdict_since(before).lower().removeprefix("verdict_")
        return verdict, ACTIONS["xdp" if step.hook == "xdp" else "tc"].get(action, "pass"), after


def _head(asked: Question) -> tuple[int, Any, Any]:
    return asked.protocol, asked.source, asked.destination


def _sk_buff(mark: int, came_by: int, at: int) -> bytes:
    context = bytearray(192)
    struct.pack_into("<I", context, 8, mark)
    struct.pack_into("<II", context, 36, came_by, at)
    return bytes(context)
