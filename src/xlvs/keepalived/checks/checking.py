# SPDX-License-Identifier: Apache-2.0
"""Runs the checks of a plan: probes on the event loop, verdicts to the tables, drift put right.

The verdicts are in `xlvs.healthcheck`; this hands it results and time, and does what it wants done.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from xlvs.checkers.prober import Prober
from xlvs.checkers.program import read_number
from xlvs.checkers.stream import forget_identities
from xlvs.healthcheck.effects import CheckerChanged, Edit, Note, QuorumChanged, RunProbe, ServerChanged
from xlvs.healthcheck.health import Health
from xlvs.healthcheck.probe import SECOND_US, ProbeResult
from xlvs.ipvs.desired import bring, carry_out
from xlvs.keepalived.checks.drift import look
from xlvs.model.errors import TableError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from xlvs.healthcheck.checker import Checker
    from xlvs.healthcheck.effects import Effect
    from xlvs.ipvs.interface import IpvsTables
    from xlvs.keepalived.checks.check_plan import CheckPlan
    from xlvs.model.service import ServiceKey
    from xlvs.model.settings import Timeouts
    from xlvs.model.views import ServiceView

    Notify = Callable[[CheckerChanged | ServerChanged | QuorumChanged], None]
    WriteLog = Callable[[str], None]


_MEND_PAUSE_S: Final = 1.0
_MEND_SHARE: Final = 20
"""Looking at very large tables takes no more than a twentieth of the time."""
_LOOK_S: Final = 0.005
_LOOK_PAUSE_S: Final = 0.02
"""They are looked at for so long at a time, and probes have their turn for so long between."""


class Checking:
    """The checks of one director. `notify` is told of changes, `addresses` gives those of this host."""

    def __init__(
        self,
        plan: CheckPlan,
        tables: IpvsTables,
        log: WriteLog,
        notify: Notify,
        addresses: Callable[[], Collection[bytes]],
    ) -> None:
        self.plan = plan
        self.health = Health(plan.health, look=read_number)
        self._tables = tables
        self._log = log
        self._notify = notify
        self._addresses = addresses
        self._loop = asyncio.get_running_loop()
        self._prober = Prober(self._loop)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._mender: asyncio.TimerHandle | None = None
        self._looking: Iterator[bool] | None = None
        self._look_took_s = 0.0
        self._pumping = False
        self.sessions: dict[str, bool] = {}
        """BFD sessions and whether they are up, as far as they told."""

    def now(self) -> int:
        """Microseconds of the event loop's clock."""
        return int(self._loop.time() * SECOND_US)

    def start(self) -> None:
        """Bring the tables to what is wanted and begin to check. Raises what the tables raise."""
        if self.plan.flush_at_start:
            self._tables.flush()
        self._begin(self.plan.keys)

    def reload(self, plan: CheckPlan) -> None:
        """Go over to another plan: what is the same keeps its state, its place and its connections.

        Raises what the tables raise; the plan of before is still in force then.
        """
        former, old_plan = self.health, self.plan
        self.plan, self.health = plan, Health(plan.health, former, read_number)
        try:
            self._begin(plan.keys | old_plan.keys)
        except XlvsError:
            self.plan, self.health = old_plan, Health(old_plan.health, former, read_number)
            self.health.start(self.now(), random.random, self._addresses())
            self._pump()
            raise

    def stop(self, *, keep: bool = False) -> None:
        """End: tell who wants to be told, and take our services out of the tables unless they shall stay."""
        for timer in (self._timer, self._mender):
            if timer:
                timer.cancel()
        self.health.stop()
        self._prober.cancel_all()
        for effect in self.health.effects():
            self.do(effect)
        if not keep:
            with suppress(XlvsError):
                if self.plan.flush_at_stop:
                    self._tables.flush()
                if self.plan.health.servers:
                    bring(self._tables, [], self.plan.keys.__contains__)

    def views(self) -> list[ServiceView]:
        """What the tables hold and count. Raises what they raise."""
        return list(self._tables.services())

    def timeouts(self) -> Timeouts:
        """Those in force. Raises what the tables raise."""
        return self._tables.timeouts()

    def do(self, effect: Effect) -> None:
        """Do one thing that the verdicts want."""
        match effect:
            case RunProbe(checker, turn, _):
                self._probe(checker, turn)
            case Edit(operation):
                try:
                    carry_out(self._tables, operation)
                except TableError:
                    # Somebody else was there: all of it is put right by difference.
                    self._mend()
                except XlvsError as error:
                    self._log(f"The tables refuse a change: {error.message}")
            case Note(text):
                self._log(text)
            case _:
                self._notify(effect)

    def session_changed(self, name: str, *, up: bool) -> None:
        """A BFD session came up or went down."""
        self.health.set_session(name, self.now(), up=up)
        self._pump()

    # Inside

    def _begin(self, owned: Collection[ServiceKey]) -> None:
        forget_identities()
        if self.plan.timeouts:
            self._tables.set_timeouts(self.plan.timeouts)
        for warning in self.plan.warnings:
            self._log(warning)
        if owned:
            bring(self._tables, self.health.desired(), owned.__contains__)
        self.health.start(self.now(), random.random, self._addresses())
        for name, up in self.sessions.items():
            self.health.set_session(name, self.now(), up=up)
        self._arm_mender()
        self._pump()

    def _arm_mender(self) -> None:
        if self._mender:
            self._mender.cancel()
        period = (self.plan.shortest_loop_us or 60 * SECOND_US) / SECOND_US
        pause = max(period, _MEND_PAUSE_S, self._look_took_s * _MEND_SHARE)
        self._mender = self._loop.call_later(pause, self._look_after)

    def _look_after(self) -> None:
        """Once in a delay loop: the tables, and the addresses that services with ha_suspend wait for."""
        if any(server.ha_suspend for server in self.plan.health.servers):
            self.health.set_addresses(self._addresses(), self.now())
        self._look_took_s = 0.0
        self._looking = look(self.health, self._tables) if self.plan.mend else iter(())
        self._look_on()
        self._pump()

    def _look_on(self) -> None:
        """Look at some more services; what another did is put right at once, all of it."""
        begin = self._loop.time()
        try:
            for differs in self._looking or ():
                if differs:
                    self._mend()
                    break
                if self._loop.time() - begin > _LOOK_S:
                    self._look_took_s += self._loop.time() - begin
                    self._mender = self._loop.call_later(_LOOK_PAUSE_S, self._look_on)
                    return
        except XlvsError as error:
            self._log(f"The tables cannot be put right: {error.message}")
        self._look_took_s += self._loop.time() - begin
        self._arm_mender()

    def _mend(self) -> None:
        wanted, owns = self.health.desired(), self.plan.keys.__contains__
        try:
            operations = bring(self._tables, wanted, owns)
        except XlvsError as error:
            self._log(f"The tables cannot be put right: {error.message}")
            return
        if operations:
            self._log(f"The tables were changed by somebody else: {len(operations)} differences put right")

    def _pump(self) -> None:
        """Do what is wanted until nothing more is, then wait for the next timer."""
        if self._pumping:
            return
        self._pumping = True
        try:
            self.health.handle_timer(self.now())
            while effects := self.health.effects():
                self._carry_out(effects)
        finally:
            self._pumping = False
        self._arm()

    def _carry_out(self, effects: list[Effect]) -> None:
        try:
            with ExitStack() as together:
                if any(isinstance(effect, Edit) for effect in effects):
                    self._hold(together)
                for effect in effects:
                    self.do(effect)
        except XlvsError as error:
            self._log(f"The tables refuse a change: {error.message}")

    def _hold(self, together: ExitStack) -> None:
        """Keep others from the tables meanwhile; if that is refused, each change says so by itself."""
        with suppress(XlvsError):
            together.enter_context(self._tables.batch())

    def _probe(self, checker: Checker, turn: int) -> None:
        try:
            self._prober.run(checker.probe, lambda result: self._finished(checker, turn, result))
        except (OSError, ValueError, TypeError, OverflowError) as error:
            # Without a result this checker would never run again, nor would those whose turn comes after it.
            reason = f"A probe of {checker.settings.service} cannot be made: {error}"
            self._log(reason)
            self._finished(checker, turn, ProbeResult(ok=False, reason=reason, said="failed"))

    def _finished(self, checker: Checker, turn: int, result: ProbeResult) -> None:
        self.health.finished(checker, turn, result, self.now())
        self._pump()

    def _arm(self) -> None:
        due = self.health.next_timer()
        if due == self._timer_at and self._timer:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at = due
        self._timer = None
        if due is not None:
            self._timer = self._loop.call_at(due / SECOND_US, self._due)

    def _due(self) -> None:
        self._timer = None
        self._pump()


def open_checking(plan: CheckPlan, log: WriteLog, notify: Notify) -> Checking:
    """Checks of this network namespace's director. Raises what opening its tables raises."""
    from xlvs.ipvs.pinned import open_tables
    from xlvs.linux.interface import addresses

    return Checking(plan, open_tables(heeds_drains=True), log, notify, lambda: {each.address for each in addresses()})
