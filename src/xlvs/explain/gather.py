# SPDX-License-Identifier: Apache-2.0
"""Trying a packet on the programs, from where it comes in to where it leaves, and collecting what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from xlvs.explain import rows
from xlvs.explain.facts import Facts, Fate, Met, Place, Stack, StackRoute, Step
from xlvs.explain.packet import with_ttl
from xlvs.ipvs import layout, running
from xlvs.ipvs.trial import Arrival

if TYPE_CHECKING:
    from xlvs.explain.question import Question
    from xlvs.ipvs.store import Store
    from xlvs.ipvs.trial import Hook, Run, Trial
    from xlvs.ipvs.trial_copy import Copy

_TC_FATES: Final[dict[int, Fate]] = {-1: "pass", 0: "pass", 2: "drop", 4: "consumed", 7: "redirect"}
_XDP_FATES: Final[dict[int, Fate]] = {0: "abort", 1: "drop", 2: "pass", 3: "send back", 4: "redirect"}
_NOBODY: Final = 0


class Host(Protocol):
    """What the journey asks of the host."""

    names: dict[int, str]

    def route(self, frame: bytes, *, came_by: int, mark: int) -> StackRoute:
        """Where the host's stack would send a frame's packet; `came_by` 0: it comes from the host itself."""


class Journey:
    """One packet on its way through the programs of a trial and the host's stack."""

    def __init__(self, store: Store, trial: Trial, host: Host, asked: Question, place: Place) -> None:
        self._store = store
        self._trial = trial
        self._host = host
        self._asked = asked
        self._place = place
        self._steps: list[Step] = []
        self._stacks: list[Stack] = []
        self._pace = store.kept(layout.LEDGER_TICKS_PER_SECOND)
        self._copy = trial.copy()
        self._now = running.now(store.directory)

    def travel(self, frame: bytes) -> Facts:
        """Go all the way, beginning as this frame."""
        place, asked = self._place, self._asked
        if place.own:
            step = self._step("egress", frame, Arrival(0, place.ifindex, asked.mark))
        else:
            step = self._come_in(frame)
        if step.fate == "pass" and not place.own:
            self._enter_stack(step)
        return Facts(
            asked=asked,
            place=place,
            steps=tuple(self._steps),
            stacks=tuple(self._stacks),
            pace=self._pace,
            outdated=not place.current
            or not all(self._trial.is_current(each) for each in {self._hook(step) for step in self._steps}),
            interfaces=self._host.names,
        )

    @staticmethod
    def _hook(step: Step) -> Hook:
        return "xdp" if step.hook == "xdp" else "egress" if step.hook == "egress" else "tc"

    def _come_in(self, frame: bytes) -> Step:
        arrival = Arrival(self._place.ifindex, self._place.ifindex)
        if self._place.xdp:
            step = self._step("xdp", frame, arrival)
            if step.fate != "pass":
                return step
            frame = step.after
        return self._step("tc", frame, arrival)

    def _enter_stack(self, step: Step) -> None:
        """The stack routes what a program leaves to it; that may lead it to the mark device, and from there back."""
        came_by, frame = self._place.ifindex, step.after
        route = self._host.route(frame, came_by=came_by, mark=self._asked.mark)
        device = self._store.setting(layout.SETTINGS_MARK_DEVICE)
        detour = bool(device) and route.kind == "forward" and route.ifindex == device
        self._stacks.append(Stack(route, frame, detour=detour))
        if not detour:
            return
        # A hop that it was lent on the way in is noted beside the packet, where no trial can put it: it is given back here.
        lent = frame[14:] != step.before[14:]
        frame = with_ttl(frame, _ttl(frame) - 1 - int(lent))
        back = self._step("tc", frame, Arrival(came_by, device, self._asked.mark))
        if back.verdict == "back":
            self._stacks.append(Stack(self._host.route(back.after, came_by=device, mark=self._asked.mark), back.after))
        elif back.fate == "pass":
            self._stacks.append(Stack(StackRoute("local"), back.after))

    def _step(self, hook: Hook, frame: bytes, arrival: Arrival) -> Step:
        copy = self._trial.again() if self._steps else self._copy
        run = self._trial.run(hook, frame, arrival)
        fate = (_XDP_FATES if hook == "xdp" else _TC_FATES).get(run.action, "pass")
        if fate == "drop" and run.work.copies:
            fate = "consumed"
        step = Step(
            hook=hook,
            interface=self._host.names.get(arrival.at, str(arrival.at)),
            verdict=layout.VERDICT_NAMES[run.verdict],
            fate=fate,
            before=frame,
            after=run.frame,
            out=self._way_out(run, fate, arrival),
            work=run.work,
            met=self._met(run, copy),
            copy=copy,
        )
        self._steps.append(step)
        return step

    def _way_out(self, run: Run, fate: Fate, arrival: Arrival) -> str:
        """Name of the interface that a frame leaves by, "" where it does not."""
        if fate not in ("redirect", "send back", "consumed") or run.work.packet.inward:
            return ""
        number = arrival.at if fate == "send back" or layout.VERDICT_NAMES[run.verdict] == "back" else run.work.out
        return self._host.names.get(number, str(number))

    def _connection(self, number: int, copy: Copy | None) -> rows.ConnectionRow | None:
        """A connection as it is in a copy, or (None) as the program left it."""
        if not number:
            return None
        row = self._trial.connection(number) if copy is None else copy.connection(number)
        owner = rows.owner_of_companion(row)
        if owner:
            return self._connection(owner, copy)
        return rows.connection(number, row, self._now, self._pace) if any(row) else None

    def _met(self, run: Run, copy: Copy) -> Met:
        work = run.work
        service = rows.service(copy, work.service)
        begun = self._connection(work.begun, None)
        if begun is None and work.one_packet and any(work.single):
            begun = rows.connection(0, work.single, self._now, self._pace)
        connection = self._connection(work.conn, copy)
        chosen = work.chosen or (connection.dest if connection else _NOBODY)
        destination = rows.destination(copy, chosen)
        candidates = (rows.destination(copy, number) for number in (service.listed if service else ()))
        made = work.control if work.control and work.control != work.template else 0
        return Met(
            connection=connection,
            connection_after=self._connection(work.conn, None),
            begun=begun,
            template=self._connection(work.template, copy),
            template_after=self._connection(work.template, None),
            made=self._connection(made, None),
            service=service,
            cursor_after=self._trial.cursor(service.number) if service else (0, 0),
            candidates=tuple(each for each in candidates if each is not None),
            destination=destination,
            owner=rows.service(copy, destination.service) if destination else None,
            remembered=self._trial.members(work.packet.dst, service.number, service.tenure) if service else None,
        )


def _ttl(frame: bytes) -> int:
    return frame[14 + 8] if frame[12:14] == b"\x08\x00" else frame[14 + 7]
